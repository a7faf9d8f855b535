"""Payee accounts: sealed, versioned, never changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.storage.database import Transaction

TABLE = "payee_account"

_INSERT = """
INSERT INTO payee_account (account_id, household_id, version, region_code, collector_id, kind,
                           account, account_blind, name, bank_code, fault, recorded_at)
SELECT item.*, %(at)s
  FROM unnest(%(account_ids)s::uuid[], %(household_ids)s::uuid[], %(versions)s::integer[],
              %(region_codes)s::text[], %(collector_ids)s::uuid[], %(kinds)s::text[],
              %(accounts)s::bytea[], %(blinds)s::bytea[], %(names)s::bytea[],
              %(bank_codes)s::text[], %(faults)s::text[]) AS item
    ON CONFLICT (household_id, version) DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class SealedAccount:
    """An account as it is stored; `fault` says why it cannot be paid to, if so."""

    account_id: UUID
    household_id: UUID
    version: int
    region_code: str
    collector_id: UUID
    kind: str
    account: bytes
    account_blind: bytes
    name: bytes
    bank_code: str | None
    fault: str | None


async def add_accounts(tx: Transaction, accounts: Sequence[SealedAccount], *, at: datetime) -> None:
    """Keep versions that are not held yet, whatever order they arrive in."""
    await tx.execute(
        _INSERT,
        {
            "account_ids": [account.account_id for account in accounts],
            "household_ids": [account.household_id for account in accounts],
            "versions": [account.version for account in accounts],
            "region_codes": [account.region_code for account in accounts],
            "collector_ids": [account.collector_id for account in accounts],
            "kinds": [account.kind for account in accounts],
            "accounts": [account.account for account in accounts],
            "blinds": [account.account_blind for account in accounts],
            "names": [account.name for account in accounts],
            "bank_codes": [account.bank_code for account in accounts],
            "faults": [account.fault for account in accounts],
            "at": at,
        },
    )
