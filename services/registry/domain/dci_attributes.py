"""What the registers of the DCI standard can be asked about: names, types, and what each needs.

This is the allow-list: a name that is not here is refused, and so is an operator that the type of a
name does not know. Nothing a caller writes reaches SQL but as a bound value of these types.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import TypeAlias

from services.registry.domain.dci_contract import JsonValue, Register
from services.registry.domain.policies import Attribute
from services.registry.domain.territory import communes

Value: TypeAlias = str | int | bool | date | Decimal

AGE_YEARS_MAX = 150
YEAR_MIN, YEAR_MAX = 1850, 2200
COUNT_MAX = 1_000
SCORE_MAX = Decimal(1_000)
SCORE_PLACES_MAX = 10
"""As exact as the register keeps an index."""
TEXT_CHARACTERS_MAX = 64


_SCORE = re.compile(rf"[+-]?[0-9]{{1,4}}(\.[0-9]{{1,{SCORE_PLACES_MAX}}})?")
_DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")


class Of(StrEnum):
    """Whose attribute it is."""

    HOUSEHOLD = "household"
    PERSON = "person"


class Operator(StrEnum):
    """How a value is compared; the values are those of the standard's predicates."""

    EQUAL = "eq"
    ONE_OF = "in"
    LESS = "lt"
    AT_MOST = "le"
    MORE = "gt"
    AT_LEAST = "ge"


CHOICES = frozenset({Operator.EQUAL, Operator.ONE_OF})
ORDERS = frozenset(Operator)


@dataclass(frozen=True, slots=True)
class Queryable:
    """One attribute that a query may name."""

    key: str
    """The canonical name; storage knows the expression behind it."""
    of: Of
    read: Callable[[JsonValue], Value | None]
    """Returns the value that a message means, None if it is none of this attribute."""
    operators: frozenset[Operator] = CHOICES
    needs: frozenset[Attribute] = frozenset()
    """Any one of these in a partner's policy lets it ask; nothing is needed if empty.

    Why: whoever learns which records match a value learns the value.
    """
    sortable: bool = True


class IdentifierType(StrEnum):
    """By what a subject is found; the values are those that answers carry."""

    IDCS = "UIN"
    DOCUMENT = "CNIE"
    PERMIT = "RESIDENCE_PERMIT"
    TOKEN = "TOKEN"  # noqa: S105 -- a word of the vocabulary, not a secret
    HOUSEHOLD = "RSU_HOUSEHOLD_ID"


# Names are compared without regard to case. The standard leaves the list open.
_IDENTIFIERS: Mapping[str, IdentifierType] = MappingProxyType(
    {
        "uin": IdentifierType.IDCS,
        "idcs": IdentifierType.IDCS,
        "nationalid": IdentifierType.IDCS,
        # OpenG2P's clients put an identifier of any kind here; ours know one kind.
        "search_text": IdentifierType.IDCS,
        "cnie": IdentifierType.DOCUMENT,
        "residence_permit": IdentifierType.PERMIT,
        "token": IdentifierType.TOKEN,
        "rsu_household_id": IdentifierType.HOUSEHOLD,
        "household_id": IdentifierType.HOUSEHOLD,
    }
)


def identifier_type(name: str) -> IdentifierType | None:
    """Return what kind of identifier a name means, plain or as the last part of a URI."""
    return _IDENTIFIERS.get(name.rpartition(":")[2].casefold())


def queryable(register: Register, name: str) -> Queryable | None:
    """Return the attribute that a name means in a register, plain or dotted; None if none."""
    return _names(register).get(name.casefold())


def by_key(key: str) -> Queryable:
    """Return the attribute of a canonical name.

    Raises:
        KeyError: There is none; the key is not one of ours.
    """
    return _ATTRIBUTES[key]


def _text(value: JsonValue) -> str | None:
    if isinstance(value, str) and len(value) <= TEXT_CHARACTERS_MAX:
        return value.strip()
    return None


