"""Give a receipt for each household that a file declares."""

import secrets
from collections.abc import Sequence
from uuid import UUID

from services.registry.domain.receipts import RECEIPT_NUMBERS, receipt_number
from services.registry.storage.declarations import Declaration
from services.registry.use_cases.announce_households import Placement
from services.registry.use_cases.record_persons import Recording
from shared.runtime.ids import new_id


def draw_receipt_number() -> str:
    """Return a number that nobody can guess from another."""
    return receipt_number(secrets.randbelow(RECEIPT_NUMBERS))


def receipts_of_lines(
    placements: Sequence[Placement], *, recording: Recording
) -> list[Declaration]:
    """Return the declarations that the lines of a file are: without evidence, and never late."""
    return [
        Declaration(
            new_id(),
            placement.entry.household.commune.region_code,
            draw_receipt_number(),
            "registration" if placement.version == 1 else "redeclaration",
            None,
            placement.household_id,
            placement.version,
            _declarant_of(placement),
            placement.entry.household.declared_on,
            placement.entry.household.declared_on,
            placement.entry.household.declared_on,
            late=False,
            evidence_kind=None,
            evidence_sealed=None,
            recorded_in=recording.job_id,
            recorded_at=recording.at,
        )
        for placement in placements
    ]


def _declarant_of(placement: Placement) -> UUID:
    return next(
        person.person_id
        for member, person in zip(placement.entry.household.members, placement.members, strict=True)
        if member.declarant
    )
