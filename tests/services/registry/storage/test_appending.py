"""Rows written by INSERT and by COPY are the same rows."""

from datetime import UTC, date, datetime

from services.registry.storage.appending import FEW_ROWS_MAX
from services.registry.storage.households import (
    HouseholdMember,
    HouseholdVersion,
    add_household_versions,
)
from shared.runtime.ids import new_id
from shared.storage.database import RowScope
from tests.services.registry.conftest import Registry

AT = datetime(2026, 11, 20, 9, 0, 0, 123_456, tzinfo=UTC)


def a_version(phone: bytes | None) -> HouseholdVersion:
    """Return a version with a value of every type."""
    return HouseholdVersion(
        new_id(),
        70_000,
        new_id(),
        "01",
        "01.511",
        "01.511.01.0",
        "urban",
        "ar",
        phone,
        '{"rooms":2,"name":"دار"}'.encode(),
        date(2027, 2, 28),
        date(1999, 12, 31),
        AT,
    )


def a_member_of(version: HouseholdVersion) -> HouseholdMember:
    """Return its only member."""
    return HouseholdMember(
        version.household_id,
        version.version,
        new_id(),
        "01",
        date(1989, 4, 12),
        "F",
        "head",
        head=True,
        declarant=False,
        facts=b"{}",
    )


async def test_rows_are_the_same_whichever_way_they_go(registry: Registry) -> None:
    few = [a_version(None), a_version(b"\x00\xff")]
    many = [a_version(b"\x01" if number % 2 else None) for number in range(FEW_ROWS_MAX + 1)]
    async with registry.api.database.transaction(RowScope.everything()) as tx:
        await add_household_versions(tx, few, [a_member_of(version) for version in few])
    async with registry.worker.database.transaction() as tx:
        await add_household_versions(tx, many, [a_member_of(version) for version in many])
    written = {version.household_id: version for version in (*few, *many)}
    versions = await registry.databases.rows("SELECT * FROM household_version")
    assert len(versions) == len(written)
    for row in versions:
        version = written[row["household_id"]]
        facts = {"rooms": 2, "name": "دار"}
        assert row == version._asdict() | {"facts": facts}
    members = await registry.databases.rows(
        "SELECT DISTINCT head, declarant, facts, sex FROM household_member"
    )
    assert members == [{"head": True, "declarant": False, "facts": {}, "sex": "F"}]
