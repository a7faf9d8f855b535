"""Applying files of declarations."""

import json
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from psycopg import sql

from services.registry.events.published import ContactRecorded, HouseholdRecorded, PayeeRecorded
from services.registry.use_cases.apply_next_block import (
    ImportApplier,
)
from services.registry.use_cases.collaborators import ImportRules
from services.registry.use_cases.read_import import ImportNotFoundError, read_import
from shared.messaging.sealed_fields import SealedFields
from shared.testing.databases import fetch
from tests.services.registry.conftest import Registry
from tests.services.registry.declaring import (
    A_RIB,
    RABAT,
    a_file,
    a_household,
    a_person,
    an_idcs,
)
from tests.services.registry.importing import items, outcome

HOUSEHOLDS = "registry.households-recorded.v1"
CONTACTS = "registry.contacts-recorded.v1"
PAYEES = "registry.payees-recorded.v1"


async def test_persons_and_households_are_recorded_and_counted(registry: Registry) -> None:
    file = a_file(a_person(1), a_person(2), a_person(3), a_household(1, [1, 2]))
    assert outcome(await registry.load(file, key="k")) == (3, 1, 0, 0)
    assert await registry.databases.value("SELECT count(*) FROM residence") == 2
    assert await registry.databases.value("SELECT count(*) FROM import_block") == 0


async def test_a_recorded_household_is_announced_by_pseudonyms(registry: Registry) -> None:
    await registry.load(a_file(a_person(1), a_person(2), a_household(1, [1, 2])), key="k")
    (household,) = await items(registry, HOUSEHOLDS)
    assert household["version"] == 1
    assert household["valid_from"] == "2026-10-02"
    assert (household["region_code"], household["commune_code"]) == ("01", "01.511.01.0")
    assert household["applications"] == [{"programme": "asd", "applied_on": "2026-10-02"}]
    assert [member["kinship"] for member in household["members"]] == ["head", "child"]
    assert household["members"][0]["birth_date"] == "1989-04-12"
    assert household["facts"]["butane_yearly_centimes"] == 60_000


async def test_what_is_announced_keeps_the_promise_to_the_letter(registry: Registry) -> None:
    attestation = {
        "fact": "pension",
        "value": True,
        "source": "cnss",
        "valid_from": "2026-01-01",
    }
    attestations = [attestation | {"idcs": an_idcs(1), "value": value} for value in (True, 7, "x")]
    file = a_file(a_person(1), a_person(2), a_household(1, [1, 2], attestations=attestations))
    await registry.load(file, key="k")
    (body,) = await registry.databases.rows(
        "SELECT body FROM outbox WHERE type = %(type)s", type=HOUSEHOLDS
    )
    (household,) = json.loads(bytes(body["body"]))["data"]["items"]
    written = json.dumps(household, separators=(",", ":"))
    promised = HouseholdRecorded.model_validate_json(written, strict=True)
    assert promised.model_dump_json() == written


async def test_phone_and_account_travel_sealed_for_one_consumer(
    registry: Registry, keys: Path
) -> None:
    await registry.load(a_file(a_person(1), a_household(1, [1])), key="k")
    (contact,) = await items(registry, CONTACTS)
    (payee,) = await items(registry, PAYEES)
    household_id = UUID(contact["household_id"])
    phone = SealedFields("notifications", keys).unseal(
        contact["phone"],
        sender="registry",
        event_type=ContactRecorded.TYPE,
        subject=household_id,
        field="phone",
    )
    account = SealedFields("payments", keys).unseal(
        payee["account"],
        sender="registry",
        event_type=PayeeRecorded.TYPE,
        subject=household_id,
        field="account",
    )
    assert (phone, account) == ("+212700000001", A_RIB)
    assert contact["review_date"] == "2027-10-02"
    assert payee["collector_id"] in payee["member_ids"]


async def test_a_household_without_account_has_no_payee(registry: Registry) -> None:
    file = a_file(a_person(1), a_household(1, [1], payee_account=None, phone=None))
    await registry.load(file, key="k")
    assert await items(registry, PAYEES) == []
    (contact,) = await items(registry, CONTACTS)
    assert contact["phone"] is None


