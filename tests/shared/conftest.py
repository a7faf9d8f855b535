"""A little service of the tests' own, so that shared/ is tested without any real one."""

from pathlib import Path

import pytest

from shared.testing.databases import DatabaseFactory, ServiceDatabases

THINGS_MIGRATIONS = Path(__file__).parent / "things" / "migrations"


@pytest.fixture
async def things(databases: DatabaseFactory) -> ServiceDatabases:
    """Return a migrated database of the little service."""
    return await databases.make("things", migrations=THINGS_MIGRATIONS)
