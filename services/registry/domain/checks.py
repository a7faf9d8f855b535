"""Checks of single values as they come out of JSON: each returns the value or raises a fault.

They are plain functions made once per set of rules, since a national file runs them half a
billion times.
"""

import re
from collections.abc import Callable, Collection, Mapping
from datetime import date
from enum import StrEnum
from typing import TypeAlias, TypeVar

from services.registry.domain.identifiers import (
    CheckDigit,
    idcs_holds,
    is_cnie,
    is_idcs_shape,
    is_residence_permit,
    is_rib_shape,
    mobile_number,
    rib_key_holds,
)
from services.registry.domain.names import ARABIC_NAME, LATIN_NAME
from services.registry.domain.nationalities import nationalities
from services.registry.domain.rejects import RejectCode
from services.registry.domain.territory import Commune, communes

Value = TypeVar("Value")
Check: TypeAlias = Callable[[object], Value]

EVERY_REGION = "*"
EARLIEST_DATE = date(1890, 1, 1)
_DATE_CHARACTERS = 10
# Up to the letters of Turkish and Polish; the signs are those of ISO 20022's Latin set and ’.
_LATIN = re.compile(r"[A-Za-zÀ-ÖØ-öø-ſ0-9 ’'/?:().,+-]+")
_LATIN_NAME = re.compile(LATIN_NAME)
_ARABIC_NAME = re.compile(ARABIC_NAME)
_REPLACEMENT_CHARACTER = "\N{REPLACEMENT CHARACTER}"


class Missing:
    """Stands for a field that the line does not have."""


MISSING = Missing()


class Fault(Exception):  # noqa: N818 -- it is caught within the room and never reaches a caller
    """A value is refused; it says why and leaves out what."""

    def __init__(self, code: RejectCode) -> None:
        """Keep the reason."""
        super().__init__(code)
        self.code = code


def absent_fault(value: object) -> Fault:
    """Return the fault of a value that is not of the expected JSON type."""
    if value is MISSING or value is None:
        return Fault(RejectCode.FIELD_MISSING)
    return Fault(RejectCode.FIELD_MALFORMED)


def optional(check: Check[Value], default: Value | None = None) -> Check[Value | None]:
    """Return a check that takes null or an absent field for `default`."""

    def checked(value: object) -> Value | None:
        return default if value is None or value is MISSING else check(value)

    return checked


def one_of(vocabulary: type[StrEnum]) -> Check[str]:
    """Return a check for the words of a vocabulary."""
    words: dict[object, str] = {word.value: word.value for word in vocabulary}

    def checked(value: object) -> str:
        try:
            return words[value]
        except KeyError:
            known_type = isinstance(value, str)
            raise (Fault(RejectCode.VALUE_UNKNOWN) if known_type else absent_fault(value)) from None
        except TypeError:
            raise absent_fault(value) from None

    return checked


def text(*, characters_max: int) -> Check[str]:
    """Return a check for printable text that is neither blank nor damaged by an encoding."""

    def checked(value: object) -> str:
        if type(value) is not str:
            raise absent_fault(value)
        if not 0 < len(value) <= characters_max:
            raise Fault(RejectCode.TEXT_MALFORMED)
        if not value.isprintable() or _REPLACEMENT_CHARACTER in value or value.isspace():
            raise Fault(RejectCode.TEXT_MALFORMED)
        return value

    return checked


def matching(pattern: str) -> Check[str]:
    """Return a check for text of a regular shape."""
    shape = re.compile(pattern)

    def checked(value: object) -> str:
        if type(value) is not str:
            raise absent_fault(value)
        if shape.fullmatch(value) is None:
            raise Fault(RejectCode.FIELD_MALFORMED)
        return value

    return checked


def whole(*, least: int, most: int) -> Check[int]:
    """Return a check for a whole number, both bounds included."""

    def checked(value: object) -> int:
        if type(value) is not int:
            raise absent_fault(value)
        if not least <= value <= most:
            raise Fault(RejectCode.NUMBER_OUT_OF_RANGE)
        return value

    return checked


def truth(value: object) -> bool:
    """Check a JSON boolean."""
    if type(value) is not bool:
        raise absent_fault(value)
    return value


