"""Numbers that law sets: dated entries, of which the one in force on a day is found."""

from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache
from importlib.resources import files
from tomllib import loads
from typing import Any


class NoValueInForceError(LookupError):
    """The day lies before the first value that the law set."""


@cache
def load_law(name: str) -> Mapping[str, Any]:
    """Return the entries of one of this folder's TOML files."""
    return loads(files(__package__).joinpath(name).read_text(encoding="utf-8"))


def value_in_force(values: Sequence[Mapping[str, Any]], *, on: date) -> Mapping[str, Any]:
    """Return the entry with the latest `valid_from` not after `on`.

    Raises:
        NoValueInForceError: `on` is earlier than every `valid_from`.
    """
    begun = [value for value in values if value["valid_from"] <= on]
    if not begun:
        message = f"No value was in force on {on.isoformat()}."
        raise NoValueInForceError(message)
    return max(begun, key=lambda value: value["valid_from"])
