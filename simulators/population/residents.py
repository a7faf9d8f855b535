"""Who lives together: size, kinship, sex and age of the members of a household."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from simulators.population.calibration import Table, bands, weighted
from simulators.population.chances import Weighted
from simulators.population.identifiers import RESIDENTS_MAX
from simulators.population.people import ADULT_AGE

ALONE = 1
PAIR = 2
GRANDPARENT_HEAD_AGE = 52
EXTENDED_SIZE_MIN = 5
PARENT_HEAD_AGE_MAX = 58
MOTHER_AGE_AT_FIRST = 19
MOTHER_AGE_AT_LAST = 43
CHILD_AT_HOME_AGE_MAX = 42
SPOUSE_AGE_MIN = 20
HUSBAND_OLDER_BY_MAX = 10
SPACING_YEARS_MAX = 5
OLDEST = 98


@dataclass(slots=True)
class Resident:
    """A place in a household, before anybody is named for it."""

    kinship: str
    sex: str
    age: int
    orphan_of_father: bool = False
    twin: bool = False


class Residents:
    """Draws the members of households as the census counts them."""

    def __init__(self, figures: Table) -> None:
        self._figures = figures
        sizes: Table = figures["sizes"]
        self._sizes = {
            milieu: Weighted(range(1, RESIDENTS_MAX + 1), weights)
            for milieu, weights in sizes.items()
        }
        self._forms = {form: weighted(table) for form, table in figures["forms"].items()}
        self._ages = {form: bands(rows) for form, rows in figures["head_ages"].items()}
        self._couple_female_head: float = figures["couple_female_head"]
        self._parent_at_home: float = figures["parent_at_home"]
        self._mother_of_head: float = figures["mother_of_head"]
        self._extended: float = figures["extended"]
        self._sons: float = figures["sons"]
        self._twins: float = figures["twins"]
        self._founded_by: dict[str, Callable[[int, Random], list[Resident]]] = {
            "couple": self._couple,
            "lone_mother": self._lone_mother,
            "lone_father": self._lone_father,
            "siblings": self._siblings,
        }

    def of(self, milieu: str, rng: Random) -> list[Resident]:
        """Return the members of one household, the head first."""
        size = self._sizes[milieu].at(rng.random())
        if size == ALONE:
            sex = "F" if rng.random() < self._figures["alone_female"] else "M"
            return [Resident("head", sex, self._age("alone", rng))]
        form = self._forms["pair" if size == PAIR else "family"].at(rng.random())
        return self._founded_by[form](size, rng)

    def _age(self, form: str, rng: Random) -> int:
        band = self._ages[form].at(rng.random())
        return band.lowest + int(rng.random() * (band.highest - band.lowest + 1))

    def _founder(self, form: str, size: int, rng: Random) -> int:
        """Return an age at which a household of this size can have grown."""
        return max(self._age(form, rng), SPOUSE_AGE_MIN + 2 * size)

    def _couple(self, size: int, rng: Random) -> list[Resident]:
        husband = self._founder("couple_alone" if size == PAIR else "couple", size, rng)
        wife = max(SPOUSE_AGE_MIN + size - 2, husband - int(rng.random() * HUSBAND_OLDER_BY_MAX))
        couple = [Resident("head", "M", husband), Resident("spouse", "F", wife)]
        if rng.random() < self._couple_female_head:
            couple = [Resident("head", "F", wife), Resident("spouse", "M", husband)]
        if self._is_extended(husband, size, rng):
            return couple + self._young_couple(wife, size - 2, rng)
        elders = self._parent_of_head(husband, size, rng)
        return couple + self._children(wife, size - 2 - len(elders), rng) + elders

    def _is_extended(self, husband: int, size: int, rng: Random) -> bool:
        if husband < GRANDPARENT_HEAD_AGE or size < EXTENDED_SIZE_MIN:
            return False
        return rng.random() < self._extended

    def _young_couple(self, grandmother: int, places: int, rng: Random) -> list[Resident]:
        son = max(SPOUSE_AGE_MIN + 2, grandmother - MOTHER_AGE_AT_FIRST - int(rng.random() * 8))
        wife = max(SPOUSE_AGE_MIN + places, son - int(rng.random() * HUSBAND_OLDER_BY_MAX))
        grandchildren = self._children(wife, places - 2, rng)
        for child in grandchildren:
            child.kinship = "grandchild"
        return [Resident("child", "M", son), Resident("other", "F", wife), *grandchildren]

    def _parent_of_head(self, head: int, size: int, rng: Random) -> list[Resident]:
        if size == PAIR or head > PARENT_HEAD_AGE_MAX or rng.random() >= self._parent_at_home:
            return []
        sex = "F" if rng.random() < self._mother_of_head else "M"
        return [Resident("parent", sex, min(OLDEST, head + 20 + int(rng.random() * 15)))]

    def _lone_mother(self, size: int, rng: Random) -> list[Resident]:
        mother = self._founder("lone_parent_of_one" if size == PAIR else "lone_parent", size, rng)
        children = self._children(mother, size - 1, rng)
        orphaned = rng.random() < self._figures["widowed_with_minors"]
        for child in children:
            child.orphan_of_father = orphaned and child.age < ADULT_AGE
        return [Resident("head", "F", mother), *children]

    def _lone_father(self, size: int, rng: Random) -> list[Resident]:
        father = self._founder("lone_parent_of_one" if size == PAIR else "lone_parent", size, rng)
        return [Resident("head", "M", father), *self._children(father - 5, size - 1, rng)]

    def _siblings(self, size: int, rng: Random) -> list[Resident]:
        head = self._age("siblings", rng)
        sex = "M" if rng.random() < self._sons else "F"
        others = [
            Resident("sibling", self._sex(rng), max(SPOUSE_AGE_MIN, head - 3 * place))
            for place in range(1, size)
        ]
        return [Resident("head", sex, head), *others]

    def _sex(self, rng: Random) -> str:
        return "M" if rng.random() < self._sons else "F"

    def _children(self, mother: int, count: int, rng: Random) -> list[Resident]:
        """Return the children of a mother who live with her, the eldest first."""
        eldest = max(count, min(mother - MOTHER_AGE_AT_FIRST, CHILD_AT_HOME_AGE_MAX))
        youngest = max(0, min(mother - MOTHER_AGE_AT_LAST, eldest - count))
        age = eldest - int(rng.random() * (eldest - youngest - count + 2))
        children = []
        for younger_siblings in reversed(range(count)):
            children.append(Resident("child", self._sex(rng), age))
            room = age - youngest - younger_siblings + 1
            age -= 1 + int(rng.random() * min(SPACING_YEARS_MAX, room))
        if count > 1 and rng.random() < self._twins:
            children[1].age = children[0].age
            children[1].twin = True
        return children
