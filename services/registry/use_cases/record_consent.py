"""Record that a person consented, read their consents, and end one at their wish."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import ClassVar
from uuid import UUID

from services.registry.domain.policies import Attribute, PartnerPolicy, PolicyMissingError
from services.registry.storage.access_log import Disclosed, log_access
from services.registry.storage.consents import (
    EVIDENCE_COLUMN,
    TABLE,
    NewConsent,
    RecordedConsent,
    WithdrawnConsent,
    add_consent,
    read_consent,
    read_consents_of,
    read_withdrawn,
    withdraw,
)
from services.registry.storage.look_ups import FoundPerson, find_persons
from services.registry.use_cases.agree import Identifier, Named, idcs_blinds
from services.registry.use_cases.collaborators import Collaborators
from services.registry.use_cases.look_up import LookUp
from services.registry.use_cases.policies import policy_of
from services.registry.use_cases.read_person import PersonNotFoundError
from services.registry.use_cases.spend_quota import spend_quota
from shared.kernel.errors import DomainError, ErrorKind
from shared.runtime.clock import CASABLANCA
from shared.runtime.ids import new_id
from shared.storage.database import RowScope, Transaction

CONSENT_DAYS_MAX = 5 * 366
CONSENTS = ("consents",)
"""What a consent tells of a person, as the access log names it."""
_NOBODY = "There is no such person within your regions."


class ConsentNotFoundError(DomainError):
    """There is no such consent within the caller's regions, or it is not the caller's."""

    code: ClassVar[str] = "registry.consent-not-found"
    kind: ClassVar[ErrorKind] = ErrorKind.NOT_FOUND


class ConsentPeriodError(DomainError):
    """The consent ends before it begins, has ended, or lasts longer than anybody may consent."""

    code: ClassVar[str] = "registry.consent-period"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID


class ConsentOfAnotherError(DomainError):
    """A partner records consents given to itself, and no others."""

    code: ClassVar[str] = "registry.consent-of-another"
    kind: ClassVar[ErrorKind] = ErrorKind.FORBIDDEN


class ConsentWithdrawnError(DomainError):
    """The person withdrew it: only what they consented to after that day, proved anew, is taken."""

    code: ClassVar[str] = "registry.consent-withdrawn"
    kind: ClassVar[ErrorKind] = ErrorKind.CONFLICT
    person: FoundPerson | None = None


@dataclass(frozen=True, slots=True)
class GivenConsent:
    """What a person consented to, and what proves it."""

    identifier: Identifier
    client: str
    purpose: str
    attributes: frozenset[Attribute]
    valid_from: date
    valid_until: date
    evidence_kind: str
    evidence_reference: str
    """Where the proof is kept; sealed in the row."""


@dataclass(frozen=True, slots=True)
class AdmittedConsent:
    """A consent that the caller may record, of whom, and where."""

    given: GivenConsent
    place: Named
    scope: RowScope
    """Of a partner, the regions that both its token and its policy hold."""
    payer: PartnerPolicy | None
    """Whose quota it was taken off; None for an office."""


async def admit_consent(
    given: GivenConsent, look_up: LookUp, *, clerk: bool, using: Collaborators
) -> AdmittedConsent:
    """Let pass a consent that the caller may record, before anybody is looked up.

    What becomes of it tells a partner whether somebody is registered, as a question does: it is
    taken off the same quota, before the transaction of the request and in its own.

    Args:
        given: The consent.
        look_up: Who records it.
        clerk: Whether the caller acts for an office, and not for a partner.
        using: The registry's means.

    Raises:
        ConsentPeriodError: Its days cannot be.
        ConsentOfAnotherError: A partner records a consent that was not given to it.
        PolicyMissingError: The client consented to has no policy.
        PurposeNotAgreedError: Its policy does not know the purpose.
        AttributeNotAgreedError: Its policy does not cover all attributes.
        IdcsMalformedError: The IDCS is not well formed.
        QuotaSpentError: The partner's day is used up.
    """
    days = (given.valid_until - given.valid_from).days
    if not 0 <= days <= CONSENT_DAYS_MAX or given.valid_until < using.clock.today():
        message = "A consent begins before it ends, has not ended, and lasts five years at most."
        raise ConsentPeriodError(message)
    owner = await _only_for(look_up.client, clerk=clerk, using=using)
    if owner not in (None, given.client):
        message = "A partner records the consents that were given to itself."
        raise ConsentOfAnotherError(message)
    policy = await policy_of(given.client, using=using)
    policy.purpose(given.purpose)
    policy.require_verified(given.attributes)
    place = _place(given.identifier, look_up, using=using)
    if owner is None:
        return AdmittedConsent(given, place, look_up.scope, payer=None)
    await spend_quota(policy, 1, using=using)
    scope = replace(look_up.scope, regions=policy.within(look_up.scope.regions))
    return AdmittedConsent(given, place, scope, payer=policy)


async def record_consent(
    tx: Transaction, admitted: AdmittedConsent, look_up: LookUp, *, using: Collaborators
) -> RecordedConsent:
    """Record a consent in the caller's transaction, which is of its scope and logs it too.

    Raises:
        PersonNotFoundError: There is no such person within the caller's regions.
        ConsentWithdrawnError: The person withdrew such a consent since, or this very one.
    """
    given = admitted.given
    person = await _find(tx, admitted.place)
    withdrawn = await read_withdrawn(
        tx, person.person_id, client=given.client, purpose=given.purpose
    )
    if _comes_again(given, withdrawn, using=using):
        message = "The person withdrew it; ask them for another consent, from a later day on."
        error = ConsentWithdrawnError(message)
        error.person = person
        raise error
    consent_id = new_id()
    evidence = using.sealed.seal(
        given.evidence_reference, table=TABLE, column=EVIDENCE_COLUMN, row_id=consent_id
    )
    consent = NewConsent(
        consent_id=consent_id,
        region_code=person.region_code,
        person_id=person.person_id,
        client=given.client,
        purpose=given.purpose,
        attributes=sorted(given.attributes),
        valid_from=given.valid_from,
        valid_until=given.valid_until,
        evidence_kind=given.evidence_kind,
        evidence_sealed=evidence,
        recorded_at=using.clock.now(),
        recorded_by=look_up.client,
    )
    await add_consent(tx, consent)
    recorded = await read_consent(tx, consent_id)
    if recorded is None:
        raise ConsentNotFoundError(_NOBODY)
    await _log(tx, recorded, look_up, result="consent-recorded", using=using)
    return recorded


async def log_refused_consent(
    person: FoundPerson, admitted: AdmittedConsent, look_up: LookUp, *, using: Collaborators
) -> None:
    """Log that a withdrawn consent came again: to be refused for that tells of the person, too."""
    result = "consent-refused"
    access = look_up.as_access(result, attributes=CONSENTS, clock=using.clock)
    subject = Disclosed(new_id(), person.region_code, person.person_id, result=result)
    async with using.database.transaction(admitted.scope) as tx:
        await log_access(tx, access, [subject])


async def withdraw_consent(
    consent_id: UUID, look_up: LookUp, *, clerk: bool, using: Collaborators
) -> RecordedConsent:
    """End a consent at the person's wish, a partner its own; ending it twice is ending it once.

    Raises:
        ConsentNotFoundError: There is none within the caller's regions, or not the caller's own.
    """
    owner = await _only_for(look_up.client, clerk=clerk, using=using)
    async with using.database.transaction(look_up.scope) as tx:
        consent = await read_consent(tx, consent_id)
        if consent is None or owner not in (None, consent.client):
            message = "There is no such consent within your regions."
            raise ConsentNotFoundError(message)
        return await end_consent(tx, consent, look_up, using=using)


async def end_consent(
    tx: Transaction, consent: RecordedConsent, look_up: LookUp, *, using: Collaborators
) -> RecordedConsent:
    """End a consent that the caller may end, and log that; ending it twice is ending it once."""
    await withdraw(tx, consent, at=using.clock.now(), by=look_up.client)
    withdrawn = await read_consent(tx, consent.consent_id) or consent
    await _log(tx, withdrawn, look_up, result="consent-withdrawn", using=using)
    return withdrawn


async def read_consents(
    person_id: UUID, look_up: LookUp, *, after: UUID | None, limit: int, using: Collaborators
) -> list[RecordedConsent]:
    """Return a page of a person's consents, the newest first; the row of it is committed.

    Raises:
        PersonNotFoundError: There is no such person within the caller's regions.
    """
    async with using.database.snapshot(look_up.scope) as tx:
        found = await find_persons(tx, blinds=(), ids=[person_id.bytes])
        if not found:
            raise PersonNotFoundError(_NOBODY)
        consents = await read_consents_of(tx, person_id, after=after, limit=limit)
        access = look_up.as_access("read-consents", attributes=CONSENTS, clock=using.clock)
        await log_access(tx, access, [Disclosed(new_id(), found[0].region_code, person_id)])
    return consents


async def _only_for(client: str, *, clerk: bool, using: Collaborators) -> str | None:
    """Return the client whose consents alone a caller may touch: a partner's own; None for all."""
    try:
        return (await policy_of(client, using=using)).client
    except PolicyMissingError:
        # A partner with whom nothing is agreed yet is no office.
        return None if clerk else client


