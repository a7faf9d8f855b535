"""JSON as the DCI standard exchanges it: numbers exact, and one text per content for signatures.

A signature covers a digest of the content, so that both sides must write the same text for it. No
text is prescribed: partners write what their language writes. What a signature may be over is
therefore tried in every form that is in use.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import NoReturn, TypeAlias

from services.registry.domain.dci_contract import JsonObject, JsonValue

DEPTH_MAX = 40
DIGITS_MAX = 40
_MAGNITUDE_MAX = 30
_INTEGER_MAX = 2**63

_Number: TypeAlias = Callable[[int | Decimal], str]


class UnreadableJsonError(Exception):
    """The bytes are no JSON that this house takes; the message says what is wrong, never where."""


class Canonical(StrEnum):
    """The texts of one content that signatures are made over."""

    PYTHON = "python"
    """Keys sorted, nothing but ASCII, numbers as they were written."""
    PYTHON_FLOATS = "python-floats"
    """The same, by a sender that reads numbers as binary fractions first."""
    JCS = "jcs"
    """RFC 8785: keys sorted by UTF-16, letters as they are, numbers as JavaScript writes them."""


def read_json(body: bytes) -> JsonValue:
    """Return the value that `body` says, with fractions exact.

    Raises:
        UnreadableJsonError: It is not JSON in UTF-8, repeats a key, or holds what cannot be kept:
            a NUL, half a character, a number beyond any reasonable size, or too many levels.
    """
    try:
        value: JsonValue = json.loads(
            body.decode(),
            parse_float=Decimal,
            parse_constant=_refuse_constant,
            object_pairs_hook=_without_repeats,
        )
    except (ValueError, ArithmeticError, RecursionError) as error:
        message = "The body is not JSON in UTF-8 with every key once."
        raise UnreadableJsonError(message) from error
    _check(value, depth=0)
    return value


def write_json(value: JsonValue) -> bytes:
    """Return `value` as compact JSON in UTF-8; a `Decimal` becomes the number it is."""
    return _write(value, ascii_only=False, number=_plain, order=None).encode()


def canonical_json(value: JsonValue, form: Canonical) -> bytes:
    """Return the one text of `value` in a form that signatures are made over."""
    if form is Canonical.JCS:
        text = _write(value, ascii_only=False, number=_ecmascript, order=_utf16)
    elif form is Canonical.PYTHON_FLOATS:
        text = _write(value, ascii_only=True, number=_binary, order=str)
    else:
        text = _write(value, ascii_only=True, number=str, order=str)
    return text.encode()


def _refuse_constant(_name: str) -> NoReturn:
    message = "Infinity and NaN are not JSON."
    raise ValueError(message)


def _without_repeats(pairs: list[tuple[str, JsonValue]]) -> dict[str, JsonValue]:
    members = dict(pairs)
    if len(members) != len(pairs):
        # Two readers of one signed text would see two different messages.
        message = "A key is repeated."
        raise ValueError(message)
    return members


def _check(value: JsonValue, *, depth: int) -> None:
    if depth > DEPTH_MAX:
        message = "The body nests more deeply than any message of the standard."
        raise UnreadableJsonError(message)
    if isinstance(value, str):
        _check_text(value)
    elif isinstance(value, Mapping):
        for name, member in value.items():
            _check_text(name)
            _check(member, depth=depth + 1)
    elif isinstance(value, Sequence):
        for member in value:
            _check(member, depth=depth + 1)
    elif not _is_reasonable(value):
        message = "A number is larger, or more exact, than any that this house keeps."
        raise UnreadableJsonError(message)


def _check_text(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        message = "A text holds half a character."
        raise UnreadableJsonError(message) from error
    if "\x00" in text:
        message = "A text holds a NUL."
        raise UnreadableJsonError(message)


def _is_reasonable(value: int | Decimal | None) -> bool:
    if isinstance(value, Decimal):
        # Zero has a magnitude too: 0E+999999999 would be written with a billion zeros.
        digits = value.as_tuple()
        exponent = digits.exponent if isinstance(digits.exponent, int) else _INTEGER_MAX
        return len(digits.digits) <= DIGITS_MAX and abs(exponent) <= _MAGNITUDE_MAX
    return value is None or -_INTEGER_MAX <= value < _INTEGER_MAX


def _write(
    value: JsonValue,
    *,
    ascii_only: bool,
    number: _Number,
    order: Callable[[str], str | bytes] | None,
) -> str:
    def write(value: JsonValue) -> str:
        if isinstance(value, str) or value is None or isinstance(value, bool):
            return json.dumps(value, ensure_ascii=ascii_only)
        if isinstance(value, int | Decimal):
            return number(value)
        if isinstance(value, Mapping):
            return "{" + ",".join(map(member, names(value), values(value))) + "}"
        return "[" + ",".join(map(write, value)) + "]"

    def names(members: JsonObject) -> list[str]:
        return list(members) if order is None else sorted(members, key=order)

    def values(members: JsonObject) -> list[JsonValue]:
        return [members[name] for name in names(members)]

    def member(name: str, value: JsonValue) -> str:
        return f"{json.dumps(name, ensure_ascii=ascii_only)}:{write(value)}"

    return write(value)


def _utf16(name: str) -> bytes:
    return name.encode("utf-16-be")


def _plain(value: int | Decimal) -> str:
    """Write a number without an exponent and without trailing zeros.

    Why: then those who read it as a binary fraction and write it again get the same text.
    """
    return format(value.normalize(), "f") if isinstance(value, Decimal) else str(value)


def _binary(value: int | Decimal) -> str:
    # A sender's own arithmetic, repeated to find the text it signed; no figure is computed so.
    return repr(float(value)) if isinstance(value, Decimal) else str(value)


# JavaScript writes numbers below these magnitudes without an exponent.
_ECMASCRIPT_LARGE = 1e21
_ECMASCRIPT_SMALL_EXPONENT = -6


def _ecmascript(value: int | Decimal) -> str:
    binary = float(value)
    if binary.is_integer() and abs(binary) < _ECMASCRIPT_LARGE:
        return str(int(binary))
    mantissa, letter, exponent = repr(binary).partition("e")
    if not letter:
        return mantissa
    if _ECMASCRIPT_SMALL_EXPONENT <= int(exponent) < 0:
        return format(Decimal(repr(binary)), "f")
    return f"{mantissa}e{int(exponent):+d}"
