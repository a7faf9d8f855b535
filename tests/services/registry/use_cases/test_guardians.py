"""Guardians: who answers for whom, from when, and until when."""

from datetime import date, timedelta
from uuid import UUID

import pytest

from services.registry.domain.guardianship import GENERATIONS_MAX
from services.registry.storage.guardianships import Guardianship
from services.registry.use_cases.declaration_errors import DeclarationRefusedError
from services.registry.use_cases.declaration_made import Declarer
from services.registry.use_cases.look_up import LookUp
from services.registry.use_cases.read_person import PersonNotFoundError
from services.registry.use_cases.record_guardianship import (
    GuardianMade,
    GuardianshipNotFoundError,
    end_guardianship,
    read_guardians,
    record_guardianship,
)
from shared.runtime.ids import new_id
from shared.storage.database import RowScope
from tests.services.registry.changing import a_declaration, declared, person_id_of
from tests.services.registry.conftest import Registry
from tests.services.registry.declaring import a_file, a_person, an_idcs

EVERYWHERE = LookUp("a-caseworker", "case-follow-up", RowScope.everything())
REGISTRAR = Declarer("a-registrar", "registration", ("*",))
ON = date(2026, 11, 1)


async def people(registry: Registry) -> None:
    """Register four adults of Tangier."""
    await registry.load(a_file(*(a_person(number) for number in range(1, 5))), key="people")


async def link(
    registry: Registry,
    child: UUID,
    guardian: int,
    *,
    days: tuple[date, date | None] = (ON, None),
    relation: str = "legal_guardian",
    regions: tuple[str, ...] = ("*",),
) -> Guardianship:
    """Record a legal guardian from a day on, or for a while."""
    first, last = days
    made = GuardianMade(child, first, "judicial_decision", "J-1", until=last)
    async with registry.api.database.transaction(RowScope.everything()) as tx:
        return await record_guardianship(
            tx,
            made,
            guardian=an_idcs(guardian),
            relation=relation,
            declarer=Declarer("a-registrar", "registration", regions),
            using=registry.api,
        )


async def end(registry: Registry, held: Guardianship, on: date) -> Guardianship:
    """End a guardianship."""
    made = GuardianMade(held.person_id, on, "judicial_decision")
    async with registry.api.database.transaction(RowScope.everything()) as tx:
        return await end_guardianship(
            tx, made, held.guardianship_id, declarer=REGISTRAR, using=registry.api
        )


async def test_a_guardian_is_read_as_of_a_day_and_as_known_at_an_instant(
    registry: Registry,
) -> None:
    await people(registry)
    ward = await person_id_of(registry, 1)
    held = await link(registry, ward, 2)
    before = registry.clock.now()
    registry.clock.move(timedelta(days=3))
    await end(registry, held, date(2026, 11, 20))

    async def read(**times: object) -> list[Guardianship]:
        look_up = LookUp("c", "audit", RowScope.everything(), **times)  # type: ignore[arg-type] # named by each call
        return await read_guardians(ward, look_up, using=registry.api)

    assert await read() == []
    (then,) = await read(valid_on=date(2026, 11, 20))
    assert (then.guardian_id, then.valid_to) == (held.guardian_id, date(2026, 11, 20))
    (known,) = await read(known_at=before)
    assert (known.version, known.valid_to) == (1, None)
    assert await read(valid_on=date(2026, 10, 31)) == []
    logged = await registry.databases.rows("SELECT action, count(*) FROM access_log GROUP BY 1")
    assert {row["action"] for row in logged} == {
        "record-guardian",
        "end-guardian",
        "read-guardians",
    }


async def test_guardians_of_guardians_never_come_round(registry: Registry) -> None:
    await people(registry)
    first, second, third = [await person_id_of(registry, number) for number in (1, 2, 3)]
    held = await link(registry, first, 2)
    await link(registry, second, 3)
    with pytest.raises(DeclarationRefusedError) as error:
        await link(registry, third, 1)
    assert error.value.faults == (("guardian", "registry.guardian-cycle"),)
    with pytest.raises(DeclarationRefusedError) as error:
        await link(registry, first, 2)
    assert error.value.faults == (("guardian", "registry.guardian-known"),)
    await end(registry, held, date(2026, 11, 19))
    await link(registry, third, 1, days=(date(2026, 11, 20), None))


def years(first: int, last: int | None = None) -> tuple[date, date | None]:
    """Return the first day of a year, and the last of another."""
    return date(first, 1, 1), None if last is None else date(last, 12, 31)


