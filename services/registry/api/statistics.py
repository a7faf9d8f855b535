"""Counts of the register over HTTP."""

from typing import Annotated

from fastapi import APIRouter, Query

from services.registry.api.collaborators import Using
from services.registry.api.days import Day, Stated, require_past
from services.registry.api.statistics_views import (
    DailyView,
    OverdueView,
    StatisticsView,
    TerritoriesView,
)
from services.registry.domain.census import (
    EVERYWHERE,
    TerritoryUnknownError,
    children_of,
    region_of,
)
from services.registry.domain.checks import EVERY_REGION
from services.registry.use_cases.read_daily_statistics import (
    PeriodInvalidError,
    read_daily_statistics,
)
from services.registry.use_cases.read_statistics import (
    TerritoryOutOfScopeError,
    read_overdue_reviews,
    read_territories,
    read_totals,
)
from shared.web.auth import Principal, requires
from shared.web.problems import problems

router = APIRouter(prefix="/registry/v1/statistics", tags=["statistics"])

Reader = Annotated[Principal, requires("registry.statistics:read")]
Region = Annotated[str, Query(pattern=r"^\d{2}$", examples=["04"])]
Province = Annotated[str, Query(pattern=r"^\d{2}\.\d{3}$", examples=["04.421"])]
_TERRITORY_PROBLEMS = problems(TerritoryUnknownError, TerritoryOutOfScopeError)


@router.get("")
async def read_registry_statistics(principal: Reader, using: Using) -> StatisticsView:
    """Return how many persons and households are registered within the caller's regions."""
    return StatisticsView.of(await read_totals(principal.row_scope, using=using))


@router.get("/regions")
async def read_statistics_of_regions(principal: Reader, using: Using) -> TerritoriesView:
    """Return what is registered in each region, against the census of 2024."""
    table = await read_territories([EVERYWHERE], principal.row_scope, using=using)
    return TerritoriesView.of(table)


@router.get("/provinces", responses=_TERRITORY_PROBLEMS)
async def read_statistics_of_provinces(
    principal: Reader, using: Using, region: Region | None = None
) -> TerritoriesView:
    """Return what is registered in each province or prefecture, of one region or of all."""
    within = [region] if region is not None else _regions_of(principal)
    return TerritoriesView.of(await read_territories(within, principal.row_scope, using=using))


@router.get("/communes", responses=_TERRITORY_PROBLEMS)
async def read_statistics_of_communes(
    principal: Reader, using: Using, province: Province
) -> TerritoriesView:
    """Return what is registered in each commune of a province."""
    table = await read_territories([province], principal.row_scope, using=using)
    return TerritoriesView.of(table)


@router.get("/daily", responses=problems(PeriodInvalidError))
async def read_daily_registrations(
    principal: Reader,
    using: Using,
    first: Annotated[Day | None, Query(alias="from")] = None,
    last: Annotated[Day | None, Query(alias="to")] = None,
) -> DailyView:
    """Return how many were registered on each day of a period, the last 30 days by default."""
    stated: Stated = {("query", "from"): first, ("query", "to"): last}
    require_past(stated, clock=using.clock)
    table = await read_daily_statistics(first, last, scope=principal.row_scope, using=using)
    return DailyView.of(table)


@router.get("/reviews-overdue", responses=_TERRITORY_PROBLEMS)
async def read_reviews_overdue(
    principal: Reader,
    using: Using,
    within: Annotated[str, Query(pattern=r"^(\d{2}(\.\d{3})?)?$", examples=["04"])] = EVERYWHERE,
) -> OverdueView:
    """Return how many households are past their review, by region or within a territory."""
    table = await read_overdue_reviews(within, principal.row_scope, using=using)
    return OverdueView.of(table)


def _regions_of(principal: Principal) -> list[str]:
    return [
        region
        for region in children_of()[EVERYWHERE]
        if EVERY_REGION in principal.regions or region_of(region) in principal.regions
    ]
