"""Structured logs: one JSON object a line, without personal data.

An event is a short constant string; values travel as keywords. The last processor is a guard: it
masks whatever looks like an identifier, a phone or an account number, should one slip through.
"""

import asyncio
import io
import logging
import re
import sys
from collections.abc import MutableMapping
from contextlib import nullcontext
from typing import Any, TextIO

import structlog
from structlog.typing import Processor
from typing_extensions import override

GATHER_SECONDS = 0.02

# Ten digits or more in a row are somebody's number, whatever it is for; none belongs in a log.
_LONG_NUMBER = re.compile(r"(?<![0-9a-fA-F-])\+?\d{10,}(?![0-9a-fA-F-])")
_CARD_NUMBER = re.compile(r"\b[A-Z]{1,2}[1-9]\d{4,6}\b")
_ALLOWED_NUMBERS = frozenset({"timestamp", "job_id", "run_id", "cycle_id", "event_id"})


def mask_personal_data(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Replace what looks like a personal number; masking may widen, never narrow."""
    for key, value in event.items():
        if isinstance(value, str) and key not in _ALLOWED_NUMBERS:
            event[key] = _CARD_NUMBER.sub("[masked]", _LONG_NUMBER.sub("[masked]", value))
    return event


class _Gathering(logging.StreamHandler[TextIO]):
    """Writes the lines of a few milliseconds at once; a warning, and all before it, at once.

    Why: a line per request is a system call per request, which costs as much as the line itself.
    """

    def __init__(self, output: TextIO) -> None:
        self._lines = io.StringIO()
        super().__init__(self._lines)
        self._output = output
        self._urgent = False
        self._writer: asyncio.AbstractEventLoop | None = None

    @override
    def emit(self, record: logging.LogRecord) -> None:
        self._urgent = record.levelno >= logging.WARNING
        super().emit(record)

    @override
    def flush(self) -> None:
        """Write what is gathered: now, or in a moment if a loop runs that will."""
        loop = None if self._urgent else _running_loop()
        if loop is None:
            self._write()
        elif self._writer is not loop:
            self._writer = loop
            loop.call_later(GATHER_SECONDS, self._write)

    def _write(self) -> None:
        with self.lock or nullcontext():
            self._writer, lines = None, self._lines.getvalue()
            self._lines.seek(0)
            self._lines.truncate()
            if lines:
                self._output.write(lines)
                self._output.flush()


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def configure_logging(service: str, *, level: str = "INFO", output: TextIO = sys.stderr) -> None:
    """Send every log of the process, structlog's and the standard library's, out as JSON."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        mask_personal_data,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
    )
    lines = _Gathering(output)
    lines.setFormatter(formatter)
    root = logging.getLogger()  # noqa: TID251 -- where every library's lines arrive
    root.handlers = [lines]
    root.setLevel(level)
    # Their info lines repeat, per request or per connection, what our own line already says.
    for noisy in ("uvicorn.access", "aiormq", "aio_pika", "httpx", "httpcore"):
        logging.getLogger(noisy).setLevel(logging.WARNING)  # noqa: TID251 -- not ours
    structlog.contextvars.bind_contextvars(service=service)
