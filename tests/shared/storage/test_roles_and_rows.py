"""What each database role may do, and which rows a caller sees."""

from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

import psycopg
import pytest
from psycopg.errors import InsufficientPrivilege

from shared.runtime.ids import new_id
from shared.storage.database import Database, RowScope
from shared.storage.embedded import EmbeddedPostgres
from shared.storage.roles import provision
from shared.testing.databases import PASSWORDS, ServiceDatabases, fetch

ADD = (
    "INSERT INTO thing (thing_id, version, region_code, programme, note)"
    " VALUES (%(thing_id)s, 1, %(region)s, %(programme)s, 'a')"
)


async def add_thing(
    database: Database, scope: RowScope | None, region: str, programme: str
) -> UUID:
    """Add a thing of a region and a programme."""
    thing_id = new_id()
    async with database.transaction(scope) as tx:
        await tx.execute(ADD, {"thing_id": thing_id, "region": region, "programme": programme})
    return thing_id


async def regions_seen(database: Database, scope: RowScope | None) -> list[str]:
    """Return the regions of the things a caller sees."""
    async with database.transaction(scope) as tx:
        rows = await fetch(tx, "SELECT region_code FROM thing ORDER BY region_code")
    return [row["region_code"] for row in rows]


@pytest.fixture
async def three_things(things: ServiceDatabases) -> ServiceDatabases:
    """Return a database with things of three regions and two programmes."""
    for region, programme in (("01", "asd"), ("02", "asd"), ("03", "amo_tadamon")):
        await add_thing(things.worker, None, region, programme)
    return things


@pytest.mark.parametrize(
    ("scope", "seen"),
    [
        (RowScope(("02",), ("*",)), ["02"]),
        (RowScope(("01", "02"), ("*",)), ["01", "02"]),
        (RowScope(("*",), ("amo_tadamon",)), ["03"]),
        (RowScope(("*",), ("*",)), ["01", "02", "03"]),
        (RowScope((), ("*",)), []),
        (None, []),
    ],
)
async def test_a_caller_sees_the_rows_of_their_regions_and_programmes_alone(
    three_things: ServiceDatabases, scope: RowScope | None, seen: list[str]
) -> None:
    assert await regions_seen(three_things.api, scope) == seen


async def test_a_scope_does_not_outlive_its_transaction(three_things: ServiceDatabases) -> None:
    one_connection = Database(three_things.urls.api, pool_max=1)
    await one_connection.open()
    assert len(await regions_seen(one_connection, RowScope.everything())) == 3
    assert await regions_seen(one_connection, None) == []
    await one_connection.close()


async def test_a_caller_cannot_write_into_another_region(things: ServiceDatabases) -> None:
    with pytest.raises(InsufficientPrivilege):
        await add_thing(things.api, RowScope(("01",), ("*",)), "02", "asd")


async def test_a_worker_sees_every_row(three_things: ServiceDatabases) -> None:
    assert await regions_seen(three_things.worker, None) == ["01", "02", "03"]


@pytest.mark.parametrize("role", ["api", "worker"])
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE thing_log SET at = at",
        "DELETE FROM thing_log",
        "TRUNCATE thing_log",
        "DELETE FROM thing_log_default",
        "INSERT INTO thing_log_default VALUES (gen_random_uuid(), now())",
        "CREATE TABLE mine (id int)",
        "ALTER TABLE thing ADD COLUMN more int",
        "ALTER TABLE thing DISABLE ROW LEVEL SECURITY",
        "DROP TABLE thing",
    ],
)
async def test_no_running_process_rewrites_a_log_or_changes_a_shape(
    things: ServiceDatabases, role: str, statement: str
) -> None:
    database: Database = getattr(things, role)
    with pytest.raises(InsufficientPrivilege):
        async with database.transaction(RowScope.everything()) as tx:
            await tx.execute(statement.encode())


async def test_a_log_takes_new_rows_of_any_month(things: ServiceDatabases) -> None:
    async with things.api.transaction(RowScope.everything()) as tx:
        for month in ("2026-11-20", "2027-03-01", "2039-01-01"):
            await tx.execute("INSERT INTO thing_log VALUES (%s, %s)", (new_id(), month))
    assert await things.value("SELECT count(*) FROM thing_log") == 3


async def test_months_around_today_have_partitions_of_their_own(things: ServiceDatabases) -> None:
    async with things.owner.transaction() as tx:
        rows = await fetch(
            tx, "SELECT relid::text AS name FROM pg_partition_tree('thing_log') ORDER BY name"
        )
    names = [row["name"] for row in rows if row["name"].startswith("thing_log_2")]
    assert names[0] == "thing_log_202610"
    assert names[-1] == "thing_log_202712"
    assert len(names) == 15


async def test_an_api_role_does_not_delete(three_things: ServiceDatabases) -> None:
    with pytest.raises(InsufficientPrivilege):
        async with three_things.api.transaction(RowScope.everything()) as tx:
            await tx.execute("DELETE FROM thing")


async def test_a_service_cannot_enter_another_services_database(
    things: ServiceDatabases, postgres: EmbeddedPostgres
) -> None:
    others = provision(postgres.admin_url, "others", passwords=PASSWORDS, database="test_others")
    place = urlsplit(others.worker)
    own = urlsplit(things.urls.worker)
    trespass = urlunsplit(place._replace(netloc=own.netloc))
    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(trespass)  # noqa: TID251 -- tries a foreign database
