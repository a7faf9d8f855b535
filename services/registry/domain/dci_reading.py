"""Taking members out of a message: there, of the right type, not too long, or a fault.

Members that the standard does not know are ignored, as it asks for; not so within criteria, where
a name misspelt would widen what is asked for.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NoReturn

from services.registry.domain.dci_contract import JsonObject, JsonValue
from services.registry.domain.dci_errors import AckCode, DciFault

ID_CHARACTERS_MAX = 99
TEXT_CHARACTERS_MAX = 2_048

_RFC3339 = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?"
    r"([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_FRACTION = re.compile(r"\.([0-9]{1,9})")


def refuse_missing(where: str) -> NoReturn:
    """Refuse a message of which a member is absent, of another type, or too long."""
    message = f"{where} is missing, or not what the standard says it is."
    raise DciFault(AckCode.BAD, message)


def an_object(value: JsonValue, where: str) -> JsonObject:
    """Return a JSON object."""
    if not isinstance(value, Mapping):
        refuse_missing(where)
    return value


def an_array(value: JsonValue, where: str) -> Sequence[JsonValue]:
    """Return a JSON array."""
    if isinstance(value, str) or not isinstance(value, Sequence):
        refuse_missing(where)
    return value


def a_text(
    members: JsonObject, name: str, where: str, *, characters_max: int = ID_CHARACTERS_MAX
) -> str:
    """Return a member that must be a text with something in it."""
    value = members.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= characters_max:
        refuse_missing(where + "." + name)
    return value


def a_text_if_any(
    members: JsonObject, name: str, *, characters_max: int = ID_CHARACTERS_MAX
) -> str | None:
    """Return a text that may be absent; empty means absent, since samples fill in blanks."""
    value = members.get(name)
    if value is None or value == "":
        return None
    if not isinstance(value, str) or len(value) > characters_max:
        refuse_missing(name)
    return value


def a_count(value: JsonValue) -> int | None:
    """Return a whole number, also one written as a text, as the standard's own samples do."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,9}", value):
        return int(value)
    return None


def an_instant(value: JsonValue) -> datetime | None:
    """Return an instant with its zone (RFC 3339), or None if it is not one."""
    if not isinstance(value, str) or not _RFC3339.fullmatch(value):
        return None
    # Python keeps microseconds; a sender may state nanoseconds.
    text = _FRACTION.sub(lambda found: f".{found[1][:6]:0<6}", value.upper())
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None