async def test_the_same_file_again_changes_nothing_and_tells_nobody(registry: Registry) -> None:
    file = a_file(a_person(1), a_person(2), a_household(1, [1, 2]))
    await registry.load(file, key="first")
    told = await registry.databases.value("SELECT count(*) FROM outbox")
    assert outcome(await registry.load(file, key="second")) == (0, 0, 3, 0)
    assert await registry.databases.value("SELECT count(*) FROM outbox") == told
    assert await registry.databases.value("SELECT count(*) FROM person_version") == 2


async def test_what_changed_is_a_new_version_beside_the_old(registry: Registry) -> None:
    await registry.load(a_file(a_person(1), a_household(1, [1])), key="first")
    registry.clock.move(timedelta(days=3))
    changed = a_file(
        a_person(1, status="suspended", commune=RABAT),
        a_household(1, [1], milieu="rural", declared_on="2026-11-21", commune=RABAT),
    )
    assert outcome(await registry.load(changed, key="second")) == (1, 1, 0, 0)
    persons = await registry.databases.rows(
        "SELECT version, status, valid_from::text FROM person_version ORDER BY version"
    )
    assert [tuple(row.values()) for row in persons] == [
        (1, "active", "1989-04-12"),
        (2, "suspended", "2026-11-23"),
    ]
    households = await items(registry, HOUSEHOLDS)
    assert [(item["version"], item["milieu"], item["region_code"]) for item in households] == [
        (1, "urban", "01"),
        (2, "rural", "04"),
    ]
    assert await registry.databases.value("SELECT region_code FROM residence") == "04"


async def test_bad_lines_are_refused_by_line_field_and_code_and_the_rest_goes_on(
    registry: Registry,
) -> None:
    wrong_digit = an_idcs(2)[:-1] + str((int(an_idcs(2)[-1]) + 1) % 10)
    file = a_file(
        a_person(1),
        "{malformed",
        a_person(2, idcs=wrong_digit),
        a_person(3, commune="99.999.99.9"),
        a_person(1),
        a_household(1, [1, 9]),
        a_household(2, [1]),
        a_household(2, [1]),
        a_person(4),
    )
    job = await registry.load(file, key="k")
    assert outcome(job) == (2, 1, 0, 6)
    assert await registry.rejects(job) == [
        (2, "", "registry.line-malformed"),
        (3, "idcs", "registry.idcs-check-digit"),
        (4, "commune", "registry.commune-unknown"),
        (5, "idcs", "registry.idcs-duplicate"),
        (6, "members[1].idcs", "registry.member-unknown"),
        (8, "reference", "registry.reference-duplicate"),
    ]


@pytest.mark.parametrize("block_lines", [1, 2, 500])
async def test_what_is_refused_does_not_depend_on_where_blocks_are_cut(
    registry: Registry, block_lines: int
) -> None:
    cut = registry.with_rules(ImportRules(block_lines_max=block_lines))
    known = a_file(a_person(1), a_person(2), a_person(3), a_household(1, [1, 2]))
    await cut.load(known, key="known")
    file = a_file(
        a_person(1),
        a_person(1),
        a_household(2, [2]),
        a_household(1, [1]),
        a_household(3, [2]),
        a_household(3, [3]),
        a_household(4, [4]),
        a_person(4),
        a_household(5, [4]),
    )
    job = await cut.load(file, key="k")
    assert outcome(job) == (1, 3, 1, 4)
    assert await cut.rejects(job) == [
        (2, "idcs", "registry.idcs-duplicate"),
        (3, "members[0].idcs", "registry.member-elsewhere"),
        (6, "reference", "registry.reference-duplicate"),
        (7, "members[0].idcs", "registry.member-unknown"),
    ]


async def test_a_file_in_another_encoding_is_refused_field_by_field(registry: Registry) -> None:
    line = json.dumps(a_person(1, name_latin={"given": "Zoé", "family": "B"}))
    latin_1 = line.encode().replace(rb"\u00e9", "é".encode("latin-1")) + b"\n"
    job = await registry.load(latin_1 + a_file(a_person(2)), key="k")
    assert outcome(job) == (1, 0, 0, 1)
    assert await registry.rejects(job) == [(1, "name_latin.given", "registry.text-malformed")]


