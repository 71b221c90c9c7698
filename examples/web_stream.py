"""Stream answers to a browser or to `curl -N`, from an async web handler of the standard library alone.

    python examples/web_stream.py 8000
    curl -N 'http://localhost:8000/?q=Tell+me+a+story'

A reader who goes away stops the model: the task is cancelled, and with it the stream.
"""

import asyncio
import sys
from contextlib import suppress
from urllib.parse import parse_qs, urlsplit

from qwen_router import Chunk, Router, RouterError

HEAD = "HTTP/1.1 {}\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n"


async def answer(router: Router, question: str, writer: asyncio.StreamWriter) -> None:
    """Write the answer piece by piece, as it comes."""
    writer.write(HEAD.format("200 OK").encode())
    try:
        async for item in router.astream(question):
            if isinstance(item, Chunk):
                if item.kind == "text":
                    writer.write(item.text.encode())
                    await writer.drain()
            elif item.refused:
                writer.write(item.text.encode())
    except RouterError as error:
        writer.write(f"\n{error}\n".encode())


async def handle(router: Router, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer one HTTP request."""
    try:
        target = (await reader.readline()).split()[1].decode()
        question = parse_qs(urlsplit(target).query).get("q", [""])[0]
        while (await reader.readline()).strip():
            pass
        answering = asyncio.create_task(answer(router, question, writer))
        gone = asyncio.create_task(reader.read())
        await asyncio.wait({answering, gone}, return_when=asyncio.FIRST_COMPLETED)
        gone.cancel()
        if not answering.done():
            answering.cancel()
        await asyncio.gather(answering, gone, return_exceptions=True)
    except (IndexError, UnicodeDecodeError, ConnectionError):
        writer.write(HEAD.format("400 Bad Request").encode())
    finally:
        writer.close()


async def main(port: int) -> None:
    """Serve until interrupted."""
    with Router.from_config() as router:
        server = await asyncio.start_server(lambda r, w: handle(router, r, w), "127.0.0.1", port)
        async with server:
            print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/?q=...", flush=True)
            await server.serve_forever()


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 8000))
