"""Receipts read again, and the history of people and households."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.registry.use_cases.look_up import LookUp
from services.registry.use_cases.read_history import (
    VERSIONS_MAX,
    read_household_history,
    read_person_history,
)
from services.registry.use_cases.read_household import HouseholdNotFoundError, read_household
from services.registry.use_cases.read_person import read_person
from services.registry.use_cases.read_receipt import (
    ReceiptNotFoundError,
    ReceiptNumberError,
    find_receipt,
    read_receipt,
)
from shared.storage.database import RowScope
from tests.services.registry.changing import (
    ON,
    a_declaration,
    a_member,
    declared,
    on_file,
    person_id_of,
)
from tests.services.registry.conftest import Registry
from tests.services.registry.declaring import RABAT, an_idcs

EVERYWHERE = LookUp("an-auditor", "audit", RowScope.everything())


async def test_an_imported_household_has_a_receipt_too(registry: Registry) -> None:
    first, _ = await on_file(registry)
    (filed,) = await registry.databases.rows(
        "SELECT declaration_id, receipt_number FROM declaration WHERE household_id = %(id)s",
        id=first,
    )
    by_id = await read_receipt(filed["declaration_id"], EVERYWHERE, using=registry.api)
    typed = " ".join(filed["receipt_number"][at : at + 4] for at in range(0, 16, 4))
    by_number = await find_receipt(typed, EVERYWHERE, using=registry.api)
    assert by_id == by_number
    assert (by_id.declaration.verb, by_id.subjects[0].household_id) == ("registration", first)
    with pytest.raises(ReceiptNumberError):
        await find_receipt("1234 5678", EVERYWHERE, using=registry.api)
    elsewhere = LookUp("c", "audit", RowScope(("04",), ("*",)))
    with pytest.raises(ReceiptNotFoundError):
        await find_receipt(typed, elsewhere, using=registry.api)


async def test_a_region_reads_nothing_of_a_household_that_has_left_it(registry: Registry) -> None:
    first, _ = await on_file(registry)
    of_region = {code: LookUp("c", "audit", RowScope((code,), ("*",))) for code in ("01", "04")}
    await read_household(first, of_region["01"], using=registry.api)
    await declared(
        registry, a_declaration("move", household_id=str(first), commune=RABAT, milieu="urban")
    )
    with pytest.raises(HouseholdNotFoundError):
        await read_household(first, of_region["01"], using=registry.api)
    with pytest.raises(HouseholdNotFoundError):
        await read_household_history(
            first, of_region["01"], before=VERSIONS_MAX, limit=10, using=registry.api
        )
    known = await read_household(first, of_region["04"], using=registry.api)
    assert known.household["region_code"] == "04"


async def test_an_auditor_reads_a_household_as_it_was_known(registry: Registry) -> None:
    first, second = await on_file(registry)
    before = registry.clock.now()
    registry.clock.move(timedelta(days=30))
    body = a_declaration(
        "marriage",
        spouses=[an_idcs(2), an_idcs(4)],
        joins=str(second),
        member=a_member(2, kinship="spouse"),
        occurred_on="2026-12-10",
    )
    receipt = await declared(registry, body)
    bride = await person_id_of(registry, 2)

    async def home(**times: Any) -> UUID | None:  # noqa: ANN401 -- both times
        look_up = LookUp("an-auditor", "audit", RowScope.everything(), **times)
        return (await read_person(bride, look_up, using=registry.api)).household_id

    assert await home() == second
    assert await home(valid_on=date(2026, 12, 10)) == second
    assert await home(valid_on=date(2026, 12, 9)) == first
    assert await home(known_at=before) == first
    then = LookUp("an-auditor", "audit", RowScope.everything(), known_at=before)
    known = await read_household(first, then, using=registry.api)
    assert (known.household["version"], len(known.members)) == (1, 3)
    steps = await read_household_history(
        first, EVERYWHERE, before=VERSIONS_MAX, limit=10, using=registry.api
    )
    assert [(step.version, step.verb, step.members) for step in steps] == [
        (2, "marriage", 2),
        (1, "registration", 3),
    ]
    assert steps[0].receipt_id == receipt.declaration.declaration_id
    earlier = await read_household_history(
        first, then, before=VERSIONS_MAX, limit=10, using=registry.api
    )
    assert [step.version for step in earlier] == [1]


async def test_what_two_declare_otherwise_of_one_day_stays_told_by_both(
    registry: Registry,
) -> None:
    first, _ = await on_file(registry)
    receipts, known = [], []
    for milieu in ("rural", "urban"):
        registry.clock.move(timedelta(minutes=1))
        body = a_declaration("correction", household_id=str(first), milieu=milieu)
        receipts.append(await declared(registry, body))
        known.append(registry.clock.now())
    numbers = {receipt.declaration.receipt_number for receipt in receipts}
    assert len(numbers) == 2
    for receipt in receipts:
        read = await read_receipt(
            receipt.declaration.declaration_id, EVERYWHERE, using=registry.api
        )
        assert read == receipt
        assert read.declaration.effective_on == date.fromisoformat(ON)

    async def milieu_at(instant: datetime) -> str:
        look_up = LookUp("an-auditor", "audit", RowScope.everything(), known_at=instant)
        household = (await read_household(first, look_up, using=registry.api)).household
        return str(household["milieu"])

    # The later one holds; what was known between the two can still be asked.
    assert [await milieu_at(instant) for instant in known] == ["rural", "urban"]
    steps = await read_household_history(
        first, EVERYWHERE, before=VERSIONS_MAX, limit=10, using=registry.api
    )
    told = [(step.version, step.receipt_id, step.recorded_at) for step in steps[:2]]
    assert told == [
        (version, receipt.declaration.declaration_id, instant)
        for version, receipt, instant in zip((3, 2), receipts[::-1], known[::-1], strict=True)
    ]
    assert steps[0].valid_from == steps[1].valid_from == date.fromisoformat(ON)


async def test_the_versions_of_a_person_come_page_by_page(registry: Registry) -> None:
    await on_file(registry)
    await declared(registry, a_declaration("death", person=an_idcs(5)))
    person_id = await person_id_of(registry, 5)
    latest = await read_person_history(
        person_id, EVERYWHERE, before=VERSIONS_MAX, limit=1, using=registry.api
    )
    rest = await read_person_history(person_id, EVERYWHERE, before=2, limit=1, using=registry.api)
    assert [(step.version, step.status) for step in (*latest, *rest)] == [
        (2, "deceased"),
        (1, "active"),
    ]