def _comes_again(
    given: GivenConsent, withdrawn: Iterable[WithdrawnConsent], *, using: Collaborators
) -> bool:
    """Tell whether a consent was given by the day of a withdrawal, or proved by what was withdrawn.

    By the day, as a consent names no hour: one that is given again on it begins on the next.
    """
    for each in withdrawn:
        if given.valid_from <= each.withdrawn_at.astimezone(CASABLANCA).date():
            return True
        evidence = using.sealed.unseal(
            each.evidence_sealed, table=TABLE, column=EVIDENCE_COLUMN, row_id=each.consent_id
        )
        if evidence == given.evidence_reference:
            return True
    return False


def _place(identifier: Identifier, look_up: LookUp, *, using: Collaborators) -> Named:
    if identifier.token is None:
        return Named(blinds=idcs_blinds(identifier.idcs, using=using))
    person_id = using.partner_tokens.person_of(identifier.token, client=look_up.client)
    return Named(person_id=person_id)


async def _find(tx: Transaction, place: Named) -> FoundPerson:
    ids = [] if place.person_id is None else [place.person_id.bytes]
    found = await find_persons(tx, blinds=place.blinds, ids=ids)
    if not found:
        raise PersonNotFoundError(_NOBODY)
    return found[0]


async def _log(
    tx: Transaction,
    consent: RecordedConsent,
    look_up: LookUp,
    *,
    result: str,
    using: Collaborators,
) -> None:
    access = look_up.as_access(result, attributes=CONSENTS, clock=using.clock)
    subject = Disclosed(
        new_id(),
        consent.region_code,
        consent.person_id,
        result=result,
        consent_id=consent.consent_id,
    )
    await log_access(tx, access, [subject])
