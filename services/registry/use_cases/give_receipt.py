"""File a declaration with its evidence, and give the receipt for it."""

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple
from uuid import UUID

from services.registry.domain.receipts import ReceiptFacts, receipt_texts, verbs
from services.registry.domain.reviews import is_declared_late
from services.registry.storage.access_log import Access, Disclosed, log_access
from services.registry.storage.declarations import (
    DECLARATION_TABLE,
    EVIDENCE_COLUMN,
    Declaration,
    DeclarationSubject,
    add_declarations,
    add_subjects,
)
from services.registry.use_cases.collaborators import Collaborators
from services.registry.use_cases.declaration_made import DeclarationMade, Declarer
from services.registry.use_cases.receipts import draw_receipt_number
from services.registry.use_cases.record_persons import Recording
from shared.runtime.ids import new_id
from shared.storage.database import Transaction

DECLARED = ("declarations",)
"""What a receipt tells, as the access log names it."""


class Subject(NamedTuple):
    """A person or a household, and its part in a declaration."""

    part: str
    region_code: str
    person_id: UUID | None = None
    household_id: UUID | None = None
    version: int | None = None


@dataclass(frozen=True, slots=True)
class Filed:
    """A declaration that has taken effect."""

    made: DeclarationMade
    declarer: Declarer
    recording: Recording
    declarant_id: UUID | None
    main: UUID | None
    """The household that the declaration is about, if it is about one."""
    subjects: tuple[Subject, ...]
    effective_on: date


@dataclass(frozen=True, slots=True)
class Receipt:
    """What somebody who declared takes home; the sentences are for citizens."""

    declaration: Declaration
    subjects: tuple[Subject, ...]
    text_ar: str
    text_fr: str


async def give_receipt(tx: Transaction, filed: Filed, *, using: Collaborators) -> Receipt:
    """File a declaration, log whom it concerned, and return the receipt."""
    declaration = _declaration(filed, using)
    await add_declarations(tx, [declaration])
    await add_subjects(
        tx,
        [
            DeclarationSubject(
                declaration.declaration_id,
                position,
                subject.region_code,
                subject.part,
                subject.person_id,
                subject.household_id,
                subject.version,
            )
            for position, subject in enumerate(filed.subjects)
        ],
    )
    await _log(tx, filed, using)
    return receipt_of(declaration, filed.subjects)


def receipt_of(declaration: Declaration, subjects: tuple[Subject, ...]) -> Receipt:
    """Return the receipt of a declaration on file."""
    text_ar, text_fr = receipt_texts(
        ReceiptFacts(
            declaration.receipt_number,
            declaration.verb,
            declaration.occurred_on,
            declaration.effective_on,
            declaration.declared_on,
            declaration.late,
        )
    )
    return Receipt(declaration, subjects, text_ar, text_fr)


def _declaration(filed: Filed, using: Collaborators) -> Declaration:
    made, recording = filed.made, filed.recording
    code = made.verb.code
    main = None
    if filed.main is not None:
        main = next(subject for subject in filed.subjects if subject.household_id == filed.main)
    evidence = None
    if made.evidence_reference is not None:
        evidence = using.sealed.seal(
            made.evidence_reference,
            table=DECLARATION_TABLE,
            column=EVIDENCE_COLUMN,
            row_id=recording.job_id,
        )
    return Declaration(
        recording.job_id,
        (main or filed.subjects[0]).region_code,
        draw_receipt_number(),
        code,
        filed.declarer.client,
        filed.main,
        None if main is None else main.version,
        filed.declarant_id,
        made.occurred_on,
        filed.effective_on,
        recording.on,
        verbs()[code].is_change and is_declared_late(made.occurred_on, declared_on=recording.on),
        made.evidence_kind,
        evidence,
        recording.job_id,
        recording.at,
    )


async def _log(tx: Transaction, filed: Filed, using: Collaborators) -> None:
    """Log everybody whose record the answer speaks of: who changes a record has seen it."""
    access = Access(
        client=filed.declarer.client,
        purpose=filed.declarer.purpose,
        action=f"declare-{filed.made.verb.code}",
        valid_on=using.clock.today(),
        known_at=filed.recording.at,
        accessed_at=filed.recording.at,
        attributes=DECLARED,
    )
    subjects = [
        Disclosed(
            new_id(),
            subject.region_code,
            subject.person_id,
            subject.household_id,
            result="recorded",
        )
        for subject in filed.subjects
    ]
    await log_access(tx, access, subjects)
