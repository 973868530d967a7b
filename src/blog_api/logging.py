"""Logs: one JSON object a line for machines, coloured lines on a terminal."""

import logging
import sys
from functools import partial
from typing import TextIO

import structlog

_TALKATIVE = ("alembic.runtime.plugins", "httpx")


class _NamedLogger(structlog.WriteLogger):
    def __init__(self, stream: TextIO, name: str = "blog") -> None:
        super().__init__(stream)
        self.name = name


def configure_logging(level: str, *, stream: TextIO = sys.stderr) -> None:
    """Send structlog's and the standard library's records to one place, in one shape."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if stream.isatty():
        # Plain tracebacks in both: the rich ones show local variables, and so passwords.
        rendering: list[structlog.typing.Processor] = [
            structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
        ]
    else:
        rendering = [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    # Ours go straight to the stream: a way through the standard library's takes three times as
    # long, on every request.
    structlog.configure(
        processors=[*shared, *rendering],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=partial(_NamedLogger, stream),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.PositionalArgumentsFormatter()],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendering],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)
