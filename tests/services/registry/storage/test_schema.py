"""The migrated database: what its tables are, and what each role may do with them."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from psycopg.errors import InsufficientPrivilege, UniqueViolation
from sqlalchemy import create_engine
from sqlalchemy.pool import NullPool

from services.registry.main import METADATA
from shared.runtime.ids import new_id
from shared.storage.database import RowScope
from shared.testing.databases import DatabaseFactory
from tests.services.registry.conftest import Registry
from tests.services.registry.declaring import a_file, a_household, a_person


async def test_the_migrations_make_the_declared_tables(databases: DatabaseFactory) -> None:
    made = await databases.make("registry")
    url = made.urls.owner.replace("postgresql://", "postgresql+psycopg://", 1)
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = compare_metadata(context, METADATA)
    engine.dispose()
    partitions = "access_log_"
    assert [
        difference
        for difference in differences
        if not str(getattr(difference[1], "name", "")).startswith(partitions)
    ] == []


@pytest.mark.parametrize("role", ["api", "worker"])
@pytest.mark.parametrize(
    "table", ["person_version", "household_version", "household_member", "access_log"]
)
@pytest.mark.parametrize("change", ["UPDATE {} SET region_code = '04'", "DELETE FROM {}"])
async def test_nobody_rewrites_history(
    registry: Registry, role: str, table: str, change: str
) -> None:
    database = getattr(registry.databases, role)
    with pytest.raises(InsufficientPrivilege):
        async with database.transaction(RowScope.everything()) as tx:
            await tx.execute(change.format(table))


@pytest.mark.parametrize(
    "table",
    [
        "person",
        "person_version",
        "household",
        "household_version",
        "household_member",
        "residence",
    ],
)
async def test_an_api_sees_the_rows_of_its_callers_regions_only(
    registry: Registry, table: str
) -> None:
    await registry.load(a_file(a_person(1), a_household(1, [1])), key="k")
    seen = {}
    for regions in (("01",), ("04",), ("*",), ()):
        async with registry.databases.api.transaction(RowScope(regions, ("*",))) as tx:
            cursor = await tx.execute(f"SELECT 1 FROM {table}")  # noqa: S608 -- a name above
            seen[regions] = len(await cursor.fetchall())
    assert seen == {("01",): 1, ("04",): 0, ("*",): 1, (): 0}


async def test_the_database_itself_forbids_a_second_residence(registry: Registry) -> None:
    person_id = new_id()
    insert = "INSERT INTO residence (person_id, household_id, region_code) VALUES (%s, %s, '01')"
    with pytest.raises(UniqueViolation):
        async with registry.databases.worker.transaction() as tx:
            await tx.execute(insert, (person_id, new_id()))
            await tx.execute(insert, (person_id, new_id()))
