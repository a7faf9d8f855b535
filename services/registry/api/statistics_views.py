"""What the registry answers about itself in numbers; null stands for a count that is hidden."""

from datetime import date, datetime
from typing import Self

from pydantic import BaseModel, Field

from services.registry.domain.census import Territory
from services.registry.domain.statistics import per_mille
from services.registry.use_cases.read_daily_statistics import DailyTable, DayCounts
from services.registry.use_cases.read_statistics import TerritoryCounts, TerritoryTable
from shared.kernel.small_counts import Counts

_CELL_MIN = Field(description="Counts from 1 up to this one, and what would reveal them, are null.")


class StatisticsView(BaseModel):
    """How many are registered within the caller's regions; persons who died are not counted."""

    persons: int | None
    households: int | None
    members: int | None
    as_of: datetime

    @classmethod
    def of(cls, table: TerritoryTable) -> Self:
        """Return the view of totals."""
        total = CountsView.of(table.total, table.members)
        counts = dict.fromkeys(CountsView.model_fields) if total is None else total.model_dump()
        return cls(**counts, as_of=table.as_of)


class CountsView(BaseModel):
    """Persons alive, households, and how many of the persons live in one of them.

    The members alone are null where they would tell of the few who live in no household.
    """

    persons: int
    households: int
    members: int | None

    @classmethod
    def of(cls, counts: Counts | None, members: int | None) -> Self | None:
        """Return the view of counts, None if they are hidden."""
        if counts is None:
            return None
        persons, households = counts
        return cls(persons=persons, households=households, members=members)


class CoverageView(BaseModel):
    """How many are registered for each thousand that the census of 2024 counted."""

    persons_per_mille: int
    households_per_mille: int

    @classmethod
    def of(cls, counts: Counts | None, territory: Territory) -> Self | None:
        """Return the view of a coverage, None if the counts are hidden."""
        if counts is None:
            return None
        persons, households = counts
        return cls(
            persons_per_mille=per_mille(persons, of=territory.census_persons),
            households_per_mille=per_mille(households, of=territory.census_households),
        )


class TerritoryView(BaseModel):
    """A region, province or commune; its counts are null where they would tell about people."""

    code: str
    name_ar: str
    name_fr: str
    registered: CountsView | None
    census_persons: int
    census_households: int
    coverage: CoverageView | None

    @classmethod
    def of(cls, row: TerritoryCounts) -> Self:
        """Return the view of a row."""
        territory = row.territory
        return cls(
            code=territory.code,
            name_ar=territory.name_ar,
            name_fr=territory.name_fr,
            registered=CountsView.of(row.counts, row.members),
            census_persons=territory.census_persons,
            census_households=territory.census_households,
            coverage=CoverageView.of(row.counts, territory),
        )


class TerritoriesView(BaseModel):
    """The rows of one level of the territory, and their total."""

    items: list[TerritoryView]
    total: CountsView | None
    cell_min: int = _CELL_MIN
    as_of: datetime

    @classmethod
    def of(cls, table: TerritoryTable) -> Self:
        """Return the view of a table."""
        return cls(
            items=[TerritoryView.of(row) for row in table.rows],
            total=CountsView.of(table.total, table.members),
            cell_min=table.cell_min,
            as_of=table.as_of,
        )


class OverdueTerritoryView(BaseModel):
    """Households of a territory whose yearly review is past due; null where that is hidden."""

    code: str
    name_ar: str
    name_fr: str
    households: int | None

    @classmethod
    def of(cls, row: TerritoryCounts) -> Self:
        """Return the view of a row."""
        territory = row.territory
        return cls(
            code=territory.code,
            name_ar=territory.name_ar,
            name_fr=territory.name_fr,
            households=_only(row.counts),
        )


class OverdueView(BaseModel):
    """Households past their review by territory, and their total."""

    items: list[OverdueTerritoryView]
    total: int | None
    cell_min: int = _CELL_MIN
    as_of: datetime

    @classmethod
    def of(cls, table: TerritoryTable) -> Self:
        """Return the view of a table."""
        return cls(
            items=[OverdueTerritoryView.of(row) for row in table.rows],
            total=_only(table.total),
            cell_min=table.cell_min,
            as_of=table.as_of,
        )


class DayView(BaseModel):
    """What was registered for the first time on a day; null where that is hidden."""

    day: date
    persons: int | None
    households: int | None

    @classmethod
    def of(cls, row: DayCounts) -> Self:
        """Return the view of a day."""
        persons, households = row.counts or (None, None)
        return cls(day=row.day, persons=persons, households=households)


class DailyView(BaseModel):
    """Every day of a period, the first one first."""

    items: list[DayView]
    cell_min: int = _CELL_MIN
    as_of: datetime

    @classmethod
    def of(cls, table: DailyTable) -> Self:
        """Return the view of a table."""
        return cls(
            items=[DayView.of(row) for row in table.days],
            cell_min=table.cell_min,
            as_of=table.as_of,
        )


def _only(counts: Counts | None) -> int | None:
    return None if counts is None else counts[0]
