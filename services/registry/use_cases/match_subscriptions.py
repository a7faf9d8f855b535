"""Find the subscriptions that an event of the registry is for, and make notifications due."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import structlog

from services.registry.domain.dci_conditions import dated
from services.registry.domain.dci_events import EventType
from services.registry.domain.dci_filters import UnreadableFilterError, from_document
from services.registry.domain.dci_record_types import RecordType
from services.registry.domain.dci_schedules import read_schedule
from services.registry.events.consumed import OwnHousehold, OwnPersonStatus
from services.registry.storage.dci_notifications import (
    Match,
    NewNotification,
    Occurrence,
    Waiting,
    add_notifications,
    awaited,
    match_filters,
    match_subjects,
    read_waiting,
)
from services.registry.storage.dci_occurrences import (
    MemberRecorded,
    deceased,
    life_events,
    members_recorded,
)
from services.registry.storage.dci_subscriptions import end_failed
from services.registry.use_cases.collaborators import Collaborators
from shared.runtime.clock import CASABLANCA
from shared.runtime.ids import new_id
from shared.storage.database import Transaction

log = structlog.get_logger(__name__)

_DECEASED = "deceased"
_OF_HOUSEHOLDS = (
    (EventType.REGISTER, RecordType.GROUP),
    (EventType.REGISTER, RecordType.MEMBER),
    (EventType.NEW_MEMBER, RecordType.GROUP),
    (EventType.NEW_MEMBER, RecordType.MEMBER),
    (EventType.LIVE_BIRTH, RecordType.CIVIL_PERSON),
    (EventType.MARRIAGE, RecordType.CIVIL_PERSON),
    (EventType.DIVORCE, RecordType.CIVIL_PERSON),
)
_DEATH = (EventType.DEATH, RecordType.CIVIL_PERSON)
_VERBS = {"marriage": EventType.MARRIAGE, "separation": EventType.DIVORCE}


@dataclass(slots=True)
class _Happened:
    """Occurrences of one event type, and whom besides its subject each one concerns."""

    occurrences: dict[UUID, Occurrence] = field(default_factory=dict)
    """By subject; an event tells of a subject once."""
    besides: dict[UUID, frozenset[UUID]] = field(default_factory=dict)

    def add(self, occurrence: Occurrence, besides: frozenset[UUID] = frozenset()) -> None:
        self.occurrences[occurrence.subject_id] = occurrence
        self.besides[occurrence.subject_id] = besides


async def match_households(
    tx: Transaction, items: Sequence[OwnHousehold], *, at: datetime, using: Collaborators
) -> None:
    """Make due what recorded households mean to subscribers: registrations, members, vital events.

    Args:
        tx: The transaction that claims the event; its role sees every region.
        items: Versions of households, in their order.
        at: The instant of the event.
        using: The registry's means.
    """
    wanted = await awaited(tx, _OF_HOUSEHOLDS, at=at)
    if not wanted:
        return
    versions = [(item.household_id, item.version) for item in items]
    members = await members_recorded(tx, versions)
    happened = _in_households(members)
    for event in await life_events(tx, versions):
        happened[_VERBS[event.verb], RecordType.CIVIL_PERSON].add(
            Occurrence(event.person_id, event.region_code, event.declaration_id, 0)
        )
    for event_type, record_type in _OF_HOUSEHOLDS:
        if (event_type, record_type) in wanted:
            await _make_due(
                tx,
                happened[event_type, record_type],
                (event_type, record_type),
                at=at,
                using=using,
            )


async def match_deaths(
    tx: Transaction, items: Sequence[OwnPersonStatus], *, at: datetime, using: Collaborators
) -> None:
    """Make due what a person's death means to subscribers.

    Args:
        tx: The transaction that claims the event; its role sees every region.
        items: Changed statuses, of which only deaths are told.
        at: The instant of the event.
        using: The registry's means.
    """
    died = {item.person_id: item.version for item in items if item.status == _DECEASED}
    if not died or not await awaited(tx, [_DEATH], at=at):
        return
    happened = _Happened()
    for person_id, region_code in (await deceased(tx, list(died))).items():
        happened.add(Occurrence(person_id, region_code, person_id, died[person_id]))
    await _make_due(tx, happened, _DEATH, at=at, using=using)


def _in_households(
    members: Iterable[MemberRecorded],
) -> defaultdict[tuple[EventType, RecordType], _Happened]:
    """Return what happened in households, by event and by what its records are of."""
    happened: defaultdict[tuple[EventType, RecordType], _Happened] = defaultdict(_Happened)
    together: defaultdict[tuple[UUID, int], list[MemberRecorded]] = defaultdict(list)
    for member in members:
        together[member.household_id, member.version].append(member)
    for recorded in together.values():
        everybody = frozenset(member.person_id for member in recorded)
        for member in recorded:
            besides = everybody | {member.household_id}
            for kind in _kinds(member):
                happened[kind].add(_occurrence(kind, member), besides)
    return happened


def _kinds(member: MemberRecorded) -> Iterable[tuple[EventType, RecordType]]:
    """Return the events that a member of a recorded household stands for."""
    if member.is_current:
        yield from ((EventType.REGISTER, kind) for kind in (RecordType.GROUP, RecordType.MEMBER))
    if member.is_new:
        yield from ((EventType.NEW_MEMBER, kind) for kind in (RecordType.GROUP, RecordType.MEMBER))
    if member.is_born:
        yield EventType.LIVE_BIRTH, RecordType.CIVIL_PERSON


def _occurrence(kind: tuple[EventType, RecordType], member: MemberRecorded) -> Occurrence:
    event_type, record_type = kind
    if event_type is EventType.LIVE_BIRTH:
        # Nobody is born twice, whichever household says so.
        return Occurrence(member.person_id, member.region_code, member.person_id, 0)
    is_group = record_type is RecordType.GROUP
    subject_id = member.household_id if is_group else member.person_id
    return Occurrence(subject_id, member.region_code, member.household_id, member.version)


async def _make_due(
    tx: Transaction,
    happened: _Happened,
    kind: tuple[EventType, RecordType],
    *,
    at: datetime,
    using: Collaborators,
) -> None:
    event_type, record_type = kind
    if not happened.occurrences:
        return
    concerned = [
        (subject_id, named_id)
        for subject_id, besides in happened.besides.items()
        for named_id in besides | {subject_id}
    ]
    matches = set(
        await match_subjects(tx, concerned, event_type=event_type, record_type=record_type, at=at)
    )
    matches.update(await _match_waiting(tx, list(happened.occurrences), kind, at=at, using=using))
    now = using.clock.now()
    due = [
        NewNotification(new_id(), match.code, happened.occurrences[match.subject_id], due_at)
        for match in matches
        if (due_at := _due_at(match.frequency, now)) is not None
    ]
    if due:
        await add_notifications(tx, due, event_type=event_type, at=at)


async def _match_waiting(
    tx: Transaction,
    subject_ids: Sequence[UUID],
    kind: tuple[EventType, RecordType],
    *,
    at: datetime,
    using: Collaborators,
) -> list[Match]:
    """Return the subscriptions whose filter is true of a subject; end those that cannot be tried.

    Why: an event is everybody's. A filter that fails must not keep it from the others, and what it
    fails with once it fails with on every event.
    """
    event_type, record_type = kind
    waiting, failed = [], []
    for row in await read_waiting(tx, event_type=event_type, record_type=record_type, at=at):
        try:
            condition = dated(from_document(row["filter"]), on=using.clock.today())
        except UnreadableFilterError:
            failed.append(row["code"])
        else:
            waiting.append(Waiting(row["code"], row["frequency"], tuple(row["regions"]), condition))
    matched = await match_filters(tx, waiting, subject_ids, record_type=record_type)
    failed += matched.failed
    if failed:
        await _end_failed(tx, failed, using=using)
    return matched.matches


async def _end_failed(tx: Transaction, codes: Sequence[str], *, using: Collaborators) -> None:
    ended = await end_failed(tx, codes, at=using.clock.now())
    for code in ended:
        log.error("subscription-failed", subscription=code)
    using.metrics.counter(
        "sanad_registry_dci_subscriptions_failed",
        "Subscriptions ended because their filter cannot be held against an event.",
    ).inc(len(ended))


def _due_at(frequency: str | None, now: datetime) -> datetime | None:
    """Return when a subscriber is told, None if their schedule knows no more such time."""
    schedule = None if frequency is None else read_schedule(frequency)
    return now if schedule is None else schedule.next_time(now, zone=CASABLANCA)
