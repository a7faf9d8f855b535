"""Searching the registers of the DCI standard, on a real registry."""

from decimal import Decimal
from typing import Any

import pytest
from psycopg import AsyncConnection

from services.registry.domain.dci_contract import (
    Asker,
    JsonObject,
    Reason,
    Refusal,
    Register,
    SearchCriteria,
    SearchPage,
    SortBy,
)
from services.registry.domain.policies import Attribute, IdentifierKind
from services.registry.use_cases.search_register import search_register
from tests.services.registry.conftest import Registry
from tests.services.registry.declaring import (
    RABAT,
    a_file,
    a_household,
    a_member,
    a_person,
    an_idcs,
)
from tests.services.registry.partners import HOSPITAL, PURPOSE, a_purpose, agree_on

EVERYTHING = frozenset(Attribute)
ASKER = Asker(HOSPITAL, "hospital.example.ma", PURPOSE, ("*",), ("*",))
RABAT_ASKER = Asker(HOSPITAL, "hospital.example.ma", PURPOSE, ("04",), ("*",))


def by_identifier(value: str, *, kind: str = "UIN", **changes: Any) -> SearchCriteria:  # noqa: ANN401 -- any field
    """Return a question after one identifier."""
    return SearchCriteria("idtype-value", {"type": kind, "value": value}, **changes)


def by_expression(query: JsonObject, **changes: Any) -> SearchCriteria:  # noqa: ANN401 -- any field
    """Return a question after attributes."""
    return SearchCriteria("expression", query, **changes)


def a_predicate(name: str, operator: str, value: str) -> JsonObject:
    """Return what a predicate says of one attribute."""
    return {"attribute_name": name, "operator": operator, "attribute_value": value}


async def answers(
    registry: Registry,
    *criteria: SearchCriteria,
    register: Register = Register.SOCIAL,
    asker: Asker = ASKER,
) -> list[SearchPage | Refusal]:
    """Return the answers that an api process gives."""
    return await search_register(register, criteria, asker=asker, using=registry.api)


async def the_page(
    registry: Registry,
    criteria: SearchCriteria,
    *,
    register: Register = Register.SOCIAL,
    asker: Asker = ASKER,
) -> SearchPage:
    """Return the only answer, which is a page."""
    (answer,) = await answers(registry, criteria, register=register, asker=asker)
    assert isinstance(answer, SearchPage), answer
    return answer


async def the_reason(registry: Registry, criteria: SearchCriteria) -> Reason:
    """Return why the only question is refused."""
    (answer,) = await answers(registry, criteria)
    assert isinstance(answer, Refusal), answer
    return answer.reason


@pytest.fixture
async def families(registry: Registry) -> Registry:
    """Return a registry with a family in Tangier, one in Rabat, and a partner told everything."""
    await registry.load(
        a_file(
            a_person(1),
            a_person(2, sex="M", birth_date="2020-05-01"),
            a_person(3, commune=RABAT, sex="M", birth_date="1950-02-03", birth_commune=RABAT),
            a_household(
                1,
                [1, 2],
                members=[
                    a_member(1, kinship="head", head=True, declarant=True, activity="employee"),
                    a_member(2, severe_disability=True),
                ],
            ),
            a_household(2, [3], commune=RABAT, milieu="rural"),
        ),
        key="families",
    )
    await agree_on(registry, told=EVERYTHING)
    await set_index(registry, "01", "9.7430010001")
    await set_index(registry, "04", "11.0000000000")
    return registry


async def set_index(registry: Registry, region_code: str, index: str) -> None:
    """Give the household of a region an index, as eligibility tells it."""
    async with registry.worker.database.transaction() as tx:
        await tx.execute(
            "INSERT INTO household_index (household_id, region_code, version, index_points,"
            " milieu, formula_version, assessed_on)"
            " SELECT household_id, region_code, 1, %(index)s, 'urban', 'v1', '2026-11-01'"
            " FROM household WHERE region_code = %(region)s",
            {"index": Decimal(index), "region": region_code},
        )


def records(page: SearchPage) -> Any:  # noqa: ANN401 -- any JSON
    """Return the records of a page, to be taken apart freely."""
    return page.records


def references(page: SearchPage) -> list[str]:
    """Return the references of the groups of a page."""
    return [str(group["group_identifier"][0]["identifier_value"]) for group in records(page)]


