"""Declarations, whom they are about, and the receipts given for them."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from psycopg.rows import tuple_row

from services.registry.storage.appending import append_rows
from services.registry.storage.tables import DeclarationRow, DeclarationSubjectRow
from shared.storage.copy import column_names, column_types
from shared.storage.database import Transaction

DECLARATION_TABLE = "declaration"
EVIDENCE_COLUMN = "evidence_sealed"
_NOT_OURS = ("written_in",)
_COLUMNS = column_names(DeclarationRow, without=_NOT_OURS)
_TYPES = column_types(DeclarationRow, without=_NOT_OURS)
_SUBJECT_COLUMNS = column_names(DeclarationSubjectRow)
_SUBJECT_TYPES = column_types(DeclarationSubjectRow)


class Declaration(NamedTuple):
    """A declaration, in the order of its columns."""

    declaration_id: UUID
    region_code: str
    receipt_number: str
    verb: str
    client: str | None
    household_id: UUID | None
    version: int | None
    declarant_id: UUID | None
    occurred_on: date
    effective_on: date
    declared_on: date
    late: bool
    evidence_kind: str | None
    evidence_sealed: bytes | None
    recorded_in: UUID
    recorded_at: datetime


class DeclarationSubject(NamedTuple):
    """A person or household that a declaration is about, in the order of its columns."""

    declaration_id: UUID
    position: int
    region_code: str
    part: str
    person_id: UUID | None
    household_id: UUID | None
    version: int | None


async def add_declarations(tx: Transaction, declarations: Sequence[Declaration]) -> None:
    """Keep declarations; none is ever changed."""
    await append_rows(tx, DECLARATION_TABLE, _COLUMNS, declarations, types=_TYPES)


async def add_subjects(tx: Transaction, subjects: Sequence[DeclarationSubject]) -> None:
    """Keep whom declarations are about."""
    await append_rows(tx, "declaration_subject", _SUBJECT_COLUMNS, subjects, types=_SUBJECT_TYPES)


async def read_declaration(tx: Transaction, declaration_id: UUID) -> Declaration | None:
    """Return a declaration."""
    return await _read(tx, "declaration_id = %(wanted)s", declaration_id)


async def find_declaration(tx: Transaction, receipt_number: str) -> Declaration | None:
    """Return the declaration that a receipt was given for."""
    return await _read(tx, "receipt_number = %(wanted)s", receipt_number)


async def _read(tx: Transaction, condition: str, wanted: UUID | str) -> Declaration | None:
    cursor = tx.cursor(row_factory=tuple_row)
    await cursor.execute(
        f"SELECT {', '.join(_COLUMNS)} FROM declaration WHERE {condition}",  # noqa: S608 -- ours
        {"wanted": wanted},
    )
    row = await cursor.fetchone()
    return None if row is None else Declaration(*row)


async def read_subjects(tx: Transaction, declaration_id: UUID) -> list[DeclarationSubject]:
    """Return whom a declaration is about, in the order in which they were named."""
    cursor = tx.cursor(row_factory=tuple_row)
    await cursor.execute(
        f"SELECT {', '.join(_SUBJECT_COLUMNS)} FROM declaration_subject"  # noqa: S608 -- ours
        " WHERE declaration_id = %(declaration_id)s ORDER BY position",
        {"declaration_id": declaration_id},
    )
    return [DeclarationSubject(*row) for row in await cursor.fetchall()]
