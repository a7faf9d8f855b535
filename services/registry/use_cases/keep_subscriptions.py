"""Subscribe a partner to events of a register, and end what it subscribed to."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256
from uuid import UUID

from services.registry.domain.dci_attributes import Of
from services.registry.domain.dci_conditions import (
    EVERYTHING,
    AllOf,
    Among,
    Condition,
    Fault,
    Identified,
    RefusedQueryError,
    leaves,
    require_told,
)
from services.registry.domain.dci_contract import (
    Asker,
    Reason,
    Refusal,
    Register,
    Subscribed,
    SubscriptionWanted,
    Unsubscribed,
)
from services.registry.domain.dci_events import EventType, event_type, notified_type
from services.registry.domain.dci_filters import as_document
from services.registry.domain.dci_queries import ONE_IDENTIFIER, read_query, type_of
from services.registry.domain.dci_record_types import RecordType, is_register
from services.registry.domain.dci_schedules import read_schedule
from services.registry.domain.policies import PartnerPolicy
from services.registry.storage import dci_subscriptions as storage
from services.registry.storage.access_log import Access, Disclosed, log_access, residents
from services.registry.storage.dci_search import find_regions
from services.registry.storage.dci_subscriptions import NewSubscription, Subscriber
from services.registry.use_cases.collaborators import Collaborators
from services.registry.use_cases.policies import policy_of
from services.registry.use_cases.resolve_identifiers import check_identifiers, resolve_identifiers
from services.registry.use_cases.spend_quota import give_back_quota, spend_quota
from shared.runtime.ids import new_id
from shared.storage.database import Transaction

FILTERS_PER_CLIENT_MAX = 50
FILTERS_MAX = 500
"""Every event of their type is held against each filter, so that they are few."""
SUBSCRIBED_MAX = timedelta(days=366)

_NO_EVENT = Refusal(Reason.NOTIFY_TYPES_INVALID, "This register tells of no such events.")
_NO_RECORD = Refusal(Reason.NOTIFY_TYPES_INVALID, "This register has no such records.")
_NO_REGISTER = Refusal(Reason.NOTIFY_DETAILS_INVALID, Fault.REGISTER_UNKNOWN.refusal.message)
_NEEDS_CONSENT = Refusal(
    Reason.NOTIFY_DETAILS_INVALID, "This purpose rests on consent: events are not told for it."
)
_NO_SCHEDULE = Refusal(
    Reason.NOTIFY_DETAILS_INVALID, "The frequency is no cron expression that is known here."
)
_NO_TIME = Refusal(
    Reason.NOTIFY_DETAILS_INVALID, "The time to be notified in is over, or begins a year from now."
)
_NOBODY = Refusal(Reason.PERSON_INVALID, "Nobody within your regions has one of the identifiers.")
_TOO_MANY = Refusal(
    Reason.NOTIFY_DETAILS_INVALID, "There are too many filters by attributes; name persons instead."
)
_ALREADY = Refusal(Reason.ALREADY_SUBSCRIBED, "You are subscribed to exactly this.")
_NO_CODE = Refusal(Reason.SUBSCRIPTION_CODE_INVALID, "This register gave out no such code.")
_NOT_YOURS = Refusal(Reason.REQUESTER_INVALID, "Somebody else subscribed under this code.")
_ENDED = Refusal(Reason.ALREADY_UNSUBSCRIBED, "This subscription has ended.")


@dataclass(frozen=True, slots=True)
class _Understood:
    wanted: SubscriptionWanted
    event: EventType
    record_type: RecordType
    condition: Condition


@dataclass(frozen=True, slots=True)
class Wishes:
    """What somebody wishes to be told of, as far as it was understood, and what it takes."""

    register: Register
    asker: Asker
    policy: PartnerPolicy
    read: Sequence[_Understood | Refusal]
    named: int = 0
    """How many identifiers were taken off the quota."""
    on: date | None = None
    """Of which day."""

    def give_back(self, *, using: Collaborators) -> None:
        """Put back what was spent, since nothing of it was told."""
        if self.on is not None:
            give_back_quota(self.policy, self.named, day=self.on, using=using)


async def admit_subscriptions(
    register: Register,
    wanted: Sequence[SubscriptionWanted],
    *,
    asker: Asker,
    using: Collaborators,
) -> Wishes:
    """Let pass what an asker may wish for, and take every identifier off its quota.

    Whether one is on file is told, as by a search. Call it before a transaction is open, so that
    nobody holds a connection while waiting for the quota's.

    Args:
        register: The register whose events are wanted.
        wanted: What the asker wishes to be told.
        asker: Who asks.
        using: The registry's means.

    Raises:
        PolicyMissingError: The asker has no policy.
        PurposeNotAgreedError: Its policy does not know the purpose.
        QuotaSpentError: Its day is used up.
    """
    policy = await policy_of(asker.client, using=using)
    if policy.purpose(asker.purpose).consent_required:
        return Wishes(register, asker, policy, [_NEEDS_CONSENT] * len(wanted))
    alone = len(wanted) == 1
    read = [_understood(register, item, policy, alone=alone, using=using) for item in wanted]
    conditions = [
        leaf for item in read if isinstance(item, _Understood) for leaf in leaves(item.condition)
    ]
    named = sum(len(leaf.values) for leaf in conditions if isinstance(leaf, Identified))
    on = using.clock.today()
    if named:
        await spend_quota(policy, named, using=using)
    return Wishes(register, asker, policy, read, named, on)


async def add_subscriptions(
    tx: Transaction, wishes: Wishes, *, using: Collaborators
) -> list[Subscribed | Refusal]:
    """Subscribe an asker, and return a code or a refusal for each wish, in their order.

    Whoever is named in a filter must be on file within the asker's regions, and finds in their own
    access log that they are followed.

    Args:
        tx: The open transaction, of a role that sees every region.
        wishes: What was admitted.
        using: The registry's means.
    """
    asker, policy, read = wishes.asker, wishes.policy, wishes.read
    understood = [item for item in read if isinstance(item, _Understood)]
    resolved = await resolve_identifiers(
        tx, AllOf(tuple(item.condition for item in understood)), policy=policy, using=using
    )
    conditions = resolved.parts if isinstance(resolved, AllOf) else ()
    subscriber = Subscriber(
        asker.client, asker.sender_id, asker.purpose, policy.within(asker.regions)
    )
    regions_of = await _regions_of(tx, resolved, subscriber)
    made = iter(
        [
            _subscription(item, condition, regions_of, using)
            for item, condition in zip(understood, conditions, strict=True)
        ]
    )
    answers = [item if isinstance(item, Refusal) else next(made) for item in read]
    return await _add(tx, wishes.register, answers, subscriber, using)


def _understood(
    register: Register,
    wanted: SubscriptionWanted,
    policy: PartnerPolicy,
    *,
    alone: bool,
    using: Collaborators,
) -> _Understood | Refusal:
    if not is_register(register, wanted.reg_type):
        return _NO_REGISTER
    event = event_type(register, wanted.event_type)
    kind = None if event is None else notified_type(event, wanted.notify_record_type)
    if event is None or kind is None:
        return _NO_EVENT if event is None else _NO_RECORD
    if wanted.frequency is not None and read_schedule(wanted.frequency) is None:
        return _NO_SCHEDULE
    try:
        condition = _condition(register, wanted, policy, alone=alone, using=using)
    except RefusedQueryError as error:
        is_identifier = error.refusal == Fault.IDENTIFIER_MALFORMED.refusal
        reason = Reason.PERSON_INVALID if is_identifier else Reason.NOTIFY_DETAILS_INVALID
        return Refusal(reason, error.refusal.message)
    return _Understood(wanted, event, kind, condition)


def _condition(
    register: Register,
    wanted: SubscriptionWanted,
    policy: PartnerPolicy,
    *,
    alone: bool,
    using: Collaborators,
) -> Condition:
    condition: Condition = EVERYTHING
    if wanted.filter is not None:
        condition = read_query(register, wanted.filter_type, wanted.filter)
    if not policy.batch and not (alone and _names_one(wanted)):
        raise RefusedQueryError(Fault.BATCH_NOT_AGREED)
    require_told(condition, told=policy.told)
    check_identifiers(condition, policy=policy, using=using)
    return condition


def _names_one(wanted: SubscriptionWanted) -> bool:
    """Return whether a wish is about the one subject whom it names."""
    return (
        wanted.filter is not None and type_of(wanted.filter_type, wanted.filter) == ONE_IDENTIFIER
    )


async def _regions_of(
    tx: Transaction, condition: Condition, subscriber: Subscriber
) -> dict[UUID, str]:
    """Return the region codes of everybody named who lies within the subscriber's regions."""
    regions_of: dict[UUID, str] = {}
    for of in Of:
        ids = {
            subject_id
            for leaf in leaves(condition)
            if isinstance(leaf, Among) and leaf.of is of
            for subject_id in leaf.ids
        }
        if ids:
            regions_of |= await find_regions(tx, list(ids), of=of, regions=subscriber.regions)
    return regions_of