CYCLE = (("guardian", "registry.guardian-cycle"),)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (years(2010, 2015), years(2012, 2014)),
        (years(2010, 2015), years(2012)),
        (years(2010, 2015), (date(2015, 12, 31), None)),
        (years(2010), years(2008, 2010)),
        (years(2010), (ON, None)),
    ],
    ids=["within", "begun within", "on the last day", "until the first year", "now"],
)
async def test_nobody_answers_at_any_time_for_who_answers_for_them(
    registry: Registry, first: tuple[date, date | None], second: tuple[date, date | None]
) -> None:
    await people(registry)
    one, another = await person_id_of(registry, 1), await person_id_of(registry, 2)
    await link(registry, one, 2, days=first)
    with pytest.raises(DeclarationRefusedError) as error:
        await link(registry, another, 1, days=second)
    assert error.value.faults == CYCLE


@pytest.mark.parametrize(
    "second", [years(2016), years(2016, 2020), years(2008, 2009)], ids=["since", "after", "before"]
)
async def test_two_answer_for_each_other_one_after_the_other(
    registry: Registry, second: tuple[date, date | None]
) -> None:
    await people(registry)
    one, another = await person_id_of(registry, 1), await person_id_of(registry, 2)
    held = await link(registry, one, 2, days=years(2010))
    await end(registry, held, date(2015, 12, 31))
    turned = await link(registry, another, 1, days=second)
    assert (turned.valid_from, turned.valid_to) == second


async def test_a_longer_way_round_counts_only_where_all_of_it_holds_at_once(
    registry: Registry,
) -> None:
    await people(registry)
    first, second, third = [await person_id_of(registry, number) for number in (1, 2, 3)]
    await link(registry, first, 2, days=years(2010, 2012))
    await link(registry, second, 3, days=years(2014, 2016))
    # It meets each of the two on some day, and both on none.
    await link(registry, third, 1, days=years(2010, 2016))
    with pytest.raises(DeclarationRefusedError) as error:
        await link(registry, second, 3, days=years(2012, 2013))
    assert error.value.faults == CYCLE


async def test_whoever_has_too_many_generations_above_them_is_given_no_ward(
    registry: Registry,
) -> None:
    chain = GENERATIONS_MAX + 2
    await registry.load(a_file(*map(a_person, range(1, chain + 1))), key="people")
    ids = [await person_id_of(registry, number) for number in range(1, chain + 1)]
    for number in range(chain - 1, 1, -1):
        await link(registry, ids[number - 1], number + 1)
    with pytest.raises(DeclarationRefusedError) as error:
        await link(registry, ids[0], 2)
    assert error.value.faults == (("guardian", "registry.guardians-too-many"),)
    await link(registry, ids[0], 3)


async def test_what_is_over_when_it_is_told_has_a_last_day_that_can_be(
    registry: Registry,
) -> None:
    await people(registry)
    ward = await person_id_of(registry, 1)
    for last, code in ((date(2026, 11, 21), "date-in-future"), (date(2025, 1, 1), "period-rev")):
        with pytest.raises(DeclarationRefusedError) as error:
            await link(registry, ward, 2, days=(date(2026, 1, 1), last))
        ((field, told),) = error.value.faults
        assert (field, told.startswith(f"registry.{code}")) == ("valid_to", True)


async def refusal(
    registry: Registry,
    ward: UUID,
    guardian: int,
    *,
    relation: str = "legal_guardian",
    days: tuple[date, date | None] = (ON, None),
) -> list[tuple[str, str]]:
    """Return field and code of every fault of a guardianship; nothing if it is recorded."""
    try:
        await link(registry, ward, guardian, relation=relation, days=days)
    except DeclarationRefusedError as error:
        return list(error.faults)
    return []


async def test_a_mother_is_a_woman_older_than_her_child_and_the_only_one(
    registry: Registry,
) -> None:
    await people(registry)
    kin = a_file(
        a_person(5, birth_date="2020-01-01"),
        a_person(6, sex="M"),
        a_person(7, birth_date="2002-01-01"),
    )
    await registry.load(kin, key="kin")
    child, grown = await person_id_of(registry, 5), await person_id_of(registry, 1)
    assert await refusal(registry, child, 6, relation="mother") == [
        ("relation", "registry.parent-sex")
    ]
    assert await refusal(registry, grown, 7, relation="mother") == [
        ("relation", "registry.parent-too-young")
    ]
    held = await link(registry, child, 2, relation="mother")
    assert await refusal(registry, child, 3, relation="mother") == [
        ("relation", "registry.parent-other")
    ]
    assert await refusal(registry, child, 6, relation="father") == []
    await end(registry, held, date(2026, 11, 10))
    since = (date(2026, 11, 11), None)
    assert await refusal(registry, child, 3, relation="mother", days=since) == []


