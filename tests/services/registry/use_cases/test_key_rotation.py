"""Keys of the registry change while it serves, and a forgotten key opens nothing that is needed."""

import asyncio
from pathlib import Path
from uuid import UUID

import pytest
from httpx import ASGITransport, AsyncClient, Response

from services.registry.domain.policies import Attribute
from services.registry.domain.search import Sought
from services.registry.domain.verification import Claim
from services.registry.main import create_app
from services.registry.settings import Settings
from services.registry.storage.resealing import SEALED_COLUMNS
from services.registry.storage.tables import RegistryTable
from services.registry.use_cases.agree import Identifier
from services.registry.use_cases.identifiers_sought import IdentifierKind, SoughtIdentifier
from services.registry.use_cases.look_up import LookUp
from services.registry.use_cases.read_import import read_import
from services.registry.use_cases.read_person import read_person
from services.registry.use_cases.reindex import reindex
from services.registry.use_cases.reseal import reseal
from services.registry.use_cases.rotate_keys import KeyNeededError, retire_key, rotate_key
from services.registry.use_cases.search_persons import Page, search_persons
from services.registry.use_cases.verify_persons import Verification, verify_person
from shared.runtime.keys import MissingKeyError, activate_key, add_key, load_key_ring
from shared.storage.database import RowScope
from shared.storage.sealed import load_sealed_columns, sealing_key_id
from shared.testing.platforms import make_test_keys, platform_for_tests
from shared.testing.tokens import Issuer
from tests.services.registry.changing import a_declaration, a_member, a_new_household
from tests.services.registry.conftest import Registry
from tests.services.registry.declaring import a_file, a_household, a_person, an_idcs
from tests.services.registry.partners import agree_on, asking

EVERYWHERE = LookUp("a-client", "identity-verification", RowScope.everything())
HOUSE = a_file(a_person(1), a_person(2), a_household(1, [1, 2]))


class PowerCutError(Exception):
    """Stands for whatever ends a long command in the middle."""


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    """Return keys of this test's own, since it changes them."""
    make_test_keys(tmp_path, "registry", "payments", "notifications")
    return tmp_path


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.runtime.keys.LOOK_AGAIN_SECONDS", 0.0)


def rotate(keys: Path, name: str) -> str:
    """Rotate without waiting: rings look at every use here."""
    return rotate_key(keys / "registry", name, wait=lambda: None)


async def retire(registry: Registry, keys: Path, name: str, key_id: str = "k1") -> None:
    """Retire a version at once."""
    owner = registry.databases.owner
    await retire_key(keys / "registry", name, key_id, owner=owner, after_seconds=0)


async def persons(registry: Registry) -> list[UUID]:
    """Return everybody."""
    rows = await registry.databases.rows("SELECT person_id FROM person ORDER BY person_id")
    return [row["person_id"] for row in rows]


async def key_ids(registry: Registry, table: str, column: str) -> set[str]:
    """Return the ids of the keys that the values of a column name."""
    rows = await registry.databases.rows(f"SELECT {column} AS value FROM {table}")  # noqa: S608 -- names of this file
    return {sealing_key_id(row["value"]) for row in rows if row["value"] is not None}


async def blinds_of(registry: Registry) -> set[bytes]:
    """Return every person's blind index."""
    return {
        row["idcs_blind"] for row in await registry.databases.rows("SELECT idcs_blind FROM person")
    }


def test_no_sealed_column_is_forgotten_by_a_reseal() -> None:
    sealed = {
        (table.name, column.name)
        for table in RegistryTable.metadata.tables.values()
        for column in table.columns
        if column.name.endswith("_sealed")
    }
    assert sealed == {(column.table, column.column) for column in SEALED_COLUMNS}


async def test_requests_go_on_while_the_sealing_key_rotates_and_everything_is_sealed_anew(
    registry: Registry, keys: Path
) -> None:
    await registry.load(HOUSE, key="before")
    (person_id, _) = await persons(registry)
    answers = 0
    done = asyncio.Event()

    async def keep_reading() -> None:
        nonlocal answers
        while not done.is_set():
            known = await read_person(person_id, EVERYWHERE, using=registry.api)
            assert known.name_latin.family == "EL BAHRI"
            answers += 1

    async with asyncio.TaskGroup() as group:
        reading = group.create_task(keep_reading())
        assert await asyncio.to_thread(rotate, keys, "columns") == "k2"
        await registry.load(a_file(a_person(3)), key="during")
        assert await key_ids(registry, "person", "idcs_sealed") == {"k1", "k2"}
        await reseal(registry.databases.owner, sealed=registry.worker.sealed, rows_max=2)
        await retire(registry, keys, "columns")
        await read_person(person_id, EVERYWHERE, using=registry.api)
        done.set()
        await reading
    assert answers > 1
    for table, column in (
        ("person", "idcs_sealed"),
        ("person_version", "particulars_sealed"),
        ("household", "reference_sealed"),
        ("household_version", "phone_sealed"),
    ):
        assert await key_ids(registry, table, column) == {"k2"}
    assert load_key_ring(keys / "registry" / "columns").ids == ("k2",)


