"""The migrated database is what the tables say, and roles see what they may."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from psycopg import errors
from sqlalchemy import create_engine

from services.notifications.main import METADATA
from shared.storage.database import RowScope
from shared.testing.databases import DatabaseFactory, fetch
from tests.services.notifications.conftest import REGION, Notifications


async def test_the_migrations_make_exactly_the_declared_tables(databases: DatabaseFactory) -> None:
    made = await databases.make("notifications")
    engine = create_engine(made.urls.owner.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        partitions = ("_default", "_2026", "_2027", "_2028")
        found = [
            difference
            for difference in compare_metadata(context, METADATA)
            if not any(mark in str(difference) for mark in partitions)
        ]
    engine.dispose()
    assert found == []


@pytest.mark.parametrize(
    "table", ["message", "contact", "assessment_standing", "message_key", "household_region"]
)
async def test_an_api_role_sees_the_rows_of_its_regions_alone(
    notifications: Notifications, table: str
) -> None:
    await notifications.queue()
    seen = {}
    for scope in (None, RowScope(("09",), ("*",)), RowScope((REGION,), ("*",))):
        async with notifications.databases.api.transaction(scope) as tx:
            seen[scope] = len(await fetch(tx, f"SELECT 1 FROM {table}"))  # noqa: S608
    assert list(seen.values()) == [0, 0, 1]


async def test_messages_of_a_month_stand_in_its_partition(notifications: Notifications) -> None:
    await notifications.queue()
    partition = await notifications.databases.value("SELECT tableoid::regclass::text FROM message")
    assert partition == "message_202611"


@pytest.mark.parametrize("table", ["message_key", "message", "message_part", "receipt"])
async def test_a_worker_cannot_forget_what_was_told(
    notifications: Notifications, table: str
) -> None:
    with pytest.raises(errors.InsufficientPrivilege):
        async with notifications.databases.worker.transaction() as tx:
            await tx.execute(f"DELETE FROM {table}")  # noqa: S608


async def test_a_worker_cannot_rewrite_a_wording(notifications: Notifications) -> None:
    with pytest.raises(errors.InsufficientPrivilege):
        async with notifications.databases.worker.transaction() as tx:
            await tx.execute("UPDATE template_version SET body = ''")
