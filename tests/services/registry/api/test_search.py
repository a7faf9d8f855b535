"""Searching people over HTTP: names in any script and spelling, ranked, bounded and logged."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import ValidationError

from services.registry.api.search import PersonSearch
from services.registry.api.verification_schemas import NameBody
from services.registry.use_cases import search_persons
from shared.storage.database import RowScope
from shared.testing.tokens import Issuer
from tests.services.registry.conftest import Registry
from tests.services.registry.counter import at_the_counter
from tests.services.registry.declaring import RABAT, TANGIER, a_file, a_household, a_person, an_idcs

SCOPES = ("registry.persons:search", "registry.households:search")
PERSONS = "/registry/v1/persons/search"
HOUSEHOLDS = "/registry/v1/households/search"
NO_NAMES = (
    "'; DROP TABLE person; --",
    "' OR true --",
    "%",
    "T_zi",
    ".*",
    "{1,2}",
    "\\",
    "(Tazi)",
    "[a-z]",
    "a=a",
    "<b>",
    "1989 ٣",
    "Ta\nzi",
    "Tazi\x7f",
    "Tazi\u202e",
)
NAMES = (
    "Zahra",
    "EL BAHRI",
    "N'Diaye",
    "‘Abd al-Qādir",
    "Sana' Tazi",
    "Aït-Ali ou Brahim",
    "M. Tazi",
    "Mo7ammed",
    "3abd l3ali",
    "مُحَمَّد",
    "محـــمد",
    "عبد الله",
    "ⵜⴰⵣⵉ",
    " Tazi ",
    "Zahra\u0301",
)


def named(number: int, arabic: str, latin: str, /, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 -- any JSON
    """Return the line of a person: given and family name apart by a bar, in both scripts."""
    given_ar, family_ar = arabic.split("|")
    given, family = latin.split("|")
    return a_person(
        number,
        name_ar={"given": given_ar, "family": family_ar},
        name_latin={"given": given, "family": family},
        **changes,
    )


FILE = a_file(
    named(1, "محمد|العلوي", "Mohamed|ALAOUI", sex="M", birth_date="1971-03-05"),
    named(2, "محمد|العلوي", "Mohamed|ALAOUI", sex="M", birth_date="1988-11-20", commune=RABAT),
    named(3, "فاطمة الزهراء|بناني", "Fatima Zahra|BENNANI", birth_date="1990-07-01"),
    named(4, "عبد القادر|آيت علي", "Abdelkader|AIT ALI", sex="M", birth_date="1965-01-01"),
    named(5, "حسين|التازي", "Houcine|TAZI", sex="M", birth_date="1990-02-03"),
    named(6, "حسن|التازي", "Hassan|TAZI", sex="M", birth_date="1990-02-03"),
    a_household(1, [1, 3]),
)


@pytest.fixture
async def client(
    registry: Registry, keys: Path, issuer: Issuer
) -> AsyncIterator[httpx.AsyncClient]:
    """Return a client that may search everywhere, in a registry of six."""
    await registry.load(FILE, key="k")
    async with at_the_counter(registry, *SCOPES, keys=keys, issuer=issuer) as client:
        yield client


async def found(client: httpx.AsyncClient, **search: Any) -> list[dict[str, Any]]:  # noqa: ANN401 -- any JSON
    """Return the persons that a search finds."""
    answer = await client.post(PERSONS, json=search)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


async def refused(client: httpx.AsyncClient, **search: Any) -> tuple[int, str]:  # noqa: ANN401 -- any JSON
    """Return status and code of a refused search."""
    answer = await client.post(PERSONS, json=search)
    return answer.status_code, answer.json()["code"]


async def test_a_name_is_found_however_it_is_written(client: httpx.AsyncClient) -> None:
    for name in (
        "Mohamed Alaoui",
        "MUHAMMAD EL ALAOUI",
        "محمد العلوي",
        "مُحَمَّد علوي",
        "alaoui mohammed",
    ):
        items = await found(client, name=name)
        assert {item["birth_date"] for item in items} == {"1971-03-05", "1988-11-20"}, name
        assert all("name-same" in item["reasons"] for item in items)


async def test_words_written_as_one_or_left_out_are_found(client: httpx.AsyncClient) -> None:
    for name in (
        "Fatima Zahra Bennani",
        "FATIMAZAHRA BEN NANI",
        "فاطمه الزهرا بناني",
        "Zahra Bennani",
    ):
        items = await found(client, name=name)
        assert [item["birth_date"] for item in items] == ["1990-07-01"], name
    for name in ("Abdel Kader Aitali", "عبدالقادر ايت علي"):
        assert len(await found(client, name=name)) == 1


async def test_the_better_fit_comes_first(client: httpx.AsyncClient) -> None:
    items = await found(client, name="حسين التازي")
    assert [item["name_latin"]["given"] for item in items] == ["Houcine", "Hassan"]
    assert items[0]["score"] > items[1]["score"]


async def test_a_birth_date_finds_what_a_clerk_may_have_written(client: httpx.AsyncClient) -> None:
    (exact,) = await found(client, name="Mohamed Alaoui", birth_date="1971-03-05")
    (swapped,) = await found(client, name="Mohamed Alaoui", birth_date="1971-05-03")
    (first,) = await found(client, name="Abdelkader Ait Ali", birth_date="1965-06-17")
    assert exact["score"] > swapped["score"] > 500
    assert "birth-date-swapped" in swapped["reasons"]
    assert "birth-date-first-january" in first["reasons"]
    assert await found(client, name="Mohamed Alaoui", birth_date="1999-09-09") == []


async def test_a_search_is_narrowed_by_year_sex_and_territory(client: httpx.AsyncClient) -> None:
    alaoui = {"name": "Mohamed Alaoui"}
    assert len(await found(client, **alaoui, birth_year=1970, years_around=1)) == 1
    assert await found(client, **alaoui, birth_year=1970) == []
    assert await found(client, **alaoui, sex="F") == []
    (in_rabat,) = await found(client, **alaoui, commune=RABAT)
    assert in_rabat["birth_date"] == "1988-11-20"
    (in_tangier,) = await found(client, **alaoui, province="01.511", region="01")
    assert in_tangier["commune_code"] == TANGIER


@pytest.mark.parametrize(
    "territory",
    [
        {"region": "99"},
        {"province": "01.999"},
        {"commune": "01.511.99.9"},
        {"region": "01", "commune": "01.511.."},
    ],
)
async def test_a_territory_that_there_is_none_of_is_refused(
    client: httpx.AsyncClient, territory: dict[str, str]
) -> None:
    answer = await refused(client, name="Mohamed Alaoui", **territory)
    assert answer == (422, "registry.territory-unknown")


async def test_a_word_misspelt_is_forgiven_when_the_birth_is_known(
    client: httpx.AsyncClient,
) -> None:
    assert await found(client, name="Mohamed Aloufi") == []
    (item,) = await found(client, name="Houzine Tazi", birth_date="1990-02-03", limit=1)
    assert item["name_latin"]["given"] == "Houcine"


async def test_a_person_is_found_by_each_of_their_numbers(client: httpx.AsyncClient) -> None:
    for kind, value in (
        ("idcs", an_idcs(1)),
        ("cnie", "ab100001"),
        ("phone", "0600000001"),
    ):
        (item,) = await found(client, identifier={"kind": kind, "value": value})
        assert (item["birth_date"], item["reasons"]) == ("1971-03-05", [f"{kind}-same"])
    assert await found(client, identifier={"kind": "idcs", "value": an_idcs(77)}) == []


async def test_pages_follow_one_another_without_gap_or_repeat(client: httpx.AsyncClient) -> None:
    search = {"name": "Tazi", "limit": 1}
    seen = []
    for _ in range(2):
        answer = (await client.post(PERSONS, json=search)).json()
        seen += [item["person_id"] for item in answer["items"]]
        search["cursor"] = answer["next_cursor"]
    assert len(set(seen)) == 2
    assert (await client.post(PERSONS, json=search)).json() == {"items": [], "next_cursor": None}
    for other in ({"name": "Alaoui"}, {"sex": "F"}, {"birth_year": 1980}):
        answer = await client.post(PERSONS, json=search | other)
        assert (answer.status_code, answer.json()["code"]) == (422, "shared.cursor-malformed")


async def test_everybody_disclosed_is_in_the_log_and_nobody_else(
    client: httpx.AsyncClient, registry: Registry
) -> None:
    (item,) = await found(client, name="Tazi", limit=1)
    await found(client, name="Nobody Here")
    rows = await registry.databases.rows("SELECT person_id, action, attributes FROM access_log")
    assert [str(row["person_id"]) for row in rows] == [item["person_id"]]
    assert rows[0]["action"] == "search-persons"
    assert "name_ar" in rows[0]["attributes"]


async def test_a_search_that_fits_too_many_is_refused_with_advice(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search_persons, "CANDIDATES_MAX", 1)
    answer = await client.post(PERSONS, json={"name": "Tazi"})
    assert (answer.status_code, answer.json()["code"]) == (422, "registry.search-too-wide")
    assert "add a birth date" in answer.json()["detail"]
    assert "Tazi" not in answer.text


async def test_another_region_is_refused_and_its_people_stay_hidden(
    client: httpx.AsyncClient, issuer: Issuer
) -> None:
    client.headers = httpx.Headers(issuer.headers(*SCOPES, regions=["04"]))
    (only,) = await found(client, name="Mohamed Alaoui")
    assert only["region_code"] == "04"
    assert await found(client, identifier={"kind": "idcs", "value": an_idcs(1)}) == []
    assert await found(client, identifier={"kind": "cnie", "value": "AB100001"}) == []
    assert await refused(client, name="Mohamed Alaoui", commune=TANGIER) == (
        403,
        "registry.region-not-allowed",
    )
    households = await client.post(HOUSEHOLDS, json={"reference": "RSU-00000001"})
    assert households.json() == {"items": []}


async def test_criteria_that_do_not_go_together_are_refused(client: httpx.AsyncClient) -> None:
    for search in (
        {},
        {"name": "Tazi", "identifier": {"kind": "idcs", "value": "2000000001"}},
        {"identifier": {"kind": "idcs", "value": "2000000001"}, "sex": "M"},
        {"name": "Tazi", "birth_date": "1990-01-01", "birth_year": 1990},
        {"name": "Tazi", "years_around": 2},
        {"name": "Tazi", "shoe_size": 43},
        {"name": "Tazi\x00"},
        {"name": "x" * 202},
        {"name": "Tazi", "birth_year": True},
        {"name": "Tazi", "cursor": "nonsense"},
    ):
        assert (await refused(client, **search))[0] == 422, search


async def test_what_no_name_or_number_holds_is_a_fault_of_its_field(
    client: httpx.AsyncClient,
) -> None:
    for url, field, form in (
        (PERSONS, "name", "{}"),
        (PERSONS, "name", "Tazi{}Zahra"),
        (HOUSEHOLDS, "reference", "RSU-{}7"),
    ):
        for text in NO_NAMES:
            answer = await client.post(url, json={field: form.format(text)})
            assert (answer.status_code, answer.json()["code"]) == (422, "shared.request-invalid")
            assert [fault["field"] for fault in answer.json()["errors"]] == [f"body.{field}"]


@pytest.mark.parametrize("name", NAMES)
def test_names_are_names_to_searches_and_verifications(name: str) -> None:
    assert PersonSearch(name=name).name == name
    assert NameBody(given=name, family=name).given == name


@pytest.mark.parametrize("text", NO_NAMES)
def test_what_no_name_holds_is_not_verified(text: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        NameBody(given=text, family="Tazi")
    assert [fault["loc"] for fault in refusal.value.errors()] == [("given",)]


async def test_unreadable_names_and_wrong_numbers_are_refused(client: httpx.AsyncClient) -> None:
    assert await refused(client, name="王 伟") == (422, "registry.search-name-unreadable")
    for kind, value in (("idcs", "2000000002"), ("cnie", "12"), ("phone", "+33612345678")):
        answer = await refused(client, identifier={"kind": kind, "value": value})
        assert answer == (422, "registry.identifier-malformed")


async def test_a_household_is_found_by_number_or_member(
    client: httpx.AsyncClient, registry: Registry
) -> None:
    by_number = await client.post(HOUSEHOLDS, json={"reference": "RSU-00000001"})
    by_member = await client.post(HOUSEHOLDS, json={"member_idcs": an_idcs(3)})
    assert by_number.json() == by_member.json()
    (item,) = by_number.json()["items"]
    assert (item["members"], item["commune_code"]) == (2, TANGIER)
    logged = await registry.databases.rows("SELECT household_id, action FROM access_log")
    assert {(str(row["household_id"]), row["action"]) for row in logged} == {
        (item["household_id"], "search-households")
    }


@pytest.mark.usefixtures("client")
async def test_the_search_function_keeps_to_the_scope_of_its_caller(registry: Registry) -> None:
    everybody = "SELECT count(*) FROM find_persons(ARRAY['{}'], NULL, NULL, NULL, NULL, NULL, 100)"
    seen = []
    for scope in (
        RowScope(("01",), ("*",)),
        RowScope(("04",), ("*",)),
        RowScope.everything(),
        RowScope((), ()),
        None,
    ):
        async with registry.databases.api.transaction(scope) as tx:
            cursor = await tx.execute(everybody)
            seen.append((await cursor.fetchone() or {})["count"])
    assert seen == [5, 1, 6, 0, 0]
    # The reason why there is such a function: the operator may not be asked before row security.
    leakproof = "SELECT proleakproof FROM pg_proc WHERE proname = 'arraycontains'"
    assert await registry.databases.value(leakproof) is False
