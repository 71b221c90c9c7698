"""Answer a question about each row of a CSV file, several at a time, with a progress bar.

    python examples/csv_batch.py reviews.csv text "Is this review positive? Answer yes or no." > answers.csv

One row that fails doesn't stop the others: its error stands in its place.
"""

import asyncio
import csv
import sys

from rich.console import Console
from rich.progress import Progress

from qwen_router import Router, RouterError, Sampling

AT_ONCE = 8


async def main(path: str, column: str, question: str) -> None:
    """Write the rows with the columns `answer`, `model` and `error` behind them."""
    with open(path, newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    slots = asyncio.Semaphore(AT_ONCE)
    with Router.from_config() as router, Progress(console=Console(stderr=True)) as progress:
        bar = progress.add_task("Rows", total=len(rows))

        async def fill(row: dict[str, str]) -> None:
            row |= {"answer": "", "model": "", "error": ""}
            try:
                async with slots:
                    answer = await router.ainvoke(
                        f"{question}\n\n{row[column]}", sampling=Sampling(temperature=0, max_new_tokens=60)
                    )
                row["answer"] = answer.text
                row["model"] = "" if answer.refused else answer.decision.choices["1"].winner.model
            except RouterError as error:
                row["error"] = str(error)
            progress.advance(bar)

        await asyncio.gather(*map(fill, rows))
    if rows:
        writer = csv.DictWriter(sys.stdout, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit("usage: csv_batch.py FILE COLUMN QUESTION")
    asyncio.run(main(*sys.argv[1:]))