def _subscription(
    item: _Understood, condition: Condition, regions_of: dict[UUID, str], using: Collaborators
) -> NewSubscription | Refusal:
    now = using.clock.now()
    starts_at = max(now, item.wanted.starts_at or now)
    ends_at = min(item.wanted.ends_at or now + SUBSCRIBED_MAX, now + SUBSCRIBED_MAX)
    if ends_at <= starts_at:
        return _NO_TIME
    named = [leaf for leaf in leaves(condition) if isinstance(leaf, Among)]
    asked = [leaf for leaf in leaves(item.condition) if isinstance(leaf, Identified)]
    for leaf, identifiers in zip(named, asked, strict=True):
        known = [subject_id for subject_id in leaf.ids if subject_id in regions_of]
        if len(known) < len(set(identifiers.values)):
            return _NOBODY
    subjects: tuple[tuple[UUID, str], ...] = ()
    if isinstance(condition, Among):
        subjects = tuple((subject_id, regions_of[subject_id]) for subject_id in condition.ids)
    document = as_document(condition)
    frequency = item.wanted.frequency
    content = json.dumps([item.event, item.record_type, frequency, document], sort_keys=True)
    return NewSubscription(
        code=f"SUB-{new_id().hex.upper()}",
        event_type=item.event,
        record_type=item.record_type,
        notify_uri=item.wanted.notify_uri,
        filter=document,
        filter_digest=sha256(content.encode()).digest(),
        subjects=subjects,
        named=tuple(
            (leaf.of, subject_id, regions_of[subject_id])
            for leaf in named
            for subject_id in leaf.ids
            if subject_id in regions_of
        ),
        starts_at=starts_at,
        ends_at=ends_at,
        frequency=frequency,
    )


