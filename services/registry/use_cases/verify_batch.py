"""Answer yes or no to what a partner says of up to a thousand persons, in one transaction.

Why not by a question each, as for one person: what a thousand items share, above all what they
claim, is worked out once, so that the process answers twice as many.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import chain
from typing import NamedTuple, TypeAlias

from services.registry.domain.policies import (
    Attribute,
    BatchNotAgreedError,
    ConsentMissingError,
    IdentifierNotAgreedError,
)
from services.registry.domain.verification import NAME_ATTRIBUTES
from services.registry.storage.look_ups import (
    AnsweredBatch,
    FoundPerson,
    StandingConsent,
    WholePerson,
    attributes_literal,
    find_persons,
    log_batch,
    read_standing_consents,
    read_whole_persons,
)
from services.registry.use_cases.agree import Agreed, IdcsMalformedError, agree, naming
from services.registry.use_cases.collaborators import Collaborators
from services.registry.use_cases.look_up import LookUp
from services.registry.use_cases.spend_quota import spend_quota
from services.registry.use_cases.verify_persons import (
    Verdict,
    Verification,
    judging,
    nobody,
    result_of,
)
from shared.runtime.ids import new_id_bytes
from shared.storage.database import RowScope, Transaction
from shared.storage.sealed import UnsealError

BATCH_ITEMS_MAX = 1_000
_ACTION = "verify-batch"
_UUID_BYTES = 16
_Answered: TypeAlias = tuple[FoundPerson, str, Verdict, bytes | None]
"""Whom an answer was about, what was asked, what it was, and the id of the consent to it."""
_CONSENT_MISSING = Verdict(verified=False, fault=ConsentMissingError.code)


class _Known(NamedTuple):
    """What the registry knows of those who are asked about."""

    persons: Sequence[FoundPerson | None]
    """For each item, whom it found."""
    whole: Mapping[bytes, WholePerson]
    """By person, of whom something is claimed that needs it."""
    consents: Mapping[bytes, Sequence[StandingConsent]]
    """By person, those to this client and for this purpose."""


async def verify_batch(
    verifications: Sequence[Verification], look_up: LookUp, *, using: Collaborators
) -> list[Verdict]:
    """Return a verdict for each of up to `BATCH_ITEMS_MAX` items, in their order.

    A fault of one item is its own: the others are answered.

    Raises:
        BatchNotAgreedError: The policy allows single questions only.
        PolicyMissingError: The client has no policy.
        PurposeNotAgreedError: Its policy does not know the purpose.
        AttributeNotAgreedError: It may not ask about all of this.
        QuotaSpentError: So many are not left of the client's day.
        UnsealError: What the registry keeps sealed of a person cannot be opened.
    """
    agreed = await agree(look_up, using=using)
    if not agreed.policy.batch:
        message = "The policy of this client allows questions about one person at a time."
        raise BatchNotAgreedError(message)
    batch = _Batch(verifications, agreed, using)
    agreed.policy.require_verified(set(chain.from_iterable(batch.literals)))
    await spend_quota(agreed.policy, len(verifications), using=using)
    keys = batch.name()
    now, today = using.clock.now(), using.clock.today()
    async with using.database.snapshot(RowScope(agreed.regions, ())) as tx:
        known = await batch.read(tx, keys, on=today)
        verdicts = batch.judge(known)
        if batch.answered:
            await log_batch(tx, batch.rows(), at=now, on=today)
    if batch.unsealable is not None:
        raise batch.unsealable
    return verdicts


class _Batch:
    """The items of one request, from their names to their verdicts."""

    def __init__(
        self, verifications: Sequence[Verification], agreed: Agreed, using: Collaborators
    ) -> None:
        self._verifications, self._agreed, self._using = verifications, agreed, using
        self._claimed = [tuple(verification.claims) for verification in verifications]
        self._faults: dict[int, Verdict] = {}
        self.literals = {
            attributes: attributes_literal(sorted(attributes)) for attributes in set(self._claimed)
        }
        """By what is claimed of somebody, in the order of the claims, how the access log has it."""
        self._judges = {
            attributes: judging(attributes, agreed, using=using) for attributes in self.literals
        }
        self.answered: list[_Answered] = []
        """What the access log must hold before the verdicts leave."""
        self.unsealable: UnsealError | None = None
        """The first fault that is the registry's own; it is told once the others are logged."""

    def name(self) -> list[tuple[bytes, ...]]:
        """Return for each item the keys to find its person by; none where it names nobody."""
        keys_of = naming(self._agreed, using=self._using)
        keys: list[tuple[bytes, ...]] = []
        for place, verification in enumerate(self._verifications):
            try:
                keys.append(keys_of(verification.identifier))
            except (IdcsMalformedError, IdentifierNotAgreedError) as error:
                keys.append(())
                self._faults[place] = Verdict(verified=False, fault=error.code)
        return keys

    async def read(self, tx: Transaction, keys: Sequence[tuple[bytes, ...]], *, on: date) -> _Known:
        """Return what the registry knows, in at most four statements."""
        sought = list(chain.from_iterable(keys))
        ids = [key for key in sought if len(key) == _UUID_BYTES]
        blinds = [key for key in sought if len(key) != _UUID_BYTES] if ids else sought
        found = await find_persons(tx, blinds=blinds, ids=ids)
        by_key = {person.idcs_blind: person for person in found}
        if ids:
            by_key |= {person.id_bytes: person for person in found}
        persons = [_first(by_key, some) for some in keys]
        whole = await self._whole(tx, persons)
        return _Known(persons, whole, await self._consents(tx, found, on=on))

    async def _whole(
        self, tx: Transaction, persons: Sequence[FoundPerson | None]
    ) -> Mapping[bytes, WholePerson]:
        about_names = {kind for kind in self.literals if not NAME_ATTRIBUTES.isdisjoint(kind)}
        if not about_names:
            return {}
        wanted = {
            person.id_bytes
            for person, attributes in zip(persons, self._claimed, strict=True)
            if attributes in about_names and person is not None
        }
        return await read_whole_persons(tx, list(wanted)) if wanted else {}

    async def _consents(
        self, tx: Transaction, found: Sequence[FoundPerson], *, on: date
    ) -> dict[bytes, list[StandingConsent]]:
        consents: dict[bytes, list[StandingConsent]] = {}
        if found and self._agreed.purpose.consent_required:
            ids = [person.id_bytes for person in found]
            standing = await read_standing_consents(tx, ids, clients=[self._agreed.client], on=on)
            for consent in standing:
                if consent.purpose == self._agreed.purpose.code:
                    consents.setdefault(consent.id_bytes, []).append(consent)
        return consents

    def judge(self, known: _Known) -> list[Verdict]:
        """Return the verdicts, and note what the access log must hold."""
        faults = self._faults
        return [
            faults[place] if place in faults else self._verdict(place, person, known)
            for place, person in enumerate(known.persons)
        ]

    def _verdict(self, place: int, person: FoundPerson | None, known: _Known) -> Verdict:
        agreed, verification = self._agreed, self._verifications[place]
        attributes, consent_id = self._claimed[place], None
        if agreed.purpose.consent_required:
            consent = _covering(person, attributes, known)
            if consent is None:
                # The same for somebody unknown: who is registered is not told by a refusal.
                return _CONSENT_MISSING
            consent_id = consent.consent_id.bytes
        if person is None:
            return nobody(verification.claims, agreed)
        whole = known.whole.get(person.id_bytes)
        try:
            verdict = self._judges[attributes](verification.claims, person, whole)
        except UnsealError as error:
            self.unsealable = self.unsealable or error
            return nobody(verification.claims, agreed)
        self.answered.append((person, self.literals[attributes], verdict, consent_id))
        return verdict

    def rows(self) -> AnsweredBatch:
        """Return the rows of the access log that tell of what was answered."""
        persons, attributes, verdicts, consent_ids = zip(*self.answered, strict=True)
        return AnsweredBatch(
            client=self._agreed.client,
            purpose=self._agreed.purpose.code,
            action=_ACTION,
            access_ids=[new_id_bytes() for _ in persons],
            attributes=attributes,
            results=[result_of(verdict) for verdict in verdicts],
            consent_ids=consent_ids,
            person_ids=[person.id_bytes for person in persons],
            region_codes=[person.region_code for person in persons],
        )


def _first(by_key: Mapping[bytes, FoundPerson], keys: Sequence[bytes]) -> FoundPerson | None:
    # While index keys rotate a person stands under one of several blind indexes.
    for key in keys:
        if key in by_key:
            return by_key[key]
    return None


def _covering(
    person: FoundPerson | None, attributes: Sequence[Attribute], known: _Known
) -> StandingConsent | None:
    """Return the consent of a person that covers what is claimed."""
    consents = () if person is None else known.consents.get(person.id_bytes, ())
    return next((one for one in consents if set(attributes) <= set(one.attributes)), None)
