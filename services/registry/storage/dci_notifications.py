"""Notifications: which subscriptions an occurrence is for, and which notifications are due."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from psycopg import DataError

from services.registry.domain.dci_conditions import Condition
from services.registry.domain.dci_record_types import RecordType
from services.registry.storage.dci_expressions import Parameters
from services.registry.storage.dci_search import select_ids
from shared.kernel.batches import batched
from shared.storage.database import Transaction

FILTERS_PER_STATEMENT_MAX = 32


class Occurrence(NamedTuple):
    """Something that happened to the subject of a record, and what caused it."""

    subject_id: UUID
    region_code: str
    cause_id: UUID
    cause_version: int
    """Cause and version tell one occurrence from another of the same type and subject."""


class Waiting(NamedTuple):
    """A subscription that filters events by attributes."""

    code: str
    frequency: str | None
    regions: tuple[str, ...]
    condition: Condition


class Match(NamedTuple):
    """A subscription that waits for what happened to a subject."""

    code: str
    frequency: str | None
    subject_id: UUID


class Matched(NamedTuple):
    """What came of holding subjects against filters."""

    matches: list[Match]
    failed: list[str]
    """The codes of subscriptions whose filters the database cannot compare."""


class NewNotification(NamedTuple):
    """An occurrence that a subscription is told of, from an instant on."""

    notification_id: UUID
    code: str
    occurrence: Occurrence
    due_at: datetime


class DueNotification(NamedTuple):
    """A notification to be queued, and what its subscription says of it."""

    notification_id: UUID
    code: str
    event_type: str
    subject_id: UUID
    record_type: str
    client: str
    sender_id: str
    purpose: str
    regions: list[str]
    notify_uri: str
    filter: dict[str, Any] | None
    """What the subscription asks about its subjects; None if it names them."""


async def awaited(
    tx: Transaction, wanted: Iterable[tuple[str, str]], *, at: datetime
) -> set[tuple[str, str]]:
    """Return those of these event and record types that anybody waits for at an instant."""
    pairs = list(wanted)
    cursor = await tx.execute(
        """
        SELECT event_type, record_type
          FROM unnest(%(event_types)s::text[], %(record_types)s::text[])
               AS wanted (event_type, record_type)
         WHERE EXISTS (SELECT FROM dci_subscription AS standing
                        WHERE standing.event_type = wanted.event_type
                          AND standing.record_type = wanted.record_type
                          AND ended_at IS NULL AND starts_at <= %(at)s AND ends_at > %(at)s)
        """,
        {
            "event_types": [event_type for event_type, _ in pairs],
            "record_types": [record_type for _, record_type in pairs],
            "at": at,
        },
    )
    return {(row["event_type"], row["record_type"]) for row in await cursor.fetchall()}


async def match_subjects(
    tx: Transaction,
    concerned: Sequence[tuple[UUID, UUID]],
    *,
    event_type: str,
    record_type: str,
    at: datetime,
) -> list[Match]:
    """Return the subscriptions that name somebody whom an event concerns.

    Args:
        tx: The open transaction, of a role that sees every region.
        concerned: The subject of an occurrence, and each person or household that it concerns.
        event_type: What happened.
        record_type: What the notifications' records are of.
        at: The instant of the event.
    """
    cursor = await tx.execute(
        """
        SELECT DISTINCT standing.code, standing.frequency, concerned.subject_id
          FROM unnest(%(subjects)s::uuid[], %(concerned)s::uuid[])
               AS concerned (subject_id, named_id)
          JOIN dci_subscription_subject AS named ON named.subject_id = concerned.named_id
          JOIN dci_subscription AS standing USING (code)
         WHERE standing.event_type = %(event_type)s AND standing.record_type = %(record_type)s
           AND ended_at IS NULL AND starts_at <= %(at)s AND ends_at > %(at)s
        """,
        {
            "subjects": [subject_id for subject_id, _ in concerned],
            "concerned": [named_id for _, named_id in concerned],
            "event_type": event_type,
            "record_type": record_type,
            "at": at,
        },
    )
    return [Match(**row) for row in await cursor.fetchall()]


async def read_waiting(
    tx: Transaction, *, event_type: str, record_type: str, at: datetime
) -> list[dict[str, Any]]:
    """Return the subscriptions that filter by attributes, their filters as documents."""
    cursor = await tx.execute(
        """
        SELECT code, frequency, regions, filter FROM dci_subscription
         WHERE event_type = %(event_type)s AND record_type = %(record_type)s AND NOT by_subject
           AND ended_at IS NULL AND starts_at <= %(at)s AND ends_at > %(at)s
         ORDER BY code
        """,
        {"event_type": event_type, "record_type": record_type, "at": at},
    )
    return await cursor.fetchall()


async def match_filters(
    tx: Transaction,
    waiting: Sequence[Waiting],
    subject_ids: Sequence[UUID],
    *,
    record_type: RecordType,
) -> Matched:
    """Return the subscriptions whose filter is true of a subject, and those whose filter fails.

    Many filters are tried in one statement, each in its subscriber's regions. If the database
    refuses that, each is tried alone: whoever asked for the impossible harms nobody else.
    """
    matched = Matched([], [])
    for some in batched(waiting, FILTERS_PER_STATEMENT_MAX):
        together = await _matches_of(tx, some, subject_ids, record_type=record_type)
        if together is not None:
            matched.matches.extend(together)
            continue
        for item in some:
            alone = await _matches_of(tx, [item], subject_ids, record_type=record_type)
            if alone is None:
                matched.failed.append(item.code)
            else:
                matched.matches.extend(alone)
    return matched


async def _matches_of(
    tx: Transaction,
    waiting: Sequence[Waiting],
    subject_ids: Sequence[UUID],
    *,
    record_type: RecordType,
) -> list[Match] | None:
    """Return the matches of some filters, None if the database cannot compare one of them."""
    parameters = Parameters(subjects=list(subject_ids))
    branches = []
    for item in waiting:
        ids = select_ids(
            record_type, item.condition, item.regions, parameters, among="%(subjects)s"
        )
        code = parameters.bind(item.code)
        branches.append(f"SELECT {code}::text AS code, id FROM ({ids}) AS matched")  # noqa: S608
    try:
        async with tx.transaction():
            cursor = await tx.execute(" UNION ALL ".join(branches).encode(), parameters.values)
            rows = await cursor.fetchall()
    except DataError:
        return None
    frequencies = {item.code: item.frequency for item in waiting}
    return [Match(row["code"], frequencies[row["code"]], row["id"]) for row in rows]


async def add_notifications(
    tx: Transaction,
    notifications: Sequence[NewNotification],
    *,
    event_type: str,
    at: datetime,
) -> None:
    """Add notifications of one event; what a subscription has already is kept."""
    await tx.execute(
        """
        INSERT INTO dci_notification (notification_id, code, event_type, subject_id, region_code,
                                      cause_id, cause_version, occurred_at, due_at)
        SELECT due.notification_id, due.code, %(event_type)s, due.subject_id, due.region_code,
               due.cause_id, due.cause_version, %(at)s, due.due_at
          FROM unnest(%(ids)s::uuid[], %(codes)s::text[], %(subjects)s::uuid[],
                      %(regions)s::text[], %(causes)s::uuid[], %(versions)s::int[],
                      %(due_at)s::timestamptz[])
               AS due (notification_id, code, subject_id, region_code, cause_id, cause_version,
                       due_at)
            ON CONFLICT DO NOTHING
        """,
        {
            "ids": [item.notification_id for item in notifications],
            "codes": [item.code for item in notifications],
            "subjects": [item.occurrence.subject_id for item in notifications],
            "regions": [item.occurrence.region_code for item in notifications],
            "causes": [item.occurrence.cause_id for item in notifications],
            "versions": [item.occurrence.cause_version for item in notifications],
            "due_at": [item.due_at for item in notifications],
            "event_type": event_type,
            "at": at,
        },
    )


async def take_due(tx: Transaction, *, at: datetime, limit: int) -> list[DueNotification]:
    """Take the oldest waiting notifications, skipping those another worker has.

    They are marked in this transaction, in which they must also be queued. Those whose subscription
    ended in the meantime are marked and left out.
    """
    cursor = await tx.execute(
        """
        WITH taken AS (
             UPDATE dci_notification SET queued_at = %(at)s
              WHERE notification_id IN (
                    SELECT notification_id FROM dci_notification
                     WHERE queued_at IS NULL AND due_at <= %(at)s
                     ORDER BY due_at, notification_id LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
             RETURNING notification_id, code, event_type, subject_id)
        SELECT taken.notification_id, code, taken.event_type, taken.subject_id,
               standing.record_type, standing.client, standing.sender_id, standing.purpose,
               standing.regions, standing.notify_uri,
               CASE WHEN NOT standing.by_subject THEN standing.filter END AS filter,
               standing.ended_at IS NULL AS stands
          FROM taken JOIN dci_subscription AS standing USING (code)
         ORDER BY taken.notification_id
        """,
        {"at": at, "limit": limit},
    )
    rows = await cursor.fetchall()
    return [DueNotification(**row) for row in rows if row.pop("stands")]


async def has_due(tx: Transaction, *, at: datetime) -> bool:
    """Return whether any notification is due and not queued."""
    cursor = await tx.execute(
        "SELECT EXISTS (SELECT FROM dci_notification"
        " WHERE queued_at IS NULL AND due_at <= %(at)s) AS any_due",
        {"at": at},
    )
    (row,) = await cursor.fetchall()
    return bool(row["any_due"])


async def forget_queued(tx: Transaction, *, before: datetime, limit: int) -> int:
    """Forget notifications queued before an instant, at most so many; return how many."""
    cursor = await tx.execute(
        """
        DELETE FROM dci_notification WHERE notification_id IN (
               SELECT notification_id FROM dci_notification
                WHERE queued_at < %(before)s ORDER BY notification_id LIMIT %(limit)s)
        """,
        {"before": before, "limit": limit},
    )
    return cursor.rowcount
