"""Read a sealed block: open it, check every line, and make the keys its subjects are found by.

This is all the computing that needs no database, so it runs in a thread beside the one that talks
to it.
"""

from dataclasses import dataclass, field
from typing import NamedTuple
from uuid import UUID

from services.registry.domain.declarations import (
    DeclaredHousehold,
    DeclaredPerson,
    household_content,
    person_content,
)
from services.registry.domain.lines import LineRules, ReadLine
from services.registry.domain.rejects import Reject
from services.registry.storage.import_blocks import (
    BLOCK_TABLE,
    BODY_COLUMN,
    LineReject,
    SealedBlock,
)
from shared.storage.sealed import SealedColumns

IDCS_FIELD = "person.idcs"
REFERENCE_FIELD = "household.reference"
_BYTE_ORDER_MARK = "\ufeff"


class PersonLine(NamedTuple):
    """An accepted line about a person."""

    line: int
    person: DeclaredPerson
    blind: bytes
    digest: bytes


class HouseholdLine(NamedTuple):
    """An accepted line about a household; `member_blinds` follow the order of its members."""

    line: int
    household: DeclaredHousehold
    blind: bytes
    digest: bytes
    member_blinds: tuple[bytes, ...]


@dataclass(slots=True)
class ReadBlock:
    """What the lines of a block declare, and why some of them are refused."""

    job_id: UUID
    number: int
    lines: int
    persons: list[PersonLine] = field(default_factory=list)
    households: list[HouseholdLine] = field(default_factory=list)
    rejects: list[LineReject] = field(default_factory=list)

    def refuse(self, line: int, rejects: tuple[Reject, ...]) -> None:
        """Keep why a line is refused."""
        self.rejects.extend(line_rejects(self.job_id, line, rejects))


def line_rejects(job_id: UUID, line: int, rejects: tuple[Reject, ...]) -> list[LineReject]:
    """Return the rows that say why a line is refused."""
    return [
        LineReject(job_id, line, position, reject.field, reject.code.value)
        for position, reject in enumerate(rejects)
    ]


def read_block(block: SealedBlock, *, rules: LineRules, sealed: SealedColumns) -> ReadBlock:
    """Return what a block declares.

    Bytes that are no UTF-8 become replacement characters, which the rules refuse field by field.
    """
    body = sealed.unseal_bytes(
        block.body_sealed, table=BLOCK_TABLE, column=BODY_COLUMN, row_id=block.block_id
    )
    text = body.decode("utf-8", errors="replace")
    if block.first_line == 1:
        text = text.removeprefix(_BYTE_ORDER_MARK)
    read = ReadBlock(block.job_id, block.number, block.lines)
    for line, submitted in enumerate(text.split("\n"), start=block.first_line):
        _sort(read, line, rules.read(submitted), sealed=sealed)
    return read


def _sort(read: ReadBlock, line: int, declared: ReadLine, *, sealed: SealedColumns) -> None:
    if isinstance(declared, DeclaredPerson):
        read.persons.append(
            PersonLine(
                line,
                declared,
                sealed.blind(IDCS_FIELD, declared.idcs),
                sealed.blind("person.content", person_content(declared)),
            )
        )
    elif isinstance(declared, DeclaredHousehold):
        read.households.append(
            HouseholdLine(
                line,
                declared,
                sealed.blind(REFERENCE_FIELD, declared.reference),
                sealed.blind("household.content", household_content(declared)),
                tuple(sealed.blind(IDCS_FIELD, member.idcs) for member in declared.members),
            )
        )
    else:
        read.refuse(line, declared)
