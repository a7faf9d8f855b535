"""Structured logs: one JSON object a line, without personal data.

An event is a short constant string; values travel as keywords. The last processor is a guard: it
masks whatever looks like an identifier, a phone or an account number, should one slip through.
"""

import asyncio
import atexit
import json
import logging
import re
import sys
import threading
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog
from structlog.typing import Processor
from typing_extensions import override

GATHER_SECONDS = 0.02

# Ten digits or more in a row are somebody's number, whatever it is for; none belongs in a log.
_ANY_NUMBER = re.compile(r"\d{5}")
_LONG_NUMBER = re.compile(r"(?<![0-9a-fA-F-])\+?\d{10,}(?![0-9a-fA-F-])")
_CARD_NUMBER = re.compile(r"\b[A-Z]{1,2}[1-9]\d{4,6}\b")
_ALLOWED_NUMBERS = frozenset({"timestamp", "job_id", "run_id", "cycle_id", "event_id"})


def mask_personal_data(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """Replace what looks like a personal number; masking may widen, never narrow."""
    for key, value in event.items():
        if isinstance(value, str) and key not in _ALLOWED_NUMBERS and _ANY_NUMBER.search(value):
            event[key] = _CARD_NUMBER.sub("[masked]", _LONG_NUMBER.sub("[masked]", value))
    return event


class _Gathering:
    """Writes the lines of a few milliseconds at once; a warning, and all before it, at once.

    Why: a line per request is a system call per request, which costs as much as the line itself.
    """

    def __init__(self, output: TextIO) -> None:
        self._output = output
        self._lock = threading.Lock()
        self._lines: list[str] = []
        self._writer: asyncio.AbstractEventLoop | None = None

    def add(self, line: str, *, urgent: bool) -> None:
        """Take a line; write it now, or in a moment if a loop runs that will."""
        with self._lock:
            self._lines.append(line)
        loop = None if urgent else _running_loop()
        if loop is None:
            self.write()
        elif self._writer is not loop:
            self._writer = loop
            loop.call_later(GATHER_SECONDS, self.write)

    def write(self) -> None:
        """Write what is gathered."""
        with self._lock:
            self._writer, lines, self._lines = None, self._lines, []
            if lines:
                self._output.write("\n".join(lines) + "\n")
                self._output.flush()


class _Own:
    """What structlog hands its finished lines to: ours, which take no road through `logging`.

    Why: the standard library's road is four times as long, and a line per request goes along it.
    """

    def __init__(self, lines: _Gathering) -> None:
        self._lines = lines

    def debug(self, line: str) -> None:
        self._lines.add(line, urgent=False)

    info = debug

    def warning(self, line: str) -> None:
        self._lines.add(line, urgent=True)

    error = critical = exception = warning


class _Foreign(logging.Handler):
    """Takes the lines of libraries, which know the standard library's road alone."""

    def __init__(self, lines: _Gathering) -> None:
        super().__init__()
        self._lines = lines

    @override
    def emit(self, record: logging.LogRecord) -> None:
        self._lines.add(self.format(record), urgent=record.levelno >= logging.WARNING)


# The default way makes an encoder for every line.
_encoder = json.JSONEncoder(ensure_ascii=False, default=repr)


def _as_json(event: MutableMapping[str, Any], **_terms: object) -> str:
    return _encoder.encode(event)


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def configure_logging(service: str, *, level: str = "INFO", output: TextIO = sys.stderr) -> None:
    """Send every log of the process, structlog's and the standard library's, out as JSON."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        mask_personal_data,
    ]
    written = structlog.processors.JSONRenderer(_as_json)
    lines = _Gathering(output)
    # A loop that ends leaves the lines of its last milliseconds behind.
    atexit.register(lines.write)
    structlog.configure(
        processors=[*shared, written],
        logger_factory=lambda *_: _Own(lines),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=True,
    )
    foreign = _Foreign(lines)
    foreign.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, written],
        )
    )
    root = logging.getLogger()  # noqa: TID251 -- where every library's lines arrive
    root.handlers = [foreign]
    root.setLevel(level)
    # Their info lines repeat, per request or per connection, what our own line already says.
    for noisy in ("uvicorn.access", "aiormq", "aio_pika", "httpx", "httpcore"):
        logging.getLogger(noisy).setLevel(logging.WARNING)  # noqa: TID251 -- not ours
    structlog.contextvars.bind_contextvars(service=service)
