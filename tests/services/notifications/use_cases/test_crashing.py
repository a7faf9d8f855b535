"""A killed sender loses no receipt it acknowledged and no message it claimed."""

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.services.notifications.conftest import Notifications
from tests.services.notifications.scripted_centre import OK, ScriptedCentre, running, until

PROGRAM = "tests.services.notifications.use_cases.sender_program"
MESSAGES = 150
PARTS = 2 * MESSAGES


@asynccontextmanager
async def a_sender(
    notifications: Notifications, keys: Path, port: int
) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        PROGRAM,
        str(keys),
        str(port),
        notifications.clock.now().isoformat(),
        stdin=asyncio.subprocess.PIPE,
        cwd=Path.cwd(),
    )
    assert process.stdin is not None
    process.stdin.write(notifications.databases.urls.worker.encode() + b"\n")
    process.stdin.close()
    try:
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGKILL)
        await process.wait()


async def test_a_kill_between_receipts_loses_none_and_tells_everybody(
    notifications: Notifications, keys: Path
) -> None:
    await notifications.queue(messages=MESSAGES)
    async with running(ScriptedCentre()) as centre:
        async with a_sender(notifications, keys, centre.port) as first:
            await until(lambda: len(centre.acknowledged) >= PARTS // 4)
            first.send_signal(signal.SIGKILL)
            await first.wait()
        acknowledged = sum(status == OK for status in centre.acknowledged.values())
        assert await notifications.databases.value("SELECT count(*) FROM receipt") >= acknowledged
        # The lease of the dead sender runs out by the database's clock; tests do not wait for it.
        async with notifications.databases.worker.transaction() as tx:
            await tx.execute("UPDATE lease SET expires_at = '-infinity'")
        async with a_sender(notifications, keys, centre.port):
            await until(lambda: centre.binds == 2)
            centre.redeliver_outstanding()
            async with asyncio.timeout(120):
                while set(await notifications.states()) != {"DELIVERED"}:  # noqa: ASYNC110 -- rows have no event
                    await asyncio.sleep(0.05)
    texts = [(submit.destination_addr, submit.short_message) for submit in centre.submits]
    assert PARTS <= len(texts) <= 2 * PARTS
    delivered = [item for item in await notifications.published() if item["outcome"] == "delivered"]
    assert len({item["message_id"] for item in delivered}) == len(delivered) == MESSAGES