async def test_a_household_is_found_by_the_idcs_of_any_member(families: Registry) -> None:
    page = await the_page(families, by_identifier(an_idcs(2)))
    assert (page.reg_record_type, page.total_count) == ("Group", 1)
    (group,) = records(page)
    assert references(page) == ["RSU-00000001"]
    assert (group["group_type"], group["group_size"]) == ("2", 2)
    assert group["poverty_score"] == Decimal("9.7430010001")
    assert group["poverty_score_type"] == "RSU-ISE-urban"
    assert group["place"]["address"]["locality"] == "01.511.01.0"


async def test_a_group_lists_its_members_and_what_the_head_is_to_them(families: Registry) -> None:
    page = await the_page(families, by_identifier("RSU-00000001", kind="HOUSEHOLD_ID"))
    head, child = records(page)[0]["member_list"]
    assert head["demographic_info"]["name"]["surname"] == "EL BAHRI"
    assert head["demographic_info"]["sex"] == "female"
    assert head["member_identifier"][0]["identifier_value"] == an_idcs(1)
    assert "related_person" not in head
    assert child["is_disabled"] is True
    assert child["related_person"][0]["relationship_type"] == "MTH"
    assert records(page)[0]["group_head_info"]["employment_status"] == "4"


async def test_a_person_is_found_by_identity_card_and_answered_in_arabic(
    families: Registry,
) -> None:
    question = by_identifier("ab100001", kind="CNIE", response_entity="Member", locale="ara")
    page = await the_page(families, question)
    (member,) = records(page)
    person = member["demographic_info"]
    assert person["name"]["given_name"] == "زهرة"
    assert {"name_latin": "Zahra EL BAHRI"} in person["additional_attributes"]


async def test_attributes_of_households_and_members_are_compared_exactly(
    families: Registry,
) -> None:
    exactly = by_expression({"poverty_score": {"$lte": "9.7430010001"}})
    below = by_expression({"poverty_score": {"$lt": "9.7430010001"}})
    children = by_expression({"age": {"$lt": 18}, "sex": "male"})
    girls = by_expression({"age": {"$lt": 18}, "sex": "female"})
    disabled = by_expression({"is_disabled": True, "location": "01.511"})
    found = [
        references(page)
        for page in await answers(families, exactly, below, children, girls, disabled)
        if isinstance(page, SearchPage)
    ]
    assert found == [["RSU-00000001"], [], ["RSU-00000001"], [], ["RSU-00000001"]]


async def test_predicates_join_and_negate(families: Registry) -> None:
    men_not_of_rabat: JsonObject = {
        "expression1": a_predicate("sex", "eq", "male"),
        "condition": "not",
        "expression2": a_predicate("region_code", "eq", "04"),
    }
    question = SearchCriteria("predicate", [men_not_of_rabat], response_entity="Member")
    page = await the_page(families, question)
    assert [member["member_identifier"][0]["identifier_value"] for member in records(page)] == [
        an_idcs(2)
    ]


async def test_pages_are_sorted_counted_and_disjoint(families: Registry) -> None:
    everybody = {"group_size": {"$gte": 1}}
    sort = (SortBy("poverty_score", descending=True),)
    first = await the_page(families, by_expression(everybody, sort=sort, page_size=1))
    second = await the_page(
        families, by_expression(everybody, sort=sort, page_size=1, page_number=2)
    )
    third = await the_page(
        families, by_expression(everybody, sort=sort, page_size=1, page_number=3)
    )
    assert [references(page) for page in (first, second, third)] == [
        ["RSU-00000002"],
        ["RSU-00000001"],
        [],
    ]
    assert {page.total_count for page in (first, second, third)} == {2}


async def test_an_unknown_person_is_an_empty_page(families: Registry) -> None:
    page = await the_page(families, by_identifier(an_idcs(99)))
    assert (page.total_count, list(page.records)) == (0, [])


