"""Days as requests state them: written out, never counted in seconds."""

import re
from datetime import date
from typing import Annotated

from pydantic import BeforeValidator

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _written_day(value: object) -> object:
    """Let pass a day as RFC 3339 writes it; a number, or an instant, is none.

    Why: else a number, and the text of one, would be taken as seconds since 1970.
    """
    if isinstance(value, str) and _DAY.fullmatch(value):
        return value
    message = "a day is written YYYY-MM-DD"
    raise ValueError(message)


WrittenDay = BeforeValidator(_written_day)
Day = Annotated[date, WrittenDay]
