"""Exports: within rights and policy, logged before they can be read, true to their day."""

import json
from datetime import date, timedelta
from typing import Any

import pytest

from services.registry.domain.census import TerritoryUnknownError
from services.registry.domain.policies import (
    Attribute,
    AttributeNotAgreedError,
    BatchNotAgreedError,
    ConsentMissingError,
    IdentifierKind,
    PolicyMissingError,
    PurposeNotAgreedError,
)
from services.registry.storage.exports import ExportJob
from services.registry.use_cases import write_export
from services.registry.use_cases.ask_export import (
    ExportAsked,
    ExportDayInFutureError,
    ExportNotFoundError,
    ExportOutOfScopeError,
    ask_export,
    read_export,
)
from services.registry.use_cases.read_export_content import (
    ExportForgottenError,
    ExportNotReadyError,
    ExportPurposeError,
    read_export_content,
    require_readable,
)
from services.registry.use_cases.write_export import forget_old_exports, write_next_export
from shared.kernel.errors import DomainError
from tests.services.registry.conftest import Registry
from tests.services.registry.declaring import RABAT, a_file, a_household, a_person, an_idcs
from tests.services.registry.partners import HOSPITAL, PURPOSE, a_purpose, agree_on


def asked(**changes: Any) -> ExportAsked:  # noqa: ANN401 -- any field
    """Return what the hospital asks for: every person it may see, unless changed."""
    usual: dict[str, Any] = {
        "client": HOSPITAL,
        "purpose": PURPOSE,
        "regions": ("*",),
        "kind": "persons",
        "region_code": None,
        "province_code": None,
        "valid_on": None,
    }
    return ExportAsked(**(usual | changes))


async def ask(registry: Registry, **changes: Any) -> ExportJob:  # noqa: ANN401 -- any field
    """Ask for an export as the api does."""
    async with registry.api.database.transaction() as tx:
        return await ask_export(tx, asked(**changes), using=registry.api)


async def lines(registry: Registry, **changes: Any) -> list[dict[str, Any]]:  # noqa: ANN401
    """Ask for an export, have it written, and return its lines."""
    job = await ask(registry, **changes)
    while await write_next_export(registry.worker):
        pass
    return await content(registry, job)


async def content(registry: Registry, job: ExportJob) -> list[dict[str, Any]]:
    """Return the lines of an export that is written."""
    written = await read_export(job.export_id, client=job.client, using=registry.api)
    require_readable(written, purpose=job.purpose)
    body = b"".join([block async for block in read_export_content(written, using=registry.api)])
    found = [json.loads(line) for line in body.splitlines()]
    assert len(found) == written.lines
    return found


@pytest.fixture
async def known(registry: Registry) -> Registry:
    """Return a registry of three persons, of whom two live together, and a hospital."""
    file = a_file(a_person(1), a_person(2), a_person(3, commune=RABAT), a_household(1, [1, 2]))
    await registry.load(file, key="k")
    await agree_on(registry)
    return registry


async def test_an_export_tells_what_the_policy_covers_and_nothing_else(known: Registry) -> None:
    found = await lines(known)
    assert found[0] == {
        "type": "person",
        "idcs": an_idcs(1),
        "birth_date": "1989-04-12",
        "name_latin": {"given": "Zahra", "family": "EL BAHRI"},
    }
    assert [line["idcs"] for line in found] == [an_idcs(number) for number in (1, 2, 3)]


async def test_every_subject_is_logged_before_the_export_can_be_read(known: Registry) -> None:
    job = await ask(known)
    with pytest.raises(ExportNotReadyError):
        await content(known, job)
    assert await known.databases.value("SELECT count(*) FROM access_log") == 0
    assert await write_next_export(known.worker)
    rows = await known.databases.rows("SELECT * FROM access_log")
    assert len({row["person_id"] for row in rows}) == 3
    assert {(row["client"], row["purpose"], row["action"]) for row in rows} == {
        (HOSPITAL, PURPOSE, "export-persons")
    }
    assert rows[0]["attributes"] == ["birth_date", "name_latin"]
    assert len(await content(known, job)) == 3


async def test_an_export_stays_within_the_territory_asked_for(known: Registry) -> None:
    assert [line["idcs"] for line in await lines(known, region_code="04")] == [an_idcs(3)]
    assert len(await lines(known, province_code="01.511")) == 2
    assert len(await lines(known, regions=("01",))) == 2


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"client": "a-stranger"}, PolicyMissingError),
        ({"purpose": "curiosity"}, PurposeNotAgreedError),
        ({"kind": "households"}, AttributeNotAgreedError),
        ({"regions": ("01",), "region_code": "04"}, ExportOutOfScopeError),
        ({"regions": ("01",), "province_code": "04.421"}, ExportOutOfScopeError),
        ({"region_code": "01", "province_code": "04.421"}, ExportOutOfScopeError),
        ({"region_code": "99"}, TerritoryUnknownError),
        ({"province_code": "01.999"}, TerritoryUnknownError),
        ({"regions": ()}, ExportOutOfScopeError),
        ({"valid_on": date(2100, 1, 1)}, ExportDayInFutureError),
    ],
)
async def test_what_is_beyond_rights_or_policy_is_refused_and_not_kept(
    known: Registry, changes: dict[str, Any], error: type[DomainError]
) -> None:
    with pytest.raises(error):
        await ask(known, **changes)
    assert await known.databases.value("SELECT count(*) FROM export_job") == 0


