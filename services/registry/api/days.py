"""Days as requests state them: written out, never counted in seconds; and which have come."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, TypeAlias

from fastapi.exceptions import RequestValidationError
from pydantic import BeforeValidator

from shared.runtime.clock import Clock

Place: TypeAlias = tuple[str | int, ...]
"""Where in a request something stands, as its faults are named: `("query", "valid_on")`."""

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


Stated: TypeAlias = Mapping[Place, date | datetime | None]
"""Days and instants by their place; what was not stated is None."""


def require_past(stated: Stated, *, clock: Clock) -> None:
    """Refuse days after today, and instants after now, as other faults of a request are refused.

    Why: what is true or known then is not known; an answer would be made of what is true today.

    Args:
        stated: What a request says.
        clock: The business clock.

    Raises:
        RequestValidationError: One of them has not come.
    """
    faults = [
        {"type": "date_in_future", "loc": place, "msg": "It has not come.", "input": None}
        for place, when in stated.items()
        if when is not None and _is_to_come(when, clock)
    ]
    if faults:
        raise RequestValidationError(faults)


def _is_to_come(when: date | datetime, clock: Clock) -> bool:
    return when > clock.now() if isinstance(when, datetime) else when > clock.today()