async def _add(
    tx: Transaction,
    register: Register,
    answers: Sequence[NewSubscription | Refusal],
    subscriber: Subscriber,
    using: Collaborators,
) -> list[Subscribed | Refusal]:
    now = using.clock.now()
    wished = [item for item in answers if isinstance(item, NewSubscription)]
    await storage.end_expired(
        tx, subscriber.client, [item.filter_digest for item in wished], at=now
    )
    own, everybodys = await storage.count_filters(tx, subscriber.client)
    room = max(0, min(FILTERS_PER_CLIENT_MAX - own, FILTERS_MAX - everybodys))
    filters = [item.code for item in wished if not item.subjects]
    beyond = set(filters[room:])
    fitting = [item for item in wished if item.code not in beyond]
    added = await storage.add(tx, fitting, subscriber=subscriber, at=now) if fitting else set()
    await _log(tx, register, wished, added, subscriber=subscriber, using=using)
    outcome: list[Subscribed | Refusal] = []
    for item in answers:
        if isinstance(item, Refusal):
            outcome.append(item)
        elif item.code in beyond:
            outcome.append(_TOO_MANY)
        else:
            outcome.append(Subscribed(item.code) if item.code in added else _ALREADY)
    return outcome


async def _log(
    tx: Transaction,
    register: Register,
    wished: Sequence[NewSubscription],
    added: Collection[str],
    *,
    subscriber: Subscriber,
    using: Collaborators,
) -> None:
    """Log whoever is named in a filter: that they are on file is told, followed or not."""
    now = using.clock.now()
    access = Access(
        client=subscriber.client,
        purpose=subscriber.purpose,
        action=f"dci-{register}-subscribe",
        valid_on=using.clock.today(),
        known_at=now,
        accessed_at=now,
        attributes=("registered",),
    )
    disclosed = []
    for item in wished:
        result = "subscribed" if item.code in added else "disclosed"
        # Whoever asks for a household asks for those who live in it: each of them sees that.
        households = {own: region for of, own, region in item.named if of is Of.HOUSEHOLD}
        named: list[tuple[str, UUID | None, UUID | None]] = [
            *((region, own, None) for of, own, region in item.named if of is Of.PERSON),
            *((region, None, own) for own, region in households.items()),
            *(
                (households[own], person_id, own)
                for person_id, own in await residents(tx, list(households))
            ),
        ]
        disclosed += [Disclosed(new_id(), *one, result=result) for one in named]
    if disclosed:
        await log_access(tx, access, disclosed)


async def end_subscriptions(
    tx: Transaction,
    register: Register,
    codes: Sequence[str],
    *,
    asker: Asker,
    using: Collaborators,
) -> list[Unsubscribed | Refusal]:
    """End an asker's subscriptions to a register, and return what became of each code, in order."""
    events = [event.value for event in EventType if event.register is register]
    ended = await storage.end(
        tx, codes, client=asker.client, event_types=events, at=using.clock.now()
    )
    owners = await storage.owners(tx, codes)
    answers: list[Unsubscribed | Refusal] = []
    for code in codes:
        if code in ended:
            ended.discard(code)
            answers.append(Unsubscribed(code))
        elif code not in owners:
            answers.append(_NO_CODE)
        else:
            answers.append(_ENDED if owners[code] == asker.client else _NOT_YOURS)
    return answers
