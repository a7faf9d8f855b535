"""Waiting for a state of the server, never for a time."""

import asyncio

from tests.services.registry.conftest import Registry

WAIT_SECONDS_MAX = 120.0
POLL_SECONDS = 0.02


async def until_waiting(registry: Registry, task: asyncio.Task[object], *, sessions: int) -> None:
    """Return once so many transactions wait for a lock, or a task needs none and is done."""
    async with asyncio.timeout(WAIT_SECONDS_MAX):
        while not task.done():
            waiting = await registry.databases.value(
                "SELECT count(DISTINCT pid) FROM pg_locks JOIN pg_stat_activity USING (pid)"
                " WHERE NOT granted AND datname = current_database()"
                " AND usename IS NOT NULL"
            )
            if waiting >= sessions:
                return
            await asyncio.sleep(POLL_SECONDS)
