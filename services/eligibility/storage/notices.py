"""Notices: what became of the messages that told households of assessments and decisions."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from services.eligibility.storage.tables import NoticeRow
from shared.storage.copy import column_names, copy_rows
from shared.storage.database import Transaction


class Notice(NamedTuple):
    """One message and its outcome, in the order of the table's columns; `at` in UTC."""

    message_id: UUID
    household_id: UUID
    region_code: str
    stage: str
    outcome: str
    at: datetime
    version: int


async def keep_notices(tx: Transaction, notices: Sequence[Notice]) -> None:
    """Add notices, or replace what an older version said of the same message."""
    await tx.execute("CREATE TEMPORARY TABLE arrived_notice (LIKE notice) ON COMMIT DROP")
    await copy_rows(tx, "arrived_notice", column_names(NoticeRow), notices)
    await tx.execute(
        """
        INSERT INTO notice SELECT * FROM arrived_notice
        ON CONFLICT (message_id) DO UPDATE
           SET outcome = excluded.outcome, at = excluded.at, version = excluded.version
         WHERE notice.version < excluded.version
        """
    )
    await tx.execute("DROP TABLE arrived_notice")
