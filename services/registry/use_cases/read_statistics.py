"""Read how many persons and households are registered, and in which territories."""

from collections.abc import Sequence
from dataclasses import dataclass
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
from services.registry.domain.statistics import (
    LIVING,
    PEOPLE,
    Tree,
    hidden_in,
    hidden_standing,
    standing_of,
    tree_of,
)
from services.registry.storage.statistics import read_due_reviews, read_standing
from services.registry.use_cases.collaborators import Collaborators
from shared.kernel.errors import DomainError, ErrorKind
from shared.kernel.small_counts import Counts, summed, total_reveals
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
class _Part:
    """Counts that are shown or hidden together, and where they are hidden."""

    places: slice
    hidden: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Shown:
    """A tree of counts, and what of them a caller may see."""

    tree: Tree
    parts: Sequence[_Part]
    regions: tuple[str, ...]
    cell_min: int

    def sees(self, code: str) -> bool:
        return EVERY_REGION in self.regions or region_of(code) in self.regions

    def counts(self, code: str) -> list[Counts | None]:
        """Return each part of the counts of a territory."""
        counts = self.tree.counts[code]
        return [None if code in part.hidden else counts[part.places] for part in self.parts]

    def total(self) -> list[Counts | None]:
        """Return each part's sum over the caller's regions; the whole may always be shown."""
        if EVERY_REGION in self.regions:
            return [self.tree.counts[EVERYWHERE][part.places] for part in self.parts]
        own = [code for code in children_of()[EVERYWHERE] if code in self.regions]
        return [self._sum(own, part) for part in self.parts]

    def _sum(self, codes: Sequence[str], part: _Part) -> Counts | None:
        counts = {code: self.tree.counts[code][part.places] for code in codes}
        if total_reveals(counts, part.hidden, cell_min=self.cell_min):
            return None
        measures = len(self.tree.counts[EVERYWHERE][part.places])
        return summed(counts.values(), measures=measures)


async def read_totals(scope: RowScope, *, using: Collaborators) -> TerritoryTable:
    """Return how many persons, households and members there are within the caller's regions."""
    return _table(await _standing(scope, using), (), using=using)


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
    return _table(await _standing(scope, using), codes_within, using=using)


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
    due = _Part(slice(None), hidden_in(tree, cell_min=cell_min))
    return _table(_Shown(tree, [due], scope.regions, cell_min), [code_within], using=using)


async def _standing(scope: RowScope, using: Collaborators) -> _Shown:
    # What must be hidden depends on the whole country, whoever asks for a part of it.
    async with using.database.transaction(RowScope.everything()) as tx:
        counted = await read_standing(tx)
    leaves = {code: standing_of(*counts) for code, counts in counted.items()}
    tree = tree_of(leaves, children_of(), measures=len(standing_of(0, 0, 0)))
    cell_min = using.statistics_cell_min
    hidden, members_hidden = hidden_standing(tree, cell_min=cell_min)
    parts = [_Part(PEOPLE, hidden), _Part(LIVING, members_hidden)]
    return _Shown(tree, parts, scope.regions, cell_min)


def _table(shown: _Shown, codes_within: Sequence[str], *, using: Collaborators) -> TerritoryTable:
    for code in codes_within:
        _assert_may_be_asked(code, shown)
    rows = [
        TerritoryCounts(territories()[code], *_with_members(shown.counts(code)))
        for within in codes_within
        for code in children_of()[within]
        if shown.sees(code)
    ]
    is_part = len(codes_within) == 1 and codes_within[0] != EVERYWHERE
    total = shown.counts(codes_within[0]) if is_part else shown.total()
    counts, members = _with_members(total)
    return TerritoryTable(rows, counts, shown.cell_min, using.clock.now(), members)


def _with_members(parts: Sequence[Counts | None]) -> tuple[Counts | None, int | None]:
    """Return the counts of a row, and its members where they are a part that is shown."""
    counts, *living = parts
    shown = living[0] if living else None
    return counts, None if shown is None else shown[0]


def _assert_may_be_asked(code: str, shown: _Shown) -> None:
    if code not in children_of():
        message = "There is no such region or province; its code is written like 04 or 04.421."
        raise TerritoryUnknownError(message)
    if code != EVERYWHERE and not shown.sees(code):
        message = "That territory lies outside your regions."
        raise TerritoryOutOfScopeError(message)