async def test_a_byte_order_mark_does_not_spoil_the_first_line(registry: Registry) -> None:
    job = await registry.load(b"\xef\xbb\xbf" + a_file(a_person(1)), key="k")
    assert outcome(job) == (1, 0, 0, 0)


async def test_a_sender_records_nobody_outside_their_regions(registry: Registry) -> None:
    job = await registry.load(a_file(a_person(1)), key="k", regions=("04",))
    assert outcome(job) == (0, 0, 0, 1)
    assert await registry.rejects(job) == [(1, "commune", "registry.commune-out-of-scope")]


async def test_a_sender_draws_nobody_from_another_region_into_their_own(
    registry: Registry,
) -> None:
    everywhere = await registry.load(a_file(a_person(1), a_household(1, [1])), key="first")
    assert outcome(everywhere) == (1, 1, 0, 0)
    moved = {"commune": "04.421.01.0"}
    lines = a_file(a_person(1, **moved), a_household(1, [1], **moved))
    job = await registry.load(lines, key="second", regions=("04",))
    assert outcome(job) == (0, 0, 0, 2)
    assert await registry.rejects(job) == [
        (1, "idcs", "registry.subject-out-of-scope"),
        (2, "reference", "registry.subject-out-of-scope"),
    ]


async def test_only_readers_of_every_region_follow_the_imports_of_others(
    registry: Registry,
) -> None:
    job = await registry.load(a_file(a_person(1)), key="k")
    assert (await read_import(job.job_id, using=registry.api, client=job.client)) == job
    with pytest.raises(ImportNotFoundError):
        await read_import(job.job_id, using=registry.api, client="somebody-else")


async def test_a_file_is_judged_by_the_day_it_arrived(registry: Registry) -> None:
    job = await registry.receive(a_file(a_person(1, birth_date="2026-11-20")), key="k")
    registry.clock.move(timedelta(days=-10))
    applier = ImportApplier(registry.worker)
    assert await applier.apply_next_blocks()
    assert outcome(await read_import(job.job_id, using=registry.api)) == (1, 0, 0, 0)


async def test_files_take_effect_in_the_order_in_which_they_arrived(registry: Registry) -> None:
    persons = await registry.receive(a_file(a_person(1)), key="persons")
    registry.clock.move(timedelta(seconds=1))
    households = await registry.receive(a_file(a_household(1, [1])), key="households")
    applier = ImportApplier(registry.worker)
    while await applier.apply_next_blocks():
        pass
    for job in (persons, households):
        assert (await read_import(job.job_id, using=registry.api)).rejected == 0


async def test_no_table_holds_an_identifier_in_clear(registry: Registry) -> None:
    planted = {
        "idcs": an_idcs(77),
        "cnie": "XY987654",
        "name": "PLANTEDNAME",
        "arabic": "مزروعة",
        "phone": "612345678",
        "account": A_RIB,
        "reference": "RSU-PLANTED",
    }
    person = a_person(
        77,
        cnie=planted["cnie"],
        phones=["+212612345678"],
        name_latin={"given": "Zahra", "family": planted["name"]},
        name_ar={"given": planted["arabic"], "family": planted["arabic"]},
    )
    household = a_household(1, [77], reference=planted["reference"], phone="+212612345678")
    await registry.load(a_file(person, household), key="applied")
    await registry.receive(a_file(person, household, "XY987654 {"), key="waiting")
    dump = await everything_stored(registry)
    assert "urban" in dump
    for value in planted.values():
        assert value not in dump
        assert value.encode().hex() not in dump


async def everything_stored(registry: Registry) -> str:
    """Return every row of every table as text, bytes both in hexadecimal and as they read."""
    async with registry.databases.owner.transaction() as tx:
        tables = await fetch(tx, "SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        rows = []
        for table in tables:
            cursor = await tx.execute(
                sql.SQL("SELECT t::text AS row FROM {} AS t").format(
                    sql.Identifier(table["tablename"])
                )
            )
            rows += await cursor.fetchall()
        rows += await fetch(tx, "SELECT encode(body, 'escape') AS row FROM outbox")
    return "\n".join(row["row"] for row in rows)
