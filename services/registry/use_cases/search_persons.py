"""Search persons by an identifier or by name, ranked, within the caller's rights, and logged."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from services.registry.domain.census import region_of, require_territories
from services.registry.domain.declarations import Name
from services.registry.domain.name_sounds import sounds_of
from services.registry.domain.search import (
    Candidate,
    Fit,
    Sought,
    advice_for,
    alternatives_of,
    fit_of,
    wider_alternatives_of,
)
from services.registry.storage.access_log import Disclosed, log_access
from services.registry.storage.persons import PersonVersion
from services.registry.storage.search import FoundPerson, find_by_idcs, find_by_tokens
from services.registry.use_cases.collaborators import Collaborators
from services.registry.use_cases.identifiers_sought import SoughtIdentifier
from services.registry.use_cases.look_up import LookUp
from services.registry.use_cases.particulars import open_particulars
from services.registry.use_cases.search_tokens import sound_tokens
from shared.kernel.errors import DomainError, ErrorKind
from shared.runtime.ids import new_id
from shared.storage.database import EVERYTHING, Transaction

CANDIDATES_MAX = 500
SCORE_MIN = 500
_ACTION = "search-persons"
_ATTRIBUTES = (
    "birth_date",
    "commune",
    "household_id",
    "name_ar",
    "name_latin",
    "sex",
    "status",
)
_IDENTIFIER_FIT = 1000


class SearchTooWideError(DomainError):
    """More persons fit than a search may go through."""

    code: ClassVar[str] = "registry.search-too-wide"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID


class SearchNameUnreadableError(DomainError):
    """No word of the name is written in Arabic or Latin script."""

    code: ClassVar[str] = "registry.search-name-unreadable"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID


class RegionNotAllowedError(DomainError):
    """The search names a territory that the caller has no right to."""

    code: ClassVar[str] = "registry.region-not-allowed"
    kind: ClassVar[ErrorKind] = ErrorKind.FORBIDDEN


@dataclass(frozen=True, slots=True)
class PersonFound:
    """A person who fits, how well and why."""

    version: PersonVersion
    name_ar: Name
    name_latin: Name
    household_id: UUID | None
    fit: Fit

    @property
    def rank(self) -> tuple[int, UUID]:
        """Return what the list is sorted by: the best first."""
        return (-self.fit.score, self.version.person_id)


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a ranked list is wanted."""

    limit: int
    after: tuple[int, UUID] | None = None


async def search_persons(
    sought: Sought | SoughtIdentifier, look_up: LookUp, *, page: Page, using: Collaborators
) -> list[PersonFound]:
    """Return a page of the persons who fit, the best first; each is logged before that.

    Args:
        sought: An identifier, or a name and what narrows it.
        look_up: Who asks, and what for.
        page: Which part of the list.
        using: The registry's means.

    Raises:
        SearchTooWideError: More than `CANDIDATES_MAX` persons fit; the sentence says what to add.
        SearchNameUnreadableError: The name holds no word that can be searched.
        TerritoryUnknownError: No region, province or commune has a stated code.
        RegionNotAllowedError: The territory is outside the caller's regions.
    """
    if isinstance(sought, Sought):
        _check(sought, look_up)
    async with using.database.snapshot(look_up.scope) as tx:
        found = await _find(tx, sought, using=using)
        ranked = await asyncio.to_thread(_ranked, found, sought, using)
        wanted = [one for one in ranked if page.after is None or one.rank > page.after]
        wanted = wanted[: page.limit]
        if wanted:
            access = look_up.as_access(_ACTION, attributes=_ATTRIBUTES, clock=using.clock)
            await log_access(tx, access, [_disclosed(one) for one in wanted])
    return wanted


def _check(sought: Sought, look_up: LookUp) -> None:
    require_territories(sought.territories)
    regions = look_up.scope.regions
    asked = {region_of(code) for code in sought.territories}
    if EVERYTHING not in regions and not asked <= set(regions):
        message = "You may search in your own regions only; leave the territory out or narrow it."
        raise RegionNotAllowedError(message)
    if not sounds_of(sought.name or ""):
        message = "Write the name in Arabic or Latin letters."
        raise SearchNameUnreadableError(message)


async def _find(
    tx: Transaction, sought: Sought | SoughtIdentifier, *, using: Collaborators
) -> list[FoundPerson]:
    if isinstance(sought, SoughtIdentifier):
        return await _find_identified(tx, sought, using=using)
    name = sought.name or ""
    found = await _find_named(tx, alternatives_of(name), sought, using=using)
    if not found and sought.births:
        # One word may be misspelt beyond recognition; the birth keeps the search narrow.
        found = await _find_named(tx, wider_alternatives_of(name), sought, using=using)
    return found


async def _find_identified(
    tx: Transaction, sought: SoughtIdentifier, *, using: Collaborators
) -> list[FoundPerson]:
    if sought.is_idcs:
        return await find_by_idcs(tx, sought.blinds(using.sealed))
    found = await find_by_tokens(tx, sought.tokens(using.sealed), Sought(), most=CANDIDATES_MAX + 1)
    return _bounded(found, "another identifier")


async def _find_named(
    tx: Transaction,
    alternatives: Sequence[tuple[str, ...]],
    sought: Sought,
    *,
    using: Collaborators,
) -> list[FoundPerson]:
    tokens = [
        sound_tokens(sounds, sealed=using.sealed, key_id=key_id)
        for key_id in using.sealed.index_key_ids
        for sounds in alternatives
    ]
    found = await find_by_tokens(tx, tokens, sought, most=CANDIDATES_MAX + 1)
    return _bounded(found, advice_for(sought))


def _bounded(found: list[FoundPerson], advice: str) -> list[FoundPerson]:
    if len(found) > CANDIDATES_MAX:
        message = f"More than {CANDIDATES_MAX} persons fit; add {advice}."
        raise SearchTooWideError(message)
    return found


def _ranked(
    found: list[FoundPerson], sought: Sought | SoughtIdentifier, using: Collaborators
) -> list[PersonFound]:
    fitting = (_fitting(one, sought, using) for one in found)
    return sorted((one for one in fitting if one.fit.score >= SCORE_MIN), key=lambda one: one.rank)


def _fitting(
    found: FoundPerson, sought: Sought | SoughtIdentifier, using: Collaborators
) -> PersonFound:
    version = found.version
    opened = open_particulars(version, sealed=using.sealed)
    if isinstance(sought, SoughtIdentifier):
        fit = Fit(_IDENTIFIER_FIT, (f"{sought.reason}-same",))
    else:
        names = (" ".join(opened.name_ar), " ".join(opened.name_latin))
        fit = fit_of(Candidate(names, version.birth_date), sought)
    return PersonFound(version, opened.name_ar, opened.name_latin, found.household_id, fit)


def _disclosed(found: PersonFound) -> Disclosed:
    version = found.version
    return Disclosed(new_id(), version.region_code, version.person_id, found.household_id)
