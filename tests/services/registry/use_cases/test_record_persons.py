"""Recording persons, from whichever file they come."""

from services.registry.storage.appending import FEW_ROWS_MAX
from tests.services.registry.conftest import Registry
from tests.services.registry.declaring import a_csv_file, a_file, a_person, an_idcs
from tests.services.registry.importing import items, outcome


async def test_a_csv_file_records_what_its_lines_would(registry: Registry) -> None:
    persons = [a_person(1), a_person(2, cnie=None, phones=[]), a_person(3, sex="X"), a_person(1)]
    first = await registry.load(a_csv_file(*persons), key="csv", file_format="csv")
    assert outcome(first) == (2, 0, 0, 2)
    assert await registry.rejects(first) == [
        (4, "sex", "registry.value-unknown"),
        (5, "idcs", "registry.idcs-duplicate"),
    ]
    again = await registry.load(a_file(*persons[:2]), key="jsonl")
    assert outcome(again) == (0, 0, 2, 0)


async def test_a_person_is_recorded_with_what_they_are_found_by(registry: Registry) -> None:
    permit = a_person(2, cnie=None, residence_permit="C123456R", nationality="SEN")
    await registry.load(a_file(a_person(1), permit), key="k")
    sealed = registry.worker.sealed
    rows = await registry.databases.rows("SELECT * FROM person ORDER BY person_id")
    assert [bytes(row["document_blind"]) for row in rows] == [
        sealed.blind("person.cnie", "AB100001"),
        sealed.blind("person.residence_permit", "C123456R"),
    ]
    assert all(len(row["search_tokens"]) >= 3 for row in rows)
    assert rows[0]["idcs_blind"] == sealed.blind("person.idcs", an_idcs(1))


async def test_a_block_of_many_is_stored_as_a_few_are(registry: Registry) -> None:
    many = [a_person(number, birth_commune=None) for number in range(FEW_ROWS_MAX + 20)]
    alone = a_person(999, cnie=None, phones=[])
    await registry.load(a_file(*many), key="many")
    await registry.load(a_file(alone), key="alone")
    persons = "SELECT count(*) FROM person JOIN person_version USING (person_id, version)"
    agree = " WHERE person.birth_date = person_version.birth_date AND person.version = 1"
    assert await registry.databases.value(persons + agree) == len(many) + 1
    stored = await registry.databases.rows("SELECT DISTINCT recorded_at FROM person_version")
    assert [row["recorded_at"] for row in stored] == [registry.clock.now()]
    whole = await registry.load(a_file(*many, alone), key="again")
    assert outcome(whole) == (0, 0, len(many) + 1, 0)


async def test_who_is_not_active_is_told_of_at_once_and_at_every_change(
    registry: Registry,
) -> None:
    await registry.load(a_file(a_person(1), a_person(2, status="suspended")), key="first")
    changes = a_file(a_person(1, status="deceased"), a_person(2, status="active"), a_person(3))
    await registry.load(changes, key="second")
    told = await items(registry, "registry.persons-status-changed.v1")
    assert [(item["version"], item["status"]) for item in told] == [
        (1, "suspended"),
        (2, "deceased"),
        (2, "active"),
    ]
    await registry.load(a_file(a_person(1, status="deceased", sex="M")), key="third")
    assert len(await items(registry, "registry.persons-status-changed.v1")) == 3
