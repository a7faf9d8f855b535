"""Subscriptions: added, ended and found for a client."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from psycopg.types.json import Jsonb

from services.registry.domain.dci_attributes import Of
from services.registry.storage.arrays import array_of_bytes
from shared.storage.database import Transaction


class NewSubscription(NamedTuple):
    """One subscription of a client's message."""

    code: str
    event_type: str
    record_type: str
    notify_uri: str
    filter: dict[str, Any]
    filter_digest: bytes
    subjects: tuple[tuple[UUID, str], ...]
    """Subjects with their region codes; empty if the filter says more than whom it is about."""
    named: tuple[tuple[Of, UUID, str], ...]
    """Whom the filter names, wherever it does, with their region codes."""
    starts_at: datetime
    ends_at: datetime
    frequency: str | None


class Subscriber(NamedTuple):
    """Who subscribes, as every subscription of one message has it."""

    client: str
    sender_id: str
    purpose: str
    regions: tuple[str, ...]


async def end_expired(
    tx: Transaction, client: str, digests: Sequence[bytes], *, at: datetime
) -> None:
    """End what has run out, so that the same may be subscribed to anew."""
    cursor = await tx.execute(
        """
        UPDATE dci_subscription SET ended_at = ends_at
         WHERE client = %(client)s AND filter_digest = ANY(%(digests)s::bytea[])
           AND ended_at IS NULL AND ends_at <= %(at)s
        RETURNING code
        """,
        {"client": client, "digests": array_of_bytes(digests), "at": at},
    )
    await _forget_subjects(tx, [row["code"] for row in await cursor.fetchall()])


async def end_all_expired(tx: Transaction, *, at: datetime, limit: int) -> int:
    """End what has run out, at most so many, and return how many did."""
    cursor = await tx.execute(
        """
        UPDATE dci_subscription SET ended_at = ends_at
         WHERE code IN (SELECT code FROM dci_subscription
                         WHERE ended_at IS NULL AND ends_at <= %(at)s
                         LIMIT %(limit)s FOR UPDATE SKIP LOCKED)
        RETURNING code
        """,
        {"at": at, "limit": limit},
    )
    codes = [row["code"] for row in await cursor.fetchall()]
    await _forget_subjects(tx, codes)
    return len(codes)


async def add(
    tx: Transaction,
    subscriptions: Sequence[NewSubscription],
    *,
    subscriber: Subscriber,
    at: datetime,
) -> set[str]:
    """Add subscriptions, and return the codes of those that the client did not have already."""
    cursor = await tx.execute(
        """
        INSERT INTO dci_subscription (code, client, sender_id, event_type, record_type, purpose,
                                      regions, notify_uri, filter, filter_digest, by_subject,
                                      frequency, starts_at, ends_at, created_at)
        SELECT wanted.code, %(client)s, %(sender_id)s, wanted.event_type, wanted.record_type,
               %(purpose)s, %(regions)s, wanted.notify_uri, wanted.filter, wanted.filter_digest,
               wanted.by_subject, wanted.frequency, wanted.starts_at, wanted.ends_at, %(at)s
          FROM unnest(%(codes)s::text[], %(event_types)s::text[], %(record_types)s::text[],
                      %(notify_uris)s::text[], %(filters)s::jsonb[], %(digests)s::bytea[],
                      %(by_subject)s::boolean[], %(frequencies)s::text[],
                      %(starts_at)s::timestamptz[], %(ends_at)s::timestamptz[])
               AS wanted (code, event_type, record_type, notify_uri, filter, filter_digest,
                          by_subject, frequency, starts_at, ends_at)
            ON CONFLICT DO NOTHING
        RETURNING code
        """,
        {
            **subscriber._asdict(),
            "regions": list(subscriber.regions),
            "at": at,
            "codes": [item.code for item in subscriptions],
            "event_types": [item.event_type for item in subscriptions],
            "record_types": [item.record_type for item in subscriptions],
            "notify_uris": [item.notify_uri for item in subscriptions],
            "filters": [Jsonb(item.filter) for item in subscriptions],
            "digests": array_of_bytes([item.filter_digest for item in subscriptions]),
            "by_subject": [bool(item.subjects) for item in subscriptions],
            "frequencies": [item.frequency for item in subscriptions],
            "starts_at": [item.starts_at for item in subscriptions],
            "ends_at": [item.ends_at for item in subscriptions],
        },
    )
    added = {row["code"] for row in await cursor.fetchall()}
    await _add_subjects(tx, [item for item in subscriptions if item.code in added])
    return added


async def _add_subjects(tx: Transaction, subscriptions: Sequence[NewSubscription]) -> None:
    named = [(item.code, *subject) for item in subscriptions for subject in item.subjects]
    await tx.execute(
        "INSERT INTO dci_subscription_subject (code, subject_id, region_code)"
        " SELECT * FROM unnest(%(codes)s::text[], %(subjects)s::uuid[], %(regions)s::text[])",
        {
            "codes": [code for code, _, _ in named],
            "subjects": [subject_id for _, subject_id, _ in named],
            "regions": [region_code for _, _, region_code in named],
        },
    )


async def count_filters(tx: Transaction, client: str) -> tuple[int, int]:
    """Return how many standing subscriptions filter by attributes: a client's, and everybody's."""
    cursor = await tx.execute(
        "SELECT count(*) FILTER (WHERE client = %(client)s) AS own, count(*) AS everybodys"
        " FROM dci_subscription WHERE ended_at IS NULL AND NOT by_subject",
        {"client": client},
    )
    (row,) = await cursor.fetchall()
    return row["own"], row["everybodys"]


async def end(
    tx: Transaction,
    codes: Sequence[str],
    *,
    client: str,
    event_types: Sequence[str],
    at: datetime,
) -> set[str]:
    """End standing subscriptions of a client to some events, and return the codes of those."""
    cursor = await tx.execute(
        """
        UPDATE dci_subscription SET ended_at = %(at)s
         WHERE code = ANY(%(codes)s) AND client = %(client)s
           AND event_type = ANY(%(event_types)s) AND ended_at IS NULL
        RETURNING code
        """,
        {"at": at, "codes": list(codes), "client": client, "event_types": list(event_types)},
    )
    ended = [row["code"] for row in await cursor.fetchall()]
    await _forget_subjects(tx, ended)
    return set(ended)


async def end_failed(tx: Transaction, codes: Sequence[str], *, at: datetime) -> list[str]:
    """End standing subscriptions that cannot be held against events, and return their codes."""
    cursor = await tx.execute(
        """
        UPDATE dci_subscription SET ended_at = %(at)s
         WHERE code IN (SELECT code FROM dci_subscription
                         WHERE code = ANY(%(codes)s) AND ended_at IS NULL
                         ORDER BY code FOR UPDATE)
        RETURNING code
        """,
        {"at": at, "codes": list(codes)},
    )
    ended = [row["code"] for row in await cursor.fetchall()]
    await _forget_subjects(tx, ended)
    return ended


async def owners(tx: Transaction, codes: Sequence[str]) -> dict[str, str]:
    """Return whose each of these subscriptions is or was; unknown codes are missing."""
    cursor = await tx.execute(
        "SELECT code, client FROM dci_subscription WHERE code = ANY(%(codes)s)",
        {"codes": list(codes)},
    )
    return {row["code"]: row["client"] for row in await cursor.fetchall()}


async def _forget_subjects(tx: Transaction, codes: Sequence[str]) -> None:
    if codes:
        await tx.execute(
            "DELETE FROM dci_subscription_subject WHERE code = ANY(%(codes)s)",
            {"codes": list(codes)},
        )