async def test_questions_that_cannot_be_answered_are_refused(families: Registry) -> None:
    someone = an_idcs(1)
    refusals = [
        (by_identifier("4820193757"), Reason.CRITERIA_INVALID),
        (by_identifier("nobody"), Reason.CRITERIA_INVALID),
        (by_identifier("a.b", kind="TOKEN"), Reason.FILTER_INVALID),
        (by_identifier(someone, reg_type="ns:org:RegistryType:Civil"), Reason.CRITERIA_INVALID),
        (by_identifier(someone, response_entity="Car"), Reason.CRITERIA_INVALID),
        (by_identifier(someone, page_size=201), Reason.PAGINATION_INVALID),
        (by_identifier(someone, page_size=200, page_number=51), Reason.PAGINATION_INVALID),
        (by_identifier(someone, sort=(SortBy("age", descending=False),)), Reason.SORT_INVALID),
        (by_expression({"religion": "x"}), Reason.FILTER_INVALID),
    ]
    given = await answers(families, *(criteria for criteria, _ in refusals))
    reasons = [answer.reason for answer in given if isinstance(answer, Refusal)]
    assert reasons == [reason for _, reason in refusals]
    assert await families.databases.value("SELECT count(*) FROM access_log") == 0


async def test_another_regions_asker_finds_nobody(families: Registry) -> None:
    by_head = by_identifier(an_idcs(1))
    assert (await the_page(families, by_head, asker=RABAT_ASKER)).total_count == 0
    civil = await the_page(families, by_head, register=Register.CIVIL, asker=RABAT_ASKER)
    assert civil.total_count == 0


async def test_a_worker_who_answers_later_is_bound_to_the_askers_regions_too(
    families: Registry,
) -> None:
    everybody = by_expression({"group_size": {"$gte": 1}})
    (answer,) = await search_register(
        Register.SOCIAL, [everybody], asker=RABAT_ASKER, using=families.worker
    )
    assert isinstance(answer, SearchPage)
    assert references(answer) == ["RSU-00000002"]


async def test_a_policy_narrows_the_regions_of_a_token(families: Registry) -> None:
    await agree_on(families, told=EVERYTHING, regions=("04",))
    assert (await the_page(families, by_identifier(an_idcs(1)))).total_count == 0


async def test_a_record_tells_what_the_policy_lets_it_tell(families: Registry) -> None:
    await agree_on(families, told=frozenset({Attribute.SEX}))
    question = by_identifier(an_idcs(1), response_entity="Member")
    (member,) = records(await the_page(families, question))
    assert set(member) == {
        "@type",
        "member_identifier",
        "demographic_info",
        "registration_date",
        "last_updated",
    }
    person = member["demographic_info"]
    assert {"name", "birth_date", "address", "phone_number"}.isdisjoint(person)
    assert person["sex"] == "female"
    (group,) = records(await the_page(families, by_identifier(an_idcs(1))))
    assert {"group_identifier", "poverty_score", "member_list", "place"}.isdisjoint(group)


async def test_nobody_asks_about_what_they_may_not_be_told(families: Registry) -> None:
    await agree_on(families, told=frozenset({Attribute.SEX}))
    score = by_expression({"poverty_score": {"$lt": 20}})
    assert await the_reason(families, score) is Reason.FILTER_INVALID
    order = by_expression({"sex": "f"}, sort=(SortBy("poverty_score", descending=False),))
    assert await the_reason(families, order) is Reason.SORT_INVALID


async def test_without_batches_a_search_is_about_one_who_is_named(families: Registry) -> None:
    await agree_on(families, told=EVERYTHING, batch=False)
    one = by_identifier(an_idcs(1), response_entity="Member")
    for questions in (
        [by_expression({"sex": "f"})],
        [by_expression({"search_text": {"$in": [an_idcs(1), an_idcs(3)]}})],
        [SearchCriteria("predicate", [{"expression1": a_predicate("sex", "eq", "f")}])],
        [one, one],
    ):
        given = await answers(families, *questions)
        reasons = [answer.reason for answer in given if isinstance(answer, Refusal)]
        assert reasons == [Reason.CRITERIA_INVALID] * len(questions)
    assert await families.databases.value("SELECT count(*) FROM access_log") == 0
    assert (await the_page(families, one)).total_count == 1


async def test_a_partner_with_tokens_never_sees_an_idcs(families: Registry) -> None:
    await agree_on(families, told=EVERYTHING, identifier=IdentifierKind.TOKEN)
    page = await the_page(families, by_identifier(an_idcs(1), response_entity="Member"))
    assert an_idcs(1) not in str(page)
    (identifier,) = records(page)[0]["member_identifier"]
    assert identifier["identifier_type"] == "TOKEN"
    again = by_identifier(identifier["identifier_value"], kind="TOKEN", response_entity="Member")
    assert (await the_page(families, again)).total_count == 1