def day(*, today: date) -> Check[date]:
    """Return a check for an ISO 8601 calendar date that is not after `today`."""

    def checked(value: object) -> date:
        if type(value) is not str:
            raise absent_fault(value)
        if len(value) != _DATE_CHARACTERS or value[7] != "-":
            raise Fault(RejectCode.DATE_MALFORMED)
        try:
            when = date.fromisoformat(value)
        except ValueError:
            raise Fault(RejectCode.DATE_MALFORMED) from None
        if when > today:
            raise Fault(RejectCode.DATE_IN_FUTURE)
        if when < EARLIEST_DATE:
            raise Fault(RejectCode.DATE_TOO_OLD)
        return when

    return checked


def idcs(algorithm: CheckDigit) -> Check[str]:
    """Return a check for an IDCS whose control digit follows `algorithm`."""
    holds = idcs_holds(algorithm)

    def checked(value: object) -> str:
        if type(value) is not str:
            raise absent_fault(value)
        if not holds(value):
            right = is_idcs_shape(value)
            raise Fault(RejectCode.IDCS_CHECK_DIGIT if right else RejectCode.IDCS_MALFORMED)
        return value

    return checked


def cnie(value: object) -> str:
    """Check a national identity card number."""
    if type(value) is not str:
        raise absent_fault(value)
    if not is_cnie(value):
        raise Fault(RejectCode.CNIE_MALFORMED)
    return value


def residence_permit(value: object) -> str:
    """Check a foreigner's residence permit number."""
    if type(value) is not str:
        raise absent_fault(value)
    if not is_residence_permit(value):
        raise Fault(RejectCode.RESIDENCE_PERMIT_MALFORMED)
    return value


def nationality(value: object) -> str:
    """Check a nationality: an ISO 3166-1 alpha-3 code, or a way to have none."""
    if type(value) is not str:
        raise absent_fault(value)
    if value not in nationalities():
        raise Fault(RejectCode.NATIONALITY_UNKNOWN)
    return value


def latin(check: Check[str]) -> Check[str]:
    """Return `check` for text that a bank can print: letters of the Latin script, marks, digits."""
    return _written(check, _LATIN, RejectCode.TEXT_NOT_LATIN)


def latin_name(check: Check[str]) -> Check[str]:
    """Return `check` for names in letters of the Latin script; no digits, brackets or others."""
    return _written(check, _LATIN_NAME, RejectCode.TEXT_NOT_LATIN)


def arabic_name(check: Check[str]) -> Check[str]:
    """Return `check` for names in letters of the Arabic script; no digits, brackets or others."""
    return _written(check, _ARABIC_NAME, RejectCode.TEXT_NOT_ARABIC)


def mobile(value: object) -> str:
    """Check a Moroccan mobile number and return its +212 form."""
    if type(value) is not str:
        raise absent_fault(value)
    number = mobile_number(value)
    if number is None:
        raise Fault(RejectCode.PHONE_MALFORMED)
    return number


def rib(value: object) -> str:
    """Check a bank account number of 24 digits and its key."""
    if type(value) is not str:
        raise absent_fault(value)
    if not is_rib_shape(value):
        raise Fault(RejectCode.RIB_MALFORMED)
    if not rib_key_holds(value):
        raise Fault(RejectCode.RIB_KEY)
    return value


def commune(*, regions: Collection[str] = (EVERY_REGION,)) -> Check[Commune]:
    """Return a check for a commune code, within some regions only.

    Args:
        regions: Codes of the regions, `*` for all of them.
    """
    known: Mapping[str, Commune] = communes()
    everywhere = EVERY_REGION in regions

    def checked(value: object) -> Commune:
        if type(value) is not str:
            raise absent_fault(value)
        found = known.get(value)
        if found is None:
            raise Fault(RejectCode.COMMUNE_UNKNOWN)
        if not everywhere and found.region_code not in regions:
            raise Fault(RejectCode.COMMUNE_OUT_OF_SCOPE)
        return found

    return checked


def _written(check: Check[str], shape: re.Pattern[str], code: RejectCode) -> Check[str]:
    def checked(value: object) -> str:
        written = check(value)
        if shape.fullmatch(written) is None:
            raise Fault(code)
        return written

    return checked
