"""Arrays as PostgreSQL reads them, written at once: the driver would adapt value by value."""

from collections.abc import Iterable
from datetime import datetime


def array(values: Iterable[object]) -> str:
    """Return values of one type as an array literal, to be bound with a cast.

    Strings, UUIDs, whole numbers, booleans and instants are written as they are; None is NULL.
    """
    return "{" + ",".join([_element(value) for value in values]) + "}"


def _element(value: object) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, str):
        return _quoted(value)
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _quoted(value: str) -> str:
    """Return a text in quotes, so that no content of it is taken for a delimiter or a NULL."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
