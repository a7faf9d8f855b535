"""One pass over the country that writes every file of it."""

import json
import shutil
from collections import Counter, deque
from typing import Any

from simulators.population.calibration import calibration
from simulators.population.changes import Life
from simulators.population.country import Country
from simulators.population.dirt import Dirt, Truth
from simulators.population.files import LineFile, OutputFolder
from simulators.population.lines import household_line, person_line
from simulators.population.options import Options
from simulators.population.people import Household, Person
from simulators.population.progress import shown
from simulators.population.ramed import HEADER, RamedList

FORMAT = 1
# Doubles stand this many records after their originals, as people come back another day.
DELAYED_MAX = 500
BYTES_PER_HOUSEHOLD = 3_600
BYTES_PER_HOUSEHOLD_MONTH = 400

encoded = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class NoSpaceError(Exception):
    """The disk cannot hold the population."""


def generate(options: Options) -> Counter[str]:
    """Write a population; return how many of each thing were written.

    Raises:
        NoSpaceError: The disk is too small; nothing was written.
        OSError: The folder cannot be written to; what was begun is taken away.
    """
    with OutputFolder(options.out) as folder:
        _require_space(options)
        generation = _Generation(options, folder)
        for household in shown(
            generation.country.households(options.households),
            total=options.households,
            label="Households",
        ):
            generation.add(household)
        generation.add_delayed()
        files = folder.finish()
        folder.publish(_manifest(options, generation.counts, files))
    return generation.counts


class _Generation:
    """The files being written, and what stands in them so far."""

    def __init__(self, options: Options, folder: OutputFolder) -> None:
        figures = calibration()
        self.counts: Counter[str] = Counter()
        self.country = Country(options.seed, today=options.today, figures=figures)
        self._population = folder.file("population.jsonl")
        self._delayed: deque[Person | Household] = deque()
        self._spoiling = _Spoiling(options, self.country, folder) if options.dirty else None
        self._life = Life(
            self.country, seed=options.seed, today=options.today, figures=figures["monthly"]
        )
        self._months = [
            folder.file(f"changes-{month:02d}.jsonl") for month in range(1, options.months + 1)
        ]
        self._changes_truth = folder.file("changes-truth.jsonl") if options.months else None

    def add(self, household: Household) -> None:
        """Write a household with its persons, its dirt and its months."""
        if self._spoiling:
            self._delayed.extend(self._spoiling.spoil(household, self.counts))
        self._write(household)
        while len(self._delayed) > DELAYED_MAX:
            self._write(self._delayed.popleft())
        for number, file in enumerate(self._months, start=1):
            self._add_month(household, number, file)

    def add_delayed(self) -> None:
        """Write the records that were to come later than all others."""
        while self._delayed:
            self._write(self._delayed.popleft())

    def _write(self, record: Person | Household) -> None:
        persons = [record] if isinstance(record, Person) else _persons_of(record)
        for person in persons:
            self._population.write(person_line(person))
        self.counts["persons"] += len(persons)
        if isinstance(record, Household):
            self._population.write(household_line(record))
            self.counts["households"] += 1

    def _add_month(self, household: Household, number: int, file: LineFile) -> None:
        month = self._life.live(household, number)
        if month is None or self._changes_truth is None:
            return
        for person in month.persons.values():
            file.write(person_line(person))
        if household.members:
            file.write(household_line(household))
        for truth in month.truth:
            self.counts[f"change.{truth['kind']}"] += 1
            self._changes_truth.write(encoded(truth))


class _Spoiling:
    """The dirt of a population, with the files that only a dirty one has."""

    def __init__(self, options: Options, country: Country, folder: OutputFolder) -> None:
        figures = calibration()
        self._dirt = Dirt(
            country,
            seed=options.seed,
            share=options.dirty,
            households=options.households,
            today=options.today,
            figures=figures["dirt"],
        )
        self._ramed = RamedList(
            country, seed=options.seed, blurring=self._dirt.blurring, figures=figures["ramed"]
        )
        self._truth = folder.file("truth.jsonl")
        self._list = folder.file("ramed.csv")
        self._list.write(HEADER)

    def spoil(self, household: Household, counts: Counter[str]) -> list[Person | Household]:
        """Spoil a household; return what is registered apart from it."""
        spoiled = self._dirt.spoil(household)
        later: list[Person | Household] = [*spoiled.doubles]
        if spoiled.apart:
            later.append(spoiled.apart)
        truths = list(spoiled.truth)
        entry = self._ramed.entry(household, but_not=_registered_twice(spoiled.truth))
        if entry:
            self._list.write(entry.line)
            truths.extend(entry.truth)
            if entry.homonym:
                later.append(entry.homonym)
        for truth in truths:
            counts[f"truth.{truth['kind']}"] += 1
            self._truth.write(encoded(truth))
        return later


def _registered_twice(truths: list[Truth]) -> set[str]:
    return {
        idcs for truth in truths if truth["kind"] == "duplicate_person" for idcs in truth["idcs"]
    }


def _persons_of(household: Household) -> list[Person]:
    return [member.person for member in household.members]


def _require_space(options: Options) -> None:
    a_household = BYTES_PER_HOUSEHOLD + BYTES_PER_HOUSEHOLD_MONTH * options.months
    needed = options.households * a_household
    free = shutil.disk_usage(options.out).free
    if needed > free:
        message = f"The population needs about {needed:,} bytes and the disk has {free:,} free."
        raise NoSpaceError(message)


def _manifest(options: Options, counts: Counter[str], files: dict[str, Any]) -> str:
    document = {
        "format": FORMAT,
        "seed": options.seed,
        "options": {
            "households": options.households,
            "dirty": options.dirty,
            "months": options.months,
            "today": options.today.isoformat(),
        },
        "counts": dict(sorted(counts.items())),
        "files": files,
    }
    return f"{json.dumps(document, indent=2)}\n"