async def test_whatever_waits_in_blocks_is_sealed_anew_and_still_applies(
    registry: Registry, keys: Path
) -> None:
    job = await registry.receive(HOUSE, key="k")
    rotate(keys, "columns")
    assert await reseal(registry.databases.owner, sealed=registry.worker.sealed) == 1
    await retire(registry, keys, "columns")
    await registry.load(HOUSE, key="k")
    assert len(await persons(registry)) == 2
    assert (await read_import(job.job_id, using=registry.api)).state == "completed"


async def test_a_repeated_request_is_answered_as_before_after_its_answer_was_sealed_anew(
    registry: Registry, keys: Path, issuer: Issuer
) -> None:
    platform = platform_for_tests(
        "registry",
        registry.databases.api,
        clock=registry.clock,
        keys=keys,
        verifier=issuer.verifier(),
    )
    app = create_app(Settings(sanad_profile="demo"), platform)
    headers = issuer.headers("registry.declarations:write", subject="a-registrar")
    body = a_declaration("registration", household=a_new_household(a_member(1), a_member(2)))
    await registry.load(a_file(a_person(1), a_person(2)), key="people")
    async with AsyncClient(
        transport=ASGITransport(app=app), base_url="http://registry.test", headers=headers
    ) as client:

        async def declare(key: str) -> Response:
            own = {"Idempotency-Key": key}
            return await client.post("/registry/v1/declarations", json=body, headers=own)

        first = await declare("k")
        receipt = first.json()
        (kept,) = await registry.databases.rows(
            "SELECT kept::text AS row FROM idempotency_key AS kept"
        )
        for told in (receipt["receipt_number"], receipt["receipt_id"], "receipt"):
            assert told.encode().hex() not in kept["row"]
            assert told not in kept["row"]
        # An answer as it was kept before answers were sealed.
        async with registry.databases.owner.transaction() as tx:
            await tx.execute(
                "INSERT INTO idempotency_key (client, key, fingerprint, status, body)"
                " SELECT client, 'old', fingerprint, 201, %s FROM idempotency_key",
                (first.content,),
            )
        rotate(keys, "columns")
        with pytest.raises(KeyNeededError):
            await retire(registry, keys, "columns")
        await reseal(registry.databases.owner, sealed=registry.worker.sealed, rows_max=1)
        assert await key_ids(registry, "idempotency_key", "body_sealed") == {"k2"}
        in_clear = "SELECT count(*) FROM idempotency_key WHERE body IS NOT NULL"
        assert await registry.databases.value(in_clear) == 0
        await retire(registry, keys, "columns")
        for key in ("k", "old"):
            again = await declare(key)
            assert (again.status_code, again.content) == (201, first.content)
            assert again.headers["Idempotent-Replayed"] == "true"


async def test_an_interrupted_reseal_goes_on_where_it_stopped(
    registry: Registry, keys: Path
) -> None:
    await registry.load(a_file(*(a_person(number) for number in range(1, 7))), key="k")
    rotate(keys, "columns")

    def interrupt(_column: str, done: int) -> None:
        if done == 4:
            raise PowerCutError

    owner, sealed = registry.databases.owner, registry.worker.sealed
    with pytest.raises(PowerCutError):
        await reseal(owner, sealed=sealed, tell=interrupt, rows_max=2)
    assert await key_ids(registry, "person", "idcs_sealed") == {"k1", "k2"}
    assert await reseal(owner, sealed=sealed, rows_max=2) == 12 - 4
    assert await reseal(owner, sealed=sealed) == 0


async def test_a_sealing_key_that_rows_name_cannot_be_forgotten(
    registry: Registry, keys: Path
) -> None:
    await registry.load(HOUSE, key="k")
    with pytest.raises(KeyNeededError):
        await retire(registry, keys, "columns")
    rotate(keys, "columns")
    with pytest.raises(KeyNeededError):
        await retire(registry, keys, "columns")
    assert load_key_ring(keys / "registry" / "columns").ids == ("k2", "k1")


async def test_a_key_is_not_forgotten_while_what_it_sealed_may_be_on_its_way(
    registry: Registry, keys: Path
) -> None:
    rotate(keys, "columns")
    folder, owner = keys / "registry", registry.databases.owner
    with pytest.raises(KeyNeededError, match="too young"):
        await retire_key(folder, "columns", "k1", owner=owner)
    with pytest.raises(KeyNeededError, match="the active one"):
        await retire(registry, keys, "columns", "k2")
    with pytest.raises(MissingKeyError):
        await retire(registry, keys, "columns", "k7")