async def test_nobody_answers_for_the_dead(registry: Registry) -> None:
    await people(registry)
    ward = await person_id_of(registry, 1)
    death = a_declaration("death", person=an_idcs(1), occurred_on="2026-11-10")
    await declared(registry, death)
    since = (date(2026, 11, 11), None)
    assert await refusal(registry, ward, 2, days=since) == [
        ("valid_from", "registry.person-deceased")
    ]
    assert await refusal(registry, ward, 2) == [("valid_to", "registry.person-deceased")]
    assert await refusal(registry, ward, 2, days=(ON, date(2026, 11, 10))) == []


async def test_what_was_over_is_not_told_twice(registry: Registry) -> None:
    await people(registry)
    ward = await person_id_of(registry, 1)
    assert await refusal(registry, ward, 2, days=years(2010, 2012)) == []
    known = [("guardian", "registry.guardian-known")]
    assert await refusal(registry, ward, 2, days=years(2010, 2012)) == known
    assert await refusal(registry, ward, 2, days=years(2012)) == known
    assert await refusal(registry, ward, 2, days=years(2013)) == []


async def test_a_wrong_day_is_named_by_its_own_field(registry: Registry) -> None:
    await people(registry)
    ward = await person_id_of(registry, 1)
    tomorrow, long_ago = date(2026, 11, 21), date(1700, 1, 1)
    assert await refusal(registry, ward, 2, days=(tomorrow, None)) == [
        ("valid_from", "registry.date-in-future")
    ]
    assert await refusal(registry, ward, 2, days=(long_ago, None)) == [
        ("valid_from", "registry.date-too-old")
    ]
    held = await link(registry, ward, 2)
    with pytest.raises(DeclarationRefusedError) as error:
        await end(registry, held, tomorrow)
    assert error.value.faults == (("ended_on", "registry.date-in-future"),)


async def test_what_has_ended_does_not_end_again(registry: Registry) -> None:
    await people(registry)
    held = await link(registry, await person_id_of(registry, 1), 2)
    with pytest.raises(DeclarationRefusedError) as error:
        await end(registry, held, date(2026, 10, 31))
    assert error.value.faults == (("ended_on", "registry.period-reversed"),)
    await end(registry, held, ON)
    with pytest.raises(DeclarationRefusedError) as error:
        await end(registry, held, ON)
    assert error.value.faults == (("guardianship_id", "registry.guardian-ended"),)
    with pytest.raises(GuardianshipNotFoundError):
        await end(registry, held._replace(guardianship_id=new_id()), ON)


async def test_another_region_records_and_reads_nothing(registry: Registry) -> None:
    await people(registry)
    ward = await person_id_of(registry, 1)
    with pytest.raises(PersonNotFoundError):
        await link(registry, ward, 2, regions=("04",))
    await link(registry, ward, 2)
    elsewhere = LookUp("c", "audit", RowScope(("04",), ("*",)))
    with pytest.raises(PersonNotFoundError):
        await read_guardians(ward, elsewhere, using=registry.api)


async def test_twins_born_days_apart_have_one_mother_if_a_judge_says_so(
    registry: Registry,
) -> None:
    await people(registry)
    twins = [a_person(5, birth_date="2015-03-01"), a_person(6, birth_date="2015-03-10")]
    await registry.load(a_file(*twins), key="twins")
    await link(registry, await person_id_of(registry, 5), 1, relation="mother")
    second = await person_id_of(registry, 6)
    certified = GuardianMade(second, ON, "birth_certificate")
    with pytest.raises(DeclarationRefusedError) as refusal:
        async with registry.api.database.transaction(RowScope.everything()) as tx:
            await record_guardianship(
                tx,
                certified,
                guardian=an_idcs(1),
                relation="mother",
                declarer=REGISTRAR,
                using=registry.api,
            )
    assert list(refusal.value.faults) == [("relation", "registry.births-too-close")]
    assert (await link(registry, second, 1, relation="mother")).relation == "mother"
