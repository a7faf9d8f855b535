"""Recording how households are reached, and telling those that were waited for."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.notifications.domain.phones import is_moroccan_mobile
from services.notifications.storage.contacts import PHONE_COLUMN, TABLE, Contact, store_contacts
from services.notifications.storage.regions import keep_regions
from services.notifications.use_cases.address_waiting import address_waiting
from services.notifications.use_cases.collaborators import Collaborators
from shared.messaging.sealed_fields import UnsealFieldError
from shared.storage.database import Transaction

IN_THREAD_FROM = 50
PHONE_FIELD = "phone"
REGISTRY = "registry"


@dataclass(frozen=True, slots=True)
class ToldContact:
    """A contact as the registry tells it, the phone sealed for us."""

    household_id: UUID
    region_code: str
    version: int
    language: str
    review_date: date | None
    phone: str | None


async def record_contacts(
    tx: Transaction,
    told: Sequence[ToldContact],
    *,
    event_type: str,
    collaborators: Collaborators,
) -> dict[UUID, str]:
    """Keep the newest contact of each household and address the messages that waited for it.

    Where a household lives is kept even if its phone is refused.

    Returns:
        For each household whose contact was refused, the code that says why.
    """
    await keep_regions(tx, [(item.household_id, item.region_code, item.version) for item in told])
    newest: dict[UUID, ToldContact] = {}
    for item in told:
        known = newest.get(item.household_id)
        if known is None or item.version > known.version:
            newest[item.household_id] = item
    arguments = (list(newest.values()), event_type, collaborators)
    if len(newest) < IN_THREAD_FROM:
        contacts, refused = _sealed_contacts(*arguments)
    else:
        contacts, refused = await asyncio.to_thread(_sealed_contacts, *arguments)
    changed = await store_contacts(tx, contacts, at=collaborators.clock.now())
    if changed:
        await address_waiting(tx, changed, collaborators=collaborators)
    return refused


def _sealed_contacts(
    told: Sequence[ToldContact], event_type: str, collaborators: Collaborators
) -> tuple[list[Contact], dict[UUID, str]]:
    contacts, refused = [], {}
    for item in told:
        phone = None
        if item.phone is not None:
            try:
                phone = collaborators.sealed_fields.unseal(
                    item.phone,
                    sender=REGISTRY,
                    event_type=event_type,
                    subject=item.household_id,
                    field=PHONE_FIELD,
                )
            except UnsealFieldError:
                refused[item.household_id] = "notifications.phone-unreadable"
                continue
            if not is_moroccan_mobile(phone):
                refused[item.household_id] = "notifications.phone-malformed"
                continue
        contacts.append(_contact(item, phone, collaborators))
    return contacts, refused


def _contact(item: ToldContact, phone: str | None, collaborators: Collaborators) -> Contact:
    sealed, index = None, None
    if phone is not None:
        sealed = collaborators.sealed.seal(
            phone, table=TABLE, column=PHONE_COLUMN, row_id=item.household_id
        )
        index = collaborators.sealed.blind(PHONE_FIELD, phone)
    return Contact(
        household_id=item.household_id,
        region_code=item.region_code,
        version=item.version,
        language=item.language,
        phone_sealed=sealed,
        phone_index=index,
        review_date=item.review_date,
    )