def _integer(least: int, most: int) -> Callable[[JsonValue], Value | None]:
    def read(value: JsonValue) -> int | None:
        if isinstance(value, str) and value.isascii() and value.isdigit():
            value = int(value) if len(value) <= len(str(most)) else None
        if isinstance(value, bool) or not isinstance(value, int):
            return None
        return value if least <= value <= most else None

    return read


def _score(value: JsonValue) -> Decimal | None:
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        return None
    text = _text(value if isinstance(value, str) else _plain(value))
    # `Decimal` reads far more than a score: exponents without bound, underscores, other digits.
    if text is None or _SCORE.fullmatch(text) is None:
        return None
    score = Decimal(text)
    return score if abs(score) <= SCORE_MAX else None


def _plain(number: int | Decimal) -> str:
    """Write a number without an exponent or zeros at its end; nothing if it is far too long."""
    if isinstance(number, int):
        return str(number) if abs(number) <= SCORE_MAX else ""
    exponent = number.as_tuple().exponent
    if not isinstance(exponent, int) or abs(exponent) > TEXT_CHARACTERS_MAX:
        return ""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _day(value: JsonValue) -> date | None:
    # A birth date may come as an instant at midnight; its time of day says nothing.
    day = (_text(value) or "").partition("T")[0]
    if _DAY.fullmatch(day) is None:
        return None
    try:
        return date.fromisoformat(day)
    except ValueError:
        return None


def _truth(value: JsonValue) -> bool | None:
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False}.get(value) if isinstance(value, str) else None


def _one_of(words: Mapping[str, str]) -> Callable[[JsonValue], Value | None]:
    def read(value: JsonValue) -> str | None:
        text = _text(value)
        return None if text is None else words.get(text.casefold())

    return read


@cache
def _territory(level: str) -> frozenset[str]:
    return frozenset(getattr(commune, f"{level}_code") for commune in communes().values())


def _code_of(*levels: str) -> Callable[[JsonValue], Value | None]:
    def read(value: JsonValue) -> str | None:
        text = _text(value)
        return text if any(text in _territory(level) for level in levels) else None

    return read


def _nationality(value: JsonValue) -> str | None:
    text = _text(value)
    is_code = text is not None and len(text) == 3 and text.isascii() and text.isalpha()  # noqa: PLR2004 -- ISO 3166 alpha-3
    return text.upper() if text is not None and is_code else None


_SEX = _one_of({"female": "F", "male": "M", "f": "F", "m": "M"})
_STATUS = _one_of({"active": "active", "deceased": "deceased", "suspended": "suspended"})
_MODEL = _one_of(
    {"rsu-ise-urban": "urban", "rsu-ise-rural": "rural", "urban": "urban", "rural": "rural"}
)
# The register knows a marriage from the places of head and spouse alone, and nothing else.
_MARRIED = _one_of({"m": "M", "married": "M"})
_TERRITORY = frozenset({Attribute.COMMUNE})
_BIRTH = frozenset({Attribute.BIRTH_DATE})
_BIRTH_YEAR = frozenset({Attribute.BIRTH_DATE, Attribute.BIRTH_YEAR})
_INDEX = frozenset({Attribute.INDEX})
_MEMBERS = frozenset({Attribute.MEMBERS})
_FACTS = frozenset({Attribute.HOUSEHOLD_FACTS})
_STATUS_TOLD = frozenset({Attribute.STATUS})

