"""Read how many persons and households are registered, and in which territories."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import ClassVar

from services.registry.domain.census import (
    EVERYWHERE,
    Territory,
    TerritoryUnknownError,
    children_of,
    region_of,
    territories,
)
from services.registry.domain.checks import EVERY_REGION
from services.registry.domain.statistics import Tree, hidden_in, hidden_standing, tree_of
from services.registry.storage.statistics import read_due_reviews, read_standing
from services.registry.use_cases.collaborators import Collaborators
from shared.kernel.errors import DomainError, ErrorKind
from shared.kernel.small_counts import Counts, total_reveals
from shared.storage.database import RowScope


class TerritoryOutOfScopeError(DomainError):
    """The territory lies outside the caller's regions."""

    code: ClassVar[str] = "registry.territory-out-of-scope"
    kind: ClassVar[ErrorKind] = ErrorKind.FORBIDDEN


@dataclass(frozen=True, slots=True)
class TerritoryCounts:
    """What is counted in a territory; None where showing it would tell about people."""

    territory: Territory
    counts: Counts | None
    members: int | None = None


@dataclass(frozen=True, slots=True)
class TerritoryTable:
    """The rows of some territories, and the total of those the caller may see."""

    rows: Sequence[TerritoryCounts]
    total: Counts | None
    cell_min: int
    as_of: datetime
    members: int | None = None


@dataclass(frozen=True, slots=True)
class _Shown:
    """A tree of counts, and what of it a caller may see."""

    tree: Tree
    hidden: frozenset[str]
    regions: tuple[str, ...]
    cell_min: int

    def counts(self, code: str) -> Counts | None:
        return None if code in self.hidden else self.tree.counts[code]

    def sees(self, code: str) -> bool:
        return EVERY_REGION in self.regions or region_of(code) in self.regions

    def total(self) -> Counts | None:
        """Return the sum over the caller's regions; the whole register may always be shown."""
        seen = {code: self.tree.counts[code] for code in children_of()[EVERYWHERE]}
        if EVERY_REGION in self.regions:
            return self.tree.counts[EVERYWHERE]
        own = {code: counts for code, counts in seen.items() if code in self.regions}
        if total_reveals(own, self.hidden, cell_min=self.cell_min):
            return None
        measures = len(self.tree.counts[EVERYWHERE])
        return tuple(sum(counts[place] for counts in own.values()) for place in range(measures))


async def read_totals(scope: RowScope, *, using: Collaborators) -> TerritoryTable:
    """Return how many persons, households and members there are within the caller's regions."""
    people, members = await _standing(scope, using)
    return _with_members(_table(people, (), using=using), _table(members, (), using=using))


async def read_territories(
    codes_within: Sequence[str], scope: RowScope, *, using: Collaborators
) -> TerritoryTable:
    """Return persons, households and members of the territories right within others.

    Args:
        codes_within: The territories whose children are asked for, `EVERYWHERE` for the regions.
        scope: The caller's regions.
        using: The registry's means.

    Raises:
        TerritoryUnknownError: One of them is no territory that has others within it.
        TerritoryOutOfScopeError: One lies outside the caller's regions.
    """
    people, members = await _standing(scope, using)
    return _with_members(
        _table(people, codes_within, using=using), _table(members, codes_within, using=using)
    )


async def read_overdue_reviews(
    code_within: str, scope: RowScope, *, using: Collaborators
) -> TerritoryTable:
    """Return how many households should have been reviewed before today, by territory.

    Args:
        code_within: The territory whose children are asked for, `EVERYWHERE` for the regions.
        scope: The caller's regions.
        using: The registry's means.

    Raises:
        TerritoryUnknownError: It is no territory that has others within it.
        TerritoryOutOfScopeError: It lies outside the caller's regions.
    """
    today: date = using.clock.today()
    async with using.database.transaction(RowScope.everything()) as tx:
        leaves = await read_due_reviews(tx, before=today)
    tree = tree_of(leaves, children_of(), measures=1)
    cell_min = using.statistics_cell_min
    shown = _Shown(tree, hidden_in(tree, cell_min=cell_min), scope.regions, cell_min)
    return _table(shown, [code_within], using=using)


async def _standing(scope: RowScope, using: Collaborators) -> tuple[_Shown, _Shown]:
    """Return persons and households, then members and persons who live in no household."""
    # What must be hidden depends on the whole country, whoever asks for a part of it.
    async with using.database.transaction(RowScope.everything()) as tx:
        leaves = await read_standing(tx)
    cell_min = using.statistics_cell_min
    people, members = (
        tree_of(counts, children_of(), measures=2)
        for counts in (
            {code: (persons, households) for code, (persons, households, _) in leaves.items()},
            {
                code: (living, max(persons - living, 0))
                for code, (persons, _, living) in leaves.items()
            },
        )
    )
    hidden, members_hidden = hidden_standing(people, members, cell_min=cell_min)
    return (
        _Shown(people, hidden, scope.regions, cell_min),
        _Shown(members, members_hidden, scope.regions, cell_min),
    )


def _with_members(people: TerritoryTable, members: TerritoryTable) -> TerritoryTable:
    """Return a table with the members of another one, where that tells them."""
    rows = [
        replace(row, members=_first(other.counts))
        for row, other in zip(people.rows, members.rows, strict=True)
    ]
    return replace(people, rows=rows, members=_first(members.total))


def _first(counts: Counts | None) -> int | None:
    return None if counts is None else counts[0]


def _table(shown: _Shown, codes_within: Sequence[str], *, using: Collaborators) -> TerritoryTable:
    for code in codes_within:
        _assert_may_be_asked(code, shown)
    rows = [
        TerritoryCounts(territories()[code], shown.counts(code))
        for within in codes_within
        for code in children_of()[within]
        if shown.sees(code)
    ]
    is_part = len(codes_within) == 1 and codes_within[0] != EVERYWHERE
    total = shown.counts(codes_within[0]) if is_part else shown.total()
    return TerritoryTable(rows, total, shown.cell_min, as_of=using.clock.now())


def _assert_may_be_asked(code: str, shown: _Shown) -> None:
    if code not in children_of():
        message = "There is no such region or province; its code is written like 04 or 04.421."
        raise TerritoryUnknownError(message)
    if code != EVERYWHERE and not shown.sees(code):
        message = "That territory lies outside your regions."
        raise TerritoryOutOfScopeError(message)
