"""Reading people: as of a day, as known at an instant, and never without a trace."""

from datetime import date, timedelta
from uuid import UUID

import pytest

from services.registry.use_cases.look_up import LookUp
from services.registry.use_cases.read_household import HouseholdNotFoundError, read_household
from services.registry.use_cases.read_person import PersonNotFoundError, read_person
from shared.runtime.ids import new_id
from shared.storage.database import RowScope
from tests.services.registry.conftest import Registry
from tests.services.registry.declaring import a_file, a_household, a_person

EVERYWHERE = LookUp("a-client", "identity-verification", RowScope.everything())
RABAT_ONLY = LookUp("a-client", "identity-verification", RowScope(("04",), ("*",)))


async def the_household(registry: Registry) -> UUID:
    """Return the id of the only household."""
    household_id: UUID = await registry.databases.value("SELECT household_id FROM household")
    return household_id


async def the_person(registry: Registry) -> UUID:
    """Return the id of the person registered first."""
    person_id: UUID = await registry.databases.value(
        "SELECT person_id FROM person ORDER BY person_id LIMIT 1"
    )
    return person_id


async def test_a_household_is_read_with_its_members(registry: Registry) -> None:
    await registry.load(a_file(a_person(1), a_person(2), a_household(1, [1, 2])), key="k")
    known = await read_household(await the_household(registry), EVERYWHERE, using=registry.api)
    assert known.household["version"] == 1
    assert known.household["facts"]["rooms"] == 2
    assert [member["kinship"] for member in known.members] == ["head", "child"]


async def test_a_household_is_read_as_it_was_and_as_it_was_known(registry: Registry) -> None:
    await registry.load(a_file(a_person(1), a_household(1, [1])), key="first")
    before = registry.clock.now()
    registry.clock.move(timedelta(days=5))
    changed = a_household(1, [1], milieu="rural", declared_on="2026-11-24")
    await registry.load(a_file(changed), key="second")
    household_id = await the_household(registry)

    async def milieu(**times: object) -> str:
        look_up = LookUp("c", "identity-verification", RowScope.everything(), **times)  # type: ignore[arg-type] # named by each call
        known = await read_household(household_id, look_up, using=registry.api)
        return str(known.household["milieu"])

    assert await milieu() == "rural"
    assert await milieu(valid_on=date(2026, 11, 23)) == "urban"
    assert await milieu(known_at=before) == "urban"
    assert await milieu(valid_on=date(2026, 11, 24), known_at=before) == "urban"
    with pytest.raises(HouseholdNotFoundError):
        await milieu(valid_on=date(2026, 10, 1))
    with pytest.raises(HouseholdNotFoundError):
        await milieu(known_at=before - timedelta(seconds=1))


async def test_a_person_is_read_with_their_names_in_both_scripts(registry: Registry) -> None:
    await registry.load(a_file(a_person(1), a_household(1, [1])), key="k")
    known = await read_person(await the_person(registry), EVERYWHERE, using=registry.api)
    assert (known.name_latin.family, known.name_ar.given) == ("EL BAHRI", "زهرة")
    assert known.household_id == await the_household(registry)


async def test_a_person_is_read_as_they_were(registry: Registry) -> None:
    await registry.load(a_file(a_person(1)), key="first")
    registry.clock.move(timedelta(days=2))
    await registry.load(a_file(a_person(1, status="deceased")), key="second")
    person_id = await the_person(registry)
    earlier = LookUp(
        "c", "identity-verification", RowScope.everything(), valid_on=date(2026, 11, 21)
    )
    assert (await read_person(person_id, EVERYWHERE, using=registry.api)).version.status == (
        "deceased"
    )
    assert (await read_person(person_id, earlier, using=registry.api)).version.status == "active"


async def test_every_subject_disclosed_leaves_a_row_in_the_access_log(registry: Registry) -> None:
    await registry.load(a_file(a_person(1), a_person(2), a_household(1, [1, 2])), key="k")
    household_id = await the_household(registry)
    await read_household(household_id, EVERYWHERE, using=registry.api)
    rows = await registry.databases.rows(
        "SELECT client, purpose, action, person_id, household_id, region_code FROM access_log"
    )
    assert len(rows) == 3
    assert {row["household_id"] for row in rows} == {household_id}
    assert sum(row["person_id"] is not None for row in rows) == 2
    assert {(row["client"], row["purpose"], row["action"], row["region_code"]) for row in rows} == {
        ("a-client", "identity-verification", "read-household", "01")
    }


async def test_somebody_of_another_region_finds_nobody_and_leaves_no_trace(
    registry: Registry,
) -> None:
    await registry.load(a_file(a_person(1), a_household(1, [1])), key="k")
    with pytest.raises(HouseholdNotFoundError):
        await read_household(await the_household(registry), RABAT_ONLY, using=registry.api)
    with pytest.raises(PersonNotFoundError):
        await read_person(await the_person(registry), RABAT_ONLY, using=registry.api)
    assert await registry.databases.value("SELECT count(*) FROM access_log") == 0


async def test_an_unknown_person_is_not_found(registry: Registry) -> None:
    with pytest.raises(PersonNotFoundError):
        await read_person(new_id(), EVERYWHERE, using=registry.api)
