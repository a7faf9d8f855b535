"""Counts of the register over HTTP."""

from typing import Annotated

from fastapi import APIRouter

from services.registry.api.collaborators import Using
from services.registry.api.schemas import StatisticsView
from services.registry.use_cases.read_statistics import read_statistics
from shared.web.auth import Principal, requires

router = APIRouter(prefix="/registry/v1", tags=["statistics"])


@router.get("/statistics")
async def read_registry_statistics(
    principal: Annotated[Principal, requires("registry.statistics:read")],
    using: Using,
) -> StatisticsView:
    """Return how many persons and households are registered within the caller's regions."""
    statistics = await read_statistics(principal.row_scope, using=using)
    return StatisticsView(
        persons=statistics.counts.persons,
        households=statistics.counts.households,
        as_of=statistics.as_of,
    )
