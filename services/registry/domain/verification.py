"""Yes or no: whether what somebody says of a person is what the registry knows."""

from collections.abc import Callable, Mapping
from datetime import date
from functools import lru_cache
from operator import attrgetter, eq
from types import MappingProxyType
from typing import NamedTuple, Protocol, TypeAlias

from services.registry.domain.declarations import Name
from services.registry.domain.name_likeness import same_name
from services.registry.domain.policies import Attribute

DocumentBlinds: TypeAlias = tuple[bytes, ...]
"""The blind indexes that a document may be found by."""
Claim: TypeAlias = Name | date | int | str | DocumentBlinds


class KnownPerson(Protocol):
    """What the registry knows of a person, as far as claims are held against it."""

    @property
    def birth_date(self) -> date:
        """Return the day of birth."""

    @property
    def sex(self) -> str:
        """Return the sex as the civil registry records it."""

    @property
    def commune_code(self) -> str:
        """Return the commune of residence."""

    @property
    def status(self) -> str:
        """Return whether the registration is in force."""

    @property
    def document_blind(self) -> bytes | None:
        """Return the blind index of the identity card, or of the permit that stands for it."""


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

_MUST_EQUAL: Mapping[Attribute, str] = MappingProxyType(
    {
        Attribute.BIRTH_DATE: "birth_date",
        Attribute.BIRTH_YEAR: "birth_date.year",
        Attribute.SEX: "sex",
        Attribute.COMMUNE: "commune_code",
        Attribute.STATUS: "status",
    }
)
"""What of a `KnownPerson` a claim must be equal to."""
_KINDS_OF_CLAIMS_MAX = 256


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
    facts = facts_of(tuple(claims))
    if facts is not None:
        return dict(zip(claims, map(eq, facts(known), claims.values()), strict=True))
    return {
        attribute: _holds(attribute, claim, known, names) for attribute, claim in claims.items()
    }


@lru_cache(maxsize=_KINDS_OF_CLAIMS_MAX)
def facts_of(
    attributes: tuple[Attribute, ...],
) -> Callable[[KnownPerson], tuple[object, ...]] | None:
    """Return what reads all that claims must equal; None if one of them is not decided so.

    Why: most questions are about the same few attributes, and are asked by the million.
    """
    if not _MUST_EQUAL.keys() >= set(attributes) or not attributes:
        return None
    read = attrgetter(*(_MUST_EQUAL[attribute] for attribute in attributes))
    return read if len(attributes) > 1 else lambda known: (read(known),)


def _holds(
    attribute: Attribute, claim: Claim, known: KnownPerson, names: KnownNames | None
) -> bool:
    if attribute in NAME_ATTRIBUTES:
        return _name_holds(attribute, claim, names)
    if attribute is Attribute.DOCUMENT:
        return isinstance(claim, tuple) and known.document_blind in claim
    return bool(attrgetter(_MUST_EQUAL[attribute])(known) == claim)


def _name_holds(attribute: Attribute, claim: Claim, names: KnownNames | None) -> bool:
    if names is None or not isinstance(claim, Name):
        return False
    known = names.name_ar if attribute is Attribute.NAME_AR else names.name_latin
    return same_name(claim.given, known.given) and same_name(claim.family, known.family)
