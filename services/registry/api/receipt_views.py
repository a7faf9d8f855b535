"""What the registry answers to a declaration."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel

from services.registry.use_cases.give_receipt import Receipt


class PersonPart(BaseModel):
    """A person whom a declaration is about, and their part in it."""

    part: str
    person_id: UUID


class HouseholdPart(BaseModel):
    """A household whom a declaration is about: `household` if it stands, or `dissolved`."""

    part: str
    household_id: UUID
    version: int


class ReceiptView(BaseModel):
    """The receipt of a declaration; `text_ar` and `text_fr` are for whoever declared."""

    receipt_id: UUID
    receipt_number: str
    verb: str
    household_id: UUID | None
    occurred_on: date
    effective_on: date
    declared_on: date
    late: bool
    evidence_kind: str | None
    persons: list[PersonPart]
    households: list[HouseholdPart]
    text_ar: str
    text_fr: str
    recorded_at: datetime


def receipt_view(receipt: Receipt) -> ReceiptView:
    """Return a receipt as it is answered."""
    declaration = receipt.declaration
    return ReceiptView(
        receipt_id=declaration.declaration_id,
        receipt_number=declaration.receipt_number,
        verb=declaration.verb,
        household_id=declaration.household_id,
        occurred_on=declaration.occurred_on,
        effective_on=declaration.effective_on,
        declared_on=declaration.declared_on,
        late=declaration.late,
        evidence_kind=declaration.evidence_kind,
        persons=[
            PersonPart(part=subject.part, person_id=subject.person_id)
            for subject in receipt.subjects
            if subject.person_id is not None
        ],
        households=[
            HouseholdPart(
                part=subject.part,
                household_id=subject.household_id,
                version=subject.version or 1,
            )
            for subject in receipt.subjects
            if subject.household_id is not None
        ],
        text_ar=receipt.text_ar,
        text_fr=receipt.text_fr,
        recorded_at=declaration.recorded_at,
    )