@pytest.mark.parametrize(
    ("terms", "error"),
    [
        ({"batch": False}, BatchNotAgreedError),
        ({"purposes": (a_purpose(consent_required=True),)}, ConsentMissingError),
    ],
)
async def test_terms_that_bind_single_questions_allow_no_export(
    known: Registry, terms: dict[str, Any], error: type[DomainError]
) -> None:
    await agree_on(known, **terms)
    with pytest.raises(error):
        await ask(known)


async def test_a_partner_with_tokens_is_told_tokens(known: Registry) -> None:
    told = frozenset({Attribute.MEMBERS, Attribute.HOUSEHOLD_FACTS, Attribute.DOCUMENT})
    await agree_on(known, identifier=IdentifierKind.TOKEN, told=told)
    persons, (household,) = await lines(known), await lines(known, kind="households")
    assert all("idcs" not in person for person in persons)
    assert {member["token"] for member in household["members"]} <= {
        person["token"] for person in persons
    }
    assert persons[0]["document"] == {"cnie": "AB100001", "residence_permit": None}


@pytest.mark.parametrize("told", [frozenset(), frozenset({Attribute.MEMBERS})])
async def test_members_of_an_exported_household_are_each_logged(
    known: Registry, told: frozenset[Attribute]
) -> None:
    await agree_on(known, told=told | {Attribute.COMMUNE})
    await lines(known, kind="households")
    rows = await known.databases.rows("SELECT person_id, household_id FROM access_log")
    assert len({row["person_id"] for row in rows} - {None}) == 2
    assert len({row["household_id"] for row in rows}) == 1


async def test_members_of_an_exported_household_are_told_with_it(known: Registry) -> None:
    await agree_on(known, told=frozenset({Attribute.MEMBERS, Attribute.COMMUNE}))
    (household,) = await lines(known, kind="households")
    assert {member["idcs"] for member in household["members"]} == {an_idcs(1), an_idcs(2)}
    assert "facts" not in household
    assert sum(member["head"] for member in household["members"]) == 1


async def test_an_export_tells_what_was_true_on_its_day(known: Registry) -> None:
    before = known.clock.today()
    known.clock.move(timedelta(days=3))
    renamed = {"given": "Zahra", "family": "ALAMI"}
    await known.load(a_file(a_person(1, name_latin=renamed)), key="later")
    then, now = await lines(known, valid_on=before), await lines(known)
    assert then[0]["name_latin"]["family"] == "EL BAHRI"
    assert now[0]["name_latin"]["family"] == "ALAMI"


async def test_many_blocks_hold_everybody_once(
    known: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(write_export, "BLOCK_PERSONS_MAX", 1)
    found = await lines(known)
    assert [line["idcs"] for line in found] == [an_idcs(number) for number in (1, 2, 3)]


async def test_only_its_asker_reads_an_export_and_for_its_purpose(known: Registry) -> None:
    job = await ask(known)
    while await write_next_export(known.worker):
        pass
    with pytest.raises(ExportNotFoundError):
        await read_export(job.export_id, client="another", using=known.api)
    written = await read_export(job.export_id, client=HOSPITAL, using=known.api)
    with pytest.raises(ExportPurposeError):
        require_readable(written, purpose="curiosity")


async def test_an_export_is_forgotten_after_a_week_and_its_log_is_not(known: Registry) -> None:
    await lines(known)
    known.clock.move(timedelta(days=8))
    assert await forget_old_exports(known.worker)
    assert await known.databases.value("SELECT count(*) FROM export_block") == 0
    assert await known.databases.value("SELECT count(*) FROM access_log") == 3
    (row,) = await known.databases.rows("SELECT export_id FROM export_job")
    job = await read_export(row["export_id"], client=HOSPITAL, using=known.api)
    with pytest.raises(ExportForgottenError):
        require_readable(job, purpose=PURPOSE)


async def test_no_block_of_an_export_holds_a_name_in_clear(known: Registry) -> None:
    await lines(known)
    (row,) = await known.databases.rows("SELECT body_sealed FROM export_block")
    assert b"BAHRI" not in bytes(row["body_sealed"])