async def test_everybody_disclosed_is_logged_before_the_answer(families: Registry) -> None:
    await the_page(families, by_identifier(an_idcs(1)))
    rows = await families.databases.rows(
        "SELECT client, purpose, action, attributes, person_id, household_id, region_code"
        " FROM access_log"
    )
    assert len(rows) == 3
    assert {row["household_id"] for row in rows} == {
        await families.databases.value(
            "SELECT household_id FROM household WHERE region_code = '01'"
        )
    }
    assert sum(row["person_id"] is not None for row in rows) == 2
    assert {(row["client"], row["purpose"], row["action"]) for row in rows} == {
        (HOSPITAL, PURPOSE, "dci-social-search")
    }
    assert {"index", "members", "name_latin"} <= set(rows[0]["attributes"])
    assert "guardians" not in rows[0]["attributes"]


async def test_members_see_that_their_household_was_told_though_they_were_not(
    families: Registry,
) -> None:
    await agree_on(families, told=frozenset({Attribute.INDEX}))
    (group,) = records(await the_page(families, by_identifier(an_idcs(1))))
    assert "member_list" not in group
    rows = await families.databases.rows("SELECT person_id, attributes FROM access_log")
    assert len({row["person_id"] for row in rows}) == 3
    assert {tuple(row["attributes"]) for row in rows} == {("index",)}


async def test_a_purpose_that_rests_on_consent_tells_of_those_who_gave_it(
    families: Registry,
) -> None:
    await agree_on(families, told=EVERYTHING, purposes=(a_purpose(consent_required=True),))
    person = by_identifier(an_idcs(1))
    assert (await the_page(families, person, register=Register.CIVIL)).total_count == 0
    assert await the_reason(families, person) is Reason.CRITERIA_INVALID
    person_id, consent_id = await give_consent(families, ["sex"])
    page = await the_page(families, person, register=Register.CIVIL)
    assert records(page)[0]["sex"] == "female"
    assert "name" not in records(page)[0]
    (row,) = await families.databases.rows("SELECT * FROM access_log")
    assert (row["person_id"], row["consent_id"]) == (person_id, consent_id)
    assert row["attributes"] == ["sex"]


async def give_consent(registry: Registry, attributes: list[str]) -> tuple[Any, Any]:
    """Record that the first person consented, and return the ids of person and consent."""
    (row,) = await registry.databases.rows(
        "INSERT INTO consent (consent_id, region_code, person_id, client, purpose, attributes,"
        " valid_from, valid_until, evidence_kind, evidence_sealed, recorded_at, recorded_by)"
        " SELECT gen_random_uuid(), region_code, person_id, %(client)s, %(purpose)s,"
        " %(attributes)s, '2026-01-01', '2027-01-01', 'form', '', '2026-01-01', 'registrar'"
        " FROM person ORDER BY person_id LIMIT 1 RETURNING person_id, consent_id",
        client=HOSPITAL,
        purpose=PURPOSE,
        attributes=attributes,
    )
    return row["person_id"], row["consent_id"]


async def test_the_civil_register_tells_of_persons_and_their_deaths(families: Registry) -> None:
    await families.load(a_file(a_person(3, commune=RABAT, status="deceased")), key="death")
    died = by_expression({"status": "deceased", "yob": {"$lte": 1989}})
    page = await the_page(families, died, register=Register.CIVIL)
    (person,) = records(page)
    assert page.reg_record_type == "CRVSPerson"
    assert person["identifier"]["identifier_value"] == an_idcs(3)
    assert person["death_date"] == families.clock.today().isoformat()


async def test_a_search_that_finds_too_many_is_refused(
    families: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.registry.use_cases.search_register.RECORDS_MAX", 1)
    assert await the_reason(families, by_expression({"group_size": {"$gte": 1}})) is (
        Reason.TOO_MANY_RECORDS
    )


async def test_a_search_that_takes_too_long_is_refused_and_the_next_one_answered(
    families: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    everybody = by_expression({"group_size": {"$gte": 1}})
    monkeypatch.setattr("services.registry.storage.dci_search.SEARCH_SECONDS_MAX", "0.05")
    async with await AsyncConnection.connect(families.databases.urls.owner) as owner:
        await owner.execute("LOCK TABLE household_index IN ACCESS EXCLUSIVE MODE")
        assert await the_reason(families, everybody) is Reason.TOO_MANY_RECORDS
    monkeypatch.undo()
    assert (await the_page(families, everybody)).total_count == 2
