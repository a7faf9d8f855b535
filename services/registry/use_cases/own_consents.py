"""A person reads what they consented to, in words, and ends what they no longer consent to."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from services.registry.domain.purposes import Disclosures, Words, disclosures
from services.registry.storage.access_log import Disclosed, log_access, region_of_person
from services.registry.storage.consents import RecordedConsent, read_consent, read_consents_of
from services.registry.storage.policies import read_partner_names
from services.registry.use_cases.collaborators import Collaborators
from services.registry.use_cases.read_access_log import nobody_registered, own_id, own_look_up
from services.registry.use_cases.record_consent import (
    CONSENTS,
    ConsentNotFoundError,
    end_consent,
)
from shared.runtime.ids import new_id


class ToldConsent(NamedTuple):
    """A consent in the words of the person who gave it."""

    consent_id: UUID
    partner: Words
    purpose: Words
    attributes: Sequence[tuple[str, Words]]
    valid_from: date
    valid_until: date
    recorded_at: datetime
    withdrawn_at: datetime | None


async def read_own_consents(
    subject: str, *, after: UUID | None, limit: int, using: Collaborators
) -> list[ToldConsent]:
    """Return a page of what the person of a token consented to, the newest first, withdrawn or not.

    Raises:
        NotAPersonError: The token names nobody who is registered.
    """
    person_id = own_id(subject)
    look_up = own_look_up(person_id)
    access = look_up.as_access("read-consents", attributes=CONSENTS, clock=using.clock)
    async with using.database.snapshot(look_up.scope) as tx:
        region_code = await region_of_person(tx, person_id)
        if region_code is None:
            raise nobody_registered()
        consents = await read_consents_of(tx, person_id, after=after, limit=limit)
        names = await read_partner_names(tx, sorted({consent.client for consent in consents}))
        await log_access(tx, access, [Disclosed(new_id(), region_code, person_id)])
    return [_told(consent, names=names, book=disclosures()) for consent in consents]


async def withdraw_own_consent(
    subject: str, consent_id: UUID, *, using: Collaborators
) -> ToldConsent:
    """End a consent of the person whom a token names; it stays on record as withdrawn.

    Raises:
        NotAPersonError: The token's subject is no person's.
        ConsentNotFoundError: There is none, or it is somebody else's: no answer tells which.
    """
    person_id = own_id(subject)
    look_up = own_look_up(person_id)
    async with using.database.transaction(look_up.scope) as tx:
        consent = await read_consent(tx, consent_id)
        if consent is None or consent.person_id != person_id:
            message = "There is no such consent of yours."
            raise ConsentNotFoundError(message)
        names = await read_partner_names(tx, [consent.client])
        withdrawn = await end_consent(tx, consent, look_up, using=using)
    return _told(withdrawn, names=names, book=disclosures())


def _told(
    consent: RecordedConsent, *, names: Mapping[str, tuple[str, str]], book: Disclosures
) -> ToldConsent:
    name = names.get(consent.client)
    return ToldConsent(
        consent_id=consent.consent_id,
        partner=book.office(consent.purpose) if name is None else Words(*name),
        purpose=book.sentence(consent.purpose),
        attributes=[(code, book.attribute(code)) for code in consent.attributes],
        valid_from=consent.valid_from,
        valid_until=consent.valid_until,
        recorded_at=consent.recorded_at,
        withdrawn_at=consent.withdrawn_at,
    )
