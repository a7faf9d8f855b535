"""Yes or no: whether what somebody says of a person is what the registry knows."""

from collections.abc import Callable, Mapping
from datetime import date
from types import MappingProxyType
from typing import NamedTuple, TypeAlias

from services.registry.domain.declarations import Name
from services.registry.domain.name_likeness import same_name
from services.registry.domain.policies import Attribute

DocumentBlinds: TypeAlias = tuple[bytes, ...]
"""The blind indexes that a document may be found by."""
Claim: TypeAlias = Name | date | int | str | DocumentBlinds


class KnownPerson(NamedTuple):
    """What the registry knows of a person, as far as claims are held against it."""

    birth_date: date
    sex: str
    commune_code: str
    status: str
    document_blind: bytes | None


class KnownNames(NamedTuple):
    """A person's names; they are opened only for a claim about one."""

    name_ar: Name
    name_latin: Name


NAME_ATTRIBUTES = frozenset({Attribute.NAME_AR, Attribute.NAME_LATIN})
CLAIMABLE = NAME_ATTRIBUTES | {
    Attribute.BIRTH_DATE,
    Attribute.BIRTH_YEAR,
    Attribute.SEX,
    Attribute.DOCUMENT,
    Attribute.COMMUNE,
    Attribute.STATUS,
}

_HOLDS: Mapping[Attribute, Callable[[KnownPerson, Claim], bool]] = MappingProxyType(
    {
        Attribute.BIRTH_DATE: lambda known, claim: known.birth_date == claim,
        Attribute.BIRTH_YEAR: lambda known, claim: known.birth_date.year == claim,
        Attribute.SEX: lambda known, claim: known.sex == claim,
        Attribute.COMMUNE: lambda known, claim: known.commune_code == claim,
        Attribute.STATUS: lambda known, claim: known.status == claim,
        Attribute.DOCUMENT: lambda known, claim: (
            isinstance(claim, tuple) and known.document_blind in claim
        ),
    }
)


def answers(
    claims: Mapping[Attribute, Claim], known: KnownPerson, *, names: KnownNames | None
) -> dict[Attribute, bool]:
    """Return for each claim whether it holds.

    Names are compared as they sound, in one script each, so that a spelling decides nothing; all
    else must be equal.

    Args:
        claims: What is said of the person; attributes of `CLAIMABLE` only.
        known: What the registry knows.
        names: The person's names; needed if a claim is about one.
    """
    return {
        attribute: _name_holds(attribute, claim, names)
        if attribute in NAME_ATTRIBUTES
        else _HOLDS[attribute](known, claim)
        for attribute, claim in claims.items()
    }


def _name_holds(attribute: Attribute, claim: Claim, names: KnownNames | None) -> bool:
    if names is None or not isinstance(claim, Name):
        return False
    known = names.name_ar if attribute is Attribute.NAME_AR else names.name_latin
    return same_name(claim.given, known.given) and same_name(claim.family, known.family)