_ATTRIBUTES: Mapping[str, Queryable] = MappingProxyType(
    {
        attribute.key: attribute
        for attribute in (
            Queryable("region", Of.HOUSEHOLD, _code_of("region"), needs=_TERRITORY),
            Queryable("province", Of.HOUSEHOLD, _code_of("province"), needs=_TERRITORY),
            Queryable("commune", Of.HOUSEHOLD, _code_of("commune"), needs=_TERRITORY),
            Queryable(
                "location",
                Of.HOUSEHOLD,
                _code_of("region", "province", "commune"),
                needs=_TERRITORY,
                sortable=False,
            ),
            Queryable("group_size", Of.HOUSEHOLD, _integer(0, COUNT_MAX), ORDERS, _MEMBERS),
            Queryable("poverty_score", Of.HOUSEHOLD, _score, ORDERS, _INDEX),
            Queryable("poverty_score_type", Of.HOUSEHOLD, _MODEL, needs=_INDEX),
            Queryable("group_registered_on", Of.HOUSEHOLD, _day, ORDERS),
            Queryable("group_updated_on", Of.HOUSEHOLD, _day, ORDERS),
            Queryable("person_region", Of.PERSON, _code_of("region"), needs=_TERRITORY),
            Queryable("person_province", Of.PERSON, _code_of("province"), needs=_TERRITORY),
            Queryable("person_commune", Of.PERSON, _code_of("commune"), needs=_TERRITORY),
            Queryable(
                "person_location",
                Of.PERSON,
                _code_of("region", "province", "commune"),
                needs=_TERRITORY,
                sortable=False,
            ),
            Queryable("age", Of.PERSON, _integer(0, AGE_YEARS_MAX), ORDERS, _BIRTH),
            Queryable("birth_date", Of.PERSON, _day, ORDERS, _BIRTH),
            Queryable("birth_year", Of.PERSON, _integer(YEAR_MIN, YEAR_MAX), ORDERS, _BIRTH_YEAR),
            Queryable("sex", Of.PERSON, _SEX, needs=frozenset({Attribute.SEX})),
            Queryable("status", Of.PERSON, _STATUS, needs=_STATUS_TOLD),
            Queryable("registered_on", Of.PERSON, _day, ORDERS),
            Queryable("is_disabled", Of.PERSON, _truth, needs=_FACTS, sortable=False),
            Queryable("marital_status", Of.PERSON, _MARRIED, needs=_MEMBERS, sortable=False),
            Queryable(
                "birth_commune",
                Of.PERSON,
                _code_of("commune"),
                needs=frozenset({Attribute.BIRTH_COMMUNE}),
            ),
            Queryable(
                "nationality",
                Of.PERSON,
                _nationality,
                needs=frozenset({Attribute.NATIONALITY}),
            ),
        )
    }
)

_PERSON_NAMES = {
    "age": "age",
    "birth_date": "birth_date",
    "dob": "birth_date",
    "birth_year": "birth_year",
    "yob": "birth_year",
    "sex": "sex",
    "gender": "sex",
    "status": "status",
}

_SOCIAL_NAMES = {
    "region_code": "region",
    "sub_region_code": "province",
    "locality": "commune",
    "location": "location",
    "group_size": "group_size",
    "poverty_score": "poverty_score",
    "poverty_score_type": "poverty_score_type",
    "registration_date": "group_registered_on",
    "last_updated": "group_updated_on",
    "is_disabled": "is_disabled",
    "marital_status": "marital_status",
    **_PERSON_NAMES,
    **{f"demographic_info.{name}": key for name, key in _PERSON_NAMES.items()},
    **{
        f"address.{name}": key
        for name, key in (
            ("region_code", "region"),
            ("sub_region_code", "province"),
            ("locality", "commune"),
        )
    },
}

_CIVIL_NAMES = {
    "region_code": "person_region",
    "sub_region_code": "person_province",
    "locality": "person_commune",
    "location": "person_location",
    "address.region_code": "person_region",
    "address.sub_region_code": "person_province",
    "address.locality": "person_commune",
    "registration_date": "registered_on",
    "birth_place": "birth_commune",
    "nationality": "nationality",
    **_PERSON_NAMES,
}


@cache
def _names(register: Register) -> Mapping[str, Queryable]:
    names = _SOCIAL_NAMES if register is Register.SOCIAL else _CIVIL_NAMES
    return MappingProxyType({name: _ATTRIBUTES[key] for name, key in names.items()})
