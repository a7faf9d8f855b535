"""A sender in a process of its own, so that a test can kill it."""

import asyncio
import sys
from datetime import datetime
from pathlib import Path

from services.notifications.integrations.smpp.receipts import IdForm
from services.notifications.integrations.smpp.session import Link
from services.notifications.use_cases.collaborators import Collaborators, SmsCentre
from services.notifications.use_cases.hold_bind import hold_bind
from shared.messaging.sealed_fields import SealedFields
from shared.runtime.metrics import Metrics
from shared.storage.database import Database
from shared.storage.sealed import load_sealed_columns
from shared.testing.fixed_clock import FixedClock


async def send(url: str, *, keys: Path, port: int, now: datetime) -> None:
    database = Database(url, pool_max=4)
    await database.open()
    collaborators = Collaborators(
        database=database,
        clock=FixedClock(now),
        sealed=load_sealed_columns(keys / "notifications"),
        sealed_fields=SealedFields("notifications", keys),
        metrics=Metrics(),
    )
    link = Link("127.0.0.1", port, "sanad", "secret", window=20)
    await hold_bind(collaborators, SmsCentre("sms-centre", link, "SANAD", 500.0, IdForm.EXACT))


if __name__ == "__main__":
    asyncio.run(
        send(
            sys.stdin.readline().strip(),
            keys=Path(sys.argv[1]),
            port=int(sys.argv[2]),
            now=datetime.fromisoformat(sys.argv[3]),
        )
    )
