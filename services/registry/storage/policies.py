"""Partner policies: every version of each; the newest is in force."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from services.registry.domain.policies import (
    Attribute,
    DciPolicy,
    IdentifierKind,
    PartnerPolicy,
    PolicyPurpose,
    SignatureRule,
)
from services.registry.storage.tables import PartnerPolicyRow
from shared.storage.copy import column_names
from shared.storage.database import Transaction

# Any constant does; it only has to differ from the other advisory locks of this database.
_SENDERS_LOCK = 7_236_231_013
_COLUMNS = column_names(PartnerPolicyRow, without=("recorded_at", "recorded_by"))
_NEWEST = f"""
    SELECT {", ".join(_COLUMNS)} FROM partner_policy
     WHERE client = %(client)s ORDER BY version DESC LIMIT 1
"""  # noqa: S608 -- our own column names


async def read_policy(tx: Transaction, client: str) -> PartnerPolicy | None:
    """Return the policy of a client that is in force, if there is one."""
    cursor = await tx.execute(_NEWEST.encode(), {"client": client})
    row = await cursor.fetchone()
    return None if row is None else _from_row(row)


async def lock_senders(tx: Transaction) -> None:
    """Let one writer at a time give names to senders, until the transaction ends."""
    await tx.execute("SELECT pg_advisory_xact_lock(%(lock)s)", {"lock": _SENDERS_LOCK})


async def is_sender_taken(tx: Transaction, sender_id: str, *, by_other_than: str) -> bool:
    """Return whether the policy in force of another client holds a sender's name."""
    cursor = await tx.execute(
        """
        SELECT EXISTS (
               SELECT FROM partner_policy AS held
                WHERE held.dci ->> 'sender_id' = %(sender_id)s AND held.client <> %(client)s
                  AND NOT EXISTS (SELECT FROM partner_policy AS later
                                   WHERE later.client = held.client
                                     AND later.version > held.version)) AS taken
        """,
        {"sender_id": sender_id, "client": by_other_than},
    )
    row = await cursor.fetchone()
    return row is not None and bool(row["taken"])


async def add_policy(tx: Transaction, policy: PartnerPolicy, *, at: datetime, by: str) -> bool:
    """Add a version; False if that version exists already.

    Args:
        tx: The open transaction.
        policy: The new version.
        at: The instant of recording, in UTC.
        by: Who recorded it.
    """
    columns = (*_COLUMNS, "recorded_at", "recorded_by")
    cursor = await tx.execute(
        f"""
        INSERT INTO partner_policy ({", ".join(columns)})
        VALUES ({", ".join(f"%({column})s" for column in columns)})
        ON CONFLICT DO NOTHING
        """.encode(),  # noqa: S608 -- our own column names
        _to_row(policy) | {"recorded_at": at, "recorded_by": by},
    )
    return cursor.rowcount == 1


async def read_partner_names(tx: Transaction, clients: Sequence[str]) -> dict[str, tuple[str, str]]:
    """Return the public names of clients, in Arabic and French, by client."""
    cursor = await tx.execute(
        """
        SELECT DISTINCT ON (client) client, name_ar, name_fr FROM partner_policy
         WHERE client = ANY(%(clients)s) ORDER BY client, version DESC
        """,
        {"clients": list(clients)},
    )
    return {row["client"]: (row["name_ar"], row["name_fr"]) for row in await cursor.fetchall()}


def _to_row(policy: PartnerPolicy) -> dict[str, Any]:
    dci = None if policy.dci is None else Jsonb(asdict(policy.dci))
    return {
        "client": policy.client,
        "version": policy.version,
        "name_ar": policy.name_ar,
        "name_fr": policy.name_fr,
        "purposes": Jsonb([asdict(purpose) for purpose in policy.purposes]),
        "told": sorted(policy.told),
        "verified": sorted(policy.verified),
        "detail": policy.detail,
        "identifier": policy.identifier,
        "regions": list(policy.regions),
        "quota_per_day": policy.quota_per_day,
        "batch": policy.batch,
        "dci": dci,
    }


def _from_row(row: dict[str, Any]) -> PartnerPolicy:
    return PartnerPolicy(
        client=row["client"],
        version=row["version"],
        name_ar=row["name_ar"],
        name_fr=row["name_fr"],
        purposes=tuple(PolicyPurpose(**purpose) for purpose in row["purposes"]),
        told=frozenset(map(Attribute, row["told"])),
        verified=frozenset(map(Attribute, row["verified"])),
        detail=row["detail"],
        identifier=IdentifierKind(row["identifier"]),
        regions=tuple(row["regions"]),
        quota_per_day=row["quota_per_day"],
        batch=row["batch"],
        dci=None if row["dci"] is None else _dci(row["dci"]),
    )


def _dci(document: dict[str, Any]) -> DciPolicy:
    return DciPolicy(
        sender_id=document["sender_id"],
        callback_hosts=tuple(document["callback_hosts"]),
        signature=SignatureRule(document["signature"]),
        jwks=document["jwks"],
    )