async def test_while_the_index_key_rotates_nobody_is_recorded_twice(
    registry: Registry, keys: Path
) -> None:
    await registry.load(HOUSE, key="before")
    before = await persons(registry)
    rotate(keys, "index")
    job = await registry.load(a_file(a_person(1), a_person(3), a_household(1, [1, 2])), key="again")
    assert (job.persons_recorded, job.unchanged, job.rejected) == (1, 2, 0)
    job = await registry.load(a_file(a_person(2, status="suspended")), key="changed")
    assert (job.persons_recorded, job.rejected) == (1, 0)
    assert (await persons(registry))[:2] == before
    assert len(await persons(registry)) == 3


async def test_partners_and_officers_find_a_person_at_every_step_of_a_rotation(
    registry: Registry, keys: Path
) -> None:
    await registry.load(HOUSE, key="before")
    await agree_on(registry)
    owner = registry.databases.owner
    claims: dict[Attribute, Claim] = {Attribute.SEX: "F"}

    async def found() -> list[object]:
        verification = Verification(Identifier(an_idcs(1)), claims)
        verdict = await verify_person(verification, asking(), using=registry.api)
        page = await search_persons(
            Sought(name="Zahra El Bahri"), EVERYWHERE, page=Page(10), using=registry.api
        )
        card = SoughtIdentifier(IdentifierKind.CNIE, "AB100001")
        by_card = await search_persons(card, EVERYWHERE, page=Page(10), using=registry.api)
        return [verdict.verified, len(page), len(by_card)]

    answers = [await found()]
    folder = keys / "registry"
    assert add_key(folder / "index") == "k2"
    answers.append(await found())
    activate_key(folder / "index", "k2")
    answers.append(await found())
    await reindex(owner, using=registry.worker)
    answers.append(await found())
    await retire(registry, keys, "index")
    answers.append(await found())
    assert answers == [[True, 2, 1]] * 5


async def test_after_a_reindex_the_old_index_key_is_not_needed(
    registry: Registry, keys: Path
) -> None:
    await registry.load(HOUSE, key="before")
    old = await blinds_of(registry)
    rotate(keys, "index")
    owner = registry.databases.owner
    with pytest.raises(KeyNeededError):
        await retire(registry, keys, "index")
    outcome = await reindex(owner, using=registry.worker, rows_max=1)
    assert (outcome.rows, outcome.conflicts) == (3, 0)
    await retire(registry, keys, "index")
    expected = load_sealed_columns(keys / "registry")
    assert await blinds_of(registry) == {
        expected.blind("person.idcs", an_idcs(number)) for number in (1, 2)
    }
    assert old.isdisjoint(await blinds_of(registry))
    job = await registry.load(a_file(a_person(1), a_person(2)), key="again")
    assert (job.persons_recorded, job.unchanged) == (0, 2)


async def test_a_reindex_gives_search_tokens_and_documents_to_those_who_had_none(
    registry: Registry,
) -> None:
    await registry.load(HOUSE, key="k")
    query = "SELECT search_tokens, document_blind FROM person ORDER BY person_id"
    expected = await registry.databases.rows(query)
    async with registry.databases.owner.transaction() as tx:
        await tx.execute("UPDATE person SET search_tokens = '{}', document_blind = NULL")
    await reindex(registry.databases.owner, using=registry.worker)
    assert await registry.databases.rows(query) == expected


async def test_an_interrupted_reindex_goes_on_where_it_stopped(
    registry: Registry, keys: Path
) -> None:
    await registry.load(a_file(*(a_person(number) for number in range(1, 6))), key="k")
    rotate(keys, "index")
    told: list[int] = []

    def interrupt(_table: str, done: int) -> None:
        if done == 4:
            raise PowerCutError

    owner = registry.databases.owner
    with pytest.raises(PowerCutError):
        await reindex(owner, using=registry.worker, tell=interrupt, rows_max=2)
    outcome = await reindex(
        owner, using=registry.worker, tell=lambda _, done: told.append(done), rows_max=2
    )
    assert (outcome.rows, told[0]) == (5, 5)


async def test_a_person_added_twice_in_the_moment_of_a_rotation_is_told_and_not_hidden(
    registry: Registry, keys: Path
) -> None:
    await registry.load(a_file(a_person(1)), key="k")
    rotate(keys, "index")
    twin = registry.worker.sealed.blind("person.idcs", an_idcs(1))
    async with registry.databases.owner.transaction() as tx:
        await tx.execute(
            "CREATE TEMP TABLE twin AS SELECT * FROM person; UPDATE twin SET person_id = uuidv7()"
        )
        await tx.execute("UPDATE twin SET idcs_blind = %(blind)s", {"blind": twin})
        await tx.execute("INSERT INTO person SELECT * FROM twin")
    outcome = await reindex(registry.databases.owner, using=registry.worker)
    assert outcome.conflicts == 1
    with pytest.raises(KeyNeededError):
        await retire(registry, keys, "index")


async def test_a_retired_seal_leaves_its_public_half(registry: Registry, keys: Path) -> None:
    folder = keys / "registry"
    rotate(keys, "access-seal")
    await retire(registry, keys, "access-seal")
    assert not (folder / "access-seal" / "k1.key").exists()
    assert (folder / "access-seal" / "k1.pub").exists()
