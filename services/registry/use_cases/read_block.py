"""Read a sealed block: open it, check every line, and make ready what its lines declare.

This is all the computing that needs no database, so it runs beside the process that talks to it.
"""

from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import NamedTuple
from uuid import UUID

from services.registry.domain.declarations import (
    DeclaredHousehold,
    DeclaredPerson,
    household_content,
)
from services.registry.domain.identifiers import CheckDigit
from services.registry.domain.lines import LineRules, ReadLine
from services.registry.storage.import_blocks import (
    BLOCK_TABLE,
    BODY_COLUMN,
    LineReject,
    SealedBlock,
)
from services.registry.storage.import_jobs import FileFormat
from services.registry.use_cases.line_rejects import line_rejects
from services.registry.use_cases.prepare_persons import (
    IDCS_FIELD,
    PersonPreparer,
    PreparedPersons,
)
from shared.storage.sealed import SealedColumns

__all__ = [
    "IDCS_FIELD",
    "REFERENCE_FIELD",
    "HouseholdLine",
    "ReadBlock",
    "ReadingTerms",
    "line_rejects",
    "read_block",
]

REFERENCE_FIELD = "household.reference"
CONTENT_FIELD = "household.content"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_RULES_KEPT_MAX = 4


class HouseholdLine(NamedTuple):
    """An accepted line about a household; `member_blinds` follow the order of its members.

    What is called older is made with index keys that are held besides the active one; a household
    or a member recorded before a rotation is found by it.
    """

    line: int
    household: DeclaredHousehold
    blind: bytes
    digest: bytes
    member_blinds: tuple[bytes, ...]
    older_blinds: tuple[bytes, ...] = ()
    older_digests: tuple[bytes, ...] = ()
    older_member_blinds: tuple[tuple[bytes, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class ReadingTerms:
    """What the lines of a file are judged by."""

    today: date
    """The business day on which the file arrived."""
    algorithm: CheckDigit
    regions: tuple[str, ...]
    """Region codes the sender may write to, `*` for all of them."""
    file_format: FileFormat = "jsonl"


@dataclass(slots=True)
class ReadBlock:
    """What the lines of a block declare, and why some of them are refused."""

    job_id: UUID
    number: int
    lines: int
    persons: PreparedPersons
    households: list[HouseholdLine] = field(default_factory=list)
    rejects: list[LineReject] = field(default_factory=list)

    @property
    def people(self) -> list[bytes]:
        """Return everybody whom the block names, by every blind index they may stand under."""
        named = [self.persons.blinds, *self.persons.older_blinds]
        for entry in self.households:
            named += [entry.member_blinds, *entry.older_member_blinds]
        return [blind for blinds in named for blind in blinds]


def read_block(block: SealedBlock, *, terms: ReadingTerms, sealed: SealedColumns) -> ReadBlock:
    """Return what a block declares."""
    body = sealed.unseal_bytes(
        block.body_sealed, table=BLOCK_TABLE, column=BODY_COLUMN, row_id=block.block_id
    )
    if block.first_line == 1:
        body = body.removeprefix(_BYTE_ORDER_MARK)
    rules = _rules(terms)
    read_line = rules.read_row if terms.file_format == "csv" else rules.read_bytes
    preparer = PersonPreparer(sealed=sealed, registered_on=terms.today, seen_in=block.job_id)
    read = ReadBlock(block.job_id, block.number, block.lines, preparer.prepared)
    for line, submitted in enumerate(body.split(b"\n"), start=block.first_line):
        declared: ReadLine = read_line(submitted)
        if isinstance(declared, DeclaredPerson):
            preparer.add(line, declared)
        elif isinstance(declared, DeclaredHousehold):
            read.households.append(household_line(line, declared, sealed=sealed))
        else:
            read.rejects += line_rejects(block.job_id, line, declared)
    return read


@lru_cache(maxsize=_RULES_KEPT_MAX)
def _rules(terms: ReadingTerms) -> LineRules:
    """Return the rules of a file, which remember names and dates from one block to the next."""
    return LineRules(today=terms.today, algorithm=terms.algorithm, regions=terms.regions)


def household_line(
    line: int, household: DeclaredHousehold, *, sealed: SealedColumns
) -> HouseholdLine:
    """Return a household with what it and its members are found by."""
    blind, *older = sealed.blinds(REFERENCE_FIELD, household.reference)
    digest, *older_digests = sealed.blinds(CONTENT_FIELD, household_content(household))
    members = [sealed.blinds(IDCS_FIELD, member.idcs) for member in household.members]
    return HouseholdLine(
        line,
        household,
        blind,
        digest,
        tuple([blinds[0] for blinds in members]),
        tuple(older),
        tuple(older_digests),
        tuple([blinds[1:] for blinds in members]) if older else (),
    )
