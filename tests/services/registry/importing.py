"""What tests of imports ask of the registry."""

import json
from typing import Any

from services.registry.storage.import_jobs import ImportJob
from tests.services.registry.conftest import Registry


async def items(registry: Registry, event_type: str) -> list[dict[str, Any]]:
    """Return the items of every event of a type, in the order of publishing."""
    rows = await registry.databases.rows(
        "SELECT body FROM outbox WHERE type = %(type)s ORDER BY position", type=event_type
    )
    return [item for row in rows for item in json.loads(bytes(row["body"]))["data"]["items"]]


def outcome(job: ImportJob) -> tuple[int, int, int, int]:
    """Return persons and households recorded, lines unchanged, lines rejected."""
    counts = (job.persons_recorded, job.households_recorded, job.unchanged, job.rejected)
    assert job.state == "completed"
    assert sum(counts) == job.lines_done == job.lines_total
    return counts
