"""How log lines look: for programs that configure logging, such as the command line. The router never does."""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import TYPE_CHECKING, Any, Literal, TextIO

if TYPE_CHECKING:
    from qwen_router.config_monitoring import LogSection

_NAME = "qwen-router"


class RequestId(logging.Filter):
    """Gives each record the id of the request that its thread works for, as `request_id`; empty outside a call.

    Put it on a handler: then lines of the pool, of backends and of other libraries have it, too.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record pass."""
        # Late: a command that calls no model logs without the rest of the router.
        from qwen_router.in_progress import current_request_id

        if not getattr(record, "request_id", ""):
            record.request_id = current_request_id()
        return True


class _StandardError(logging.Handler):
    """Writes to what standard error is just then: it may be replaced, and the old one closed."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            sys.stderr.write(f"{self.format(record)}\n")
        except Exception:
            self.handleError(record)


def formatter(kind: Literal["pretty", "json"], *, colors: bool = False) -> logging.Formatter:
    """Return a formatter of lines for people, or of one JSON object a line."""
    import structlog

    # Not the traceback of `rich`: it shows the variables, and with them what was asked.
    plain = structlog.dev.plain_traceback
    rendering: list[structlog.typing.Processor] = (
        [structlog.dev.ConsoleRenderer(colors=colors, pad_event_to=0, sort_keys=False, exception_formatter=plain)]
        if kind == "pretty"
        else [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False, default=str)]
    )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=[
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.stdlib.ExtraAdder(),
            _without_empty_id,
        ],
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendering],
    )


def _without_empty_id(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    if not event.get("request_id"):
        event.pop("request_id", None)
    return event


def configure(section: LogSection | None, stream: TextIO | None = None) -> None:
    """Write this process's log lines to a stream as `[log]` says; called again, it replaces what it did before.

    Args:
        section: The router's lines below its level are left out; of other libraries, those below a warning. `None` is
            for the time before anybody knows: plain warnings.
        stream: Standard error by default.
    """
    handler: logging.Handler = _StandardError() if stream is None else logging.StreamHandler(stream)
    handler.set_name(_NAME)
    if section is None:
        handler.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
    else:
        handler.addFilter(RequestId())
        handler.setFormatter(formatter(section.format, colors=stream is None and sys.stderr.isatty()))
    root = logging.getLogger()
    for old in [h for h in root.handlers if h.get_name() == _NAME]:
        root.removeHandler(old)
    root.addHandler(handler)
    logging.getLogger("qwen_router").setLevel("WARNING" if section is None else section.level.upper())
