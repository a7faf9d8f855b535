"""Whoever is disclosed reads what was told of them, in words: by every route that discloses."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.registry.domain.policies import Attribute, DciPolicy, PolicyPurpose, SignatureRule
from services.registry.domain.purposes import disclosures
from services.registry.domain.ramed import HEADER
from services.registry.main import create_app
from services.registry.settings import Settings
from services.registry.use_cases.dci_answer_later import answer_next_message
from services.registry.use_cases.find_duplicates import find_next_duplicates
from services.registry.use_cases.match_ramed import match_next_rows
from services.registry.use_cases.write_export import write_next_export
from shared.runtime.ids import new_id
from shared.testing.platforms import platform_for_tests
from shared.testing.tokens import Issuer
from tests.services.registry.api.fuzzing import Callers
from tests.services.registry.api.messages import ATTESTATION, MESSAGES, REGISTRATION
from tests.services.registry.conftest import Registry
from tests.services.registry.dci_partner import SENDER, a_search, a_subscription, by_identifier
from tests.services.registry.declaring import a_file, a_household, a_person, an_idcs
from tests.services.registry.following import DCI, Following, add_newborn, wanted, who
from tests.services.registry.partners import HOSPITAL, agree_on

PARTNER, PURPOSE = "cmr", "enrolment-check"
V1, SOCIAL, CIVIL = "/registry/v1", "/dci/social/v1.0.0/registry", "/dci/crvs/v1.0.0/registry"
EVIDENCE = {"kind": "judicial_decision", "reference": "file 7"}
BY_IDCS = {"type": "UIN", "value": an_idcs(1)}
CALLED_BACK = {"sender_uri": "https://127.0.0.1/callbacks"}
# They tell what was written before, and logged then; and of a person's log nobody but that person.
LOGGED_BEFORE = {
    "read_registry_export",
    "read_registry_export_content",
    "read_registry_own_access_log",
}
Ask = Callable[["Walk"], Awaitable[httpx.Response]]


@dataclass
class Walk:
    """The application, whom its operations are about, and what was logged on the way."""

    registry: Registry
    client: httpx.AsyncClient
    callers: Callers
    operations: Mapping[str, tuple[str, str, dict[str, Any]]]
    """Method, path and description of each operation that discloses, by its id."""
    known: dict[str, Any] = field(default_factory=dict)
    seen: set[Any] = field(default_factory=set)

    async def ask(self, operation_id: str, body: Any = None, **query: Any) -> httpx.Response:  # noqa: ANN401 -- any JSON
        """Call an operation as a role that may, about whom is known."""
        method, path, described = self.operations[operation_id]
        response = await self.client.request(
            method,
            path.format_map(self.known),
            json=body,
            params=query,
            headers=self.callers.headers(described) | {"Idempotency-Key": str(new_id())},
        )
        assert response.status_code < httpx.codes.BAD_REQUEST, (operation_id, response.text)
        return response

    async def work(self) -> None:
        """Do what waits for a worker."""
        using = self.registry.worker
        while await answer_next_message(using=using) or await write_next_export(using):
            pass
        while await find_next_duplicates(using) or await match_next_rows(using):
            pass

    async def logged(self) -> list[dict[str, Any]]:
        """Return what has been added to the access log since it was asked for last."""
        rows = await self.registry.databases.rows("SELECT * FROM access_log")
        new = [row for row in rows if row["access_id"] not in self.seen]
        self.seen |= {row["access_id"] for row in new}
        return new


@pytest.fixture
async def walk(registry: Registry, keys: Path, issuer: Issuer) -> AsyncIterator[Walk]:
    """Return the application on a few people, some of whom stand there twice."""
    twice = (a_person(number, cnie=None, phones=[]) for number in (2, 3))
    child = a_person(4, birth_date="2019-02-03", cnie=None, phones=[], sex="M")
    await registry.load(
        a_file(a_person(1), *twice, child, a_person(5), a_household(1, [1, 4])), key="k"
    )
    await agree_on(
        registry,
        client=PARTNER,
        purposes=(PolicyPurpose(PURPOSE, "Law 72-18", consent_required=False),),
        told=frozenset(Attribute),
        dci=DciPolicy(SENDER, ("127.0.0.1",), SignatureRule.OPTIONAL, None),
    )
    platform = platform_for_tests(
        "registry",
        registry.databases.api,
        clock=registry.clock,
        keys=keys,
        verifier=issuer.verifier(),
    )
    app = create_app(Settings(sanad_profile="demo"), platform)
    (row,) = await registry.databases.rows(
        "SELECT person_id, household_id FROM residence JOIN person USING (person_id)"
        " WHERE birth_date > '2019-01-01'"
    )
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=app), base_url="http://registry.test"
    ) as client:
        callers = Callers(issuer, {"citizen": str(row["person_id"]), "partner": PARTNER})
        yield Walk(registry, client, callers, disclosing(app.openapi()), dict(row))


def disclosing(document: Mapping[str, Any]) -> dict[str, tuple[str, str, dict[str, Any]]]:
    """Return the operations that ask what for, and those of a person about themselves."""
    return {
        operation["operationId"]: (method.upper(), path, operation)
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if path.startswith(f"{V1}/me")
        or "Sanad-Purpose" in {one["name"] for one in operation.get("parameters", ())}
    }


async def propose_duplicates(walk: Walk) -> httpx.Response:
    """Have persons compared, and list who may be the same."""
    headers = walk.callers.issuer.headers("registry.duplicates:write")
    asked = await walk.client.post(
        f"{V1}/duplicate-searches",
        json={"kind": "persons"},
        headers=headers | {"Idempotency-Key": str(new_id())},
    )
    assert asked.status_code == httpx.codes.ACCEPTED, asked.text
    await walk.work()
    page = await walk.ask("list_registry_duplicates", kind="persons")
    walk.known["proposal_id"] = page.json()["items"][0]["proposal_id"]
    return page


async def match_a_list(walk: Walk) -> httpx.Response:
    """Have a RAMED list matched, and read what became of its rows."""
    headers = walk.callers.issuer.headers("registry.ramed:write", subject="client-under-test")
    file = f"{HEADER}\nR-1,زهرة,البحري,Zahra,EL BAHRI,1989-04-12,01.511.01.0,AB100005\n"
    stated = {"Content-Type": "text/csv", "Idempotency-Key": str(new_id())}
    asked = await walk.client.post(
        f"{V1}/ramed-matchings", content=file.encode(), headers=headers | stated
    )
    assert asked.status_code == httpx.codes.ACCEPTED, asked.text
    walk.known["matching_id"] = asked.json()["matching_id"]
    await walk.work()
    return await walk.ask("list_registry_ramed_rows")


def asking(operation_id: str, body: Any = None, /, **kept: str) -> Ask:  # noqa: ANN401 -- any JSON
    """Return what asks an operation; of its answer is `kept` what later ones need."""

    async def ask(walk: Walk) -> httpx.Response:
        response = await walk.ask(operation_id, body)
        walk.known |= {name: response.json()[told] for name, told in kept.items()}
        return response

    return ask


def of_the_person(operation_id: str) -> Ask:
    """Return what asks an operation that names its person in the query."""
    return lambda walk: walk.ask(operation_id, person_id=str(walk.known["person_id"]))


CONSENT = {
    "idcs": an_idcs(4),
    "client": PARTNER,
    "purpose": PURPOSE,
    "attributes": ["sex"],
    "valid_from": "2026-11-20",
    "valid_until": "2026-12-20",
    "evidence": {"kind": "signed-paper", "reference": "folder 12"},
}
GUARDIAN = {
    "guardian": an_idcs(1),
    "relation": "mother",
    "valid_from": "2026-01-01",
    "evidence": EVIDENCE,
}


def post(path: str) -> Any:  # noqa: ANN401 -- any JSON
    """Return a message that a path takes."""
    return MESSAGES[path]


# In this order: some are about what others made.
WALK: Mapping[str, Ask] = {
    "look_up_registry_person": asking("look_up_registry_person", post(f"{V1}/persons/look-up")),
    "verify_registry_person": asking("verify_registry_person", post(f"{V1}/persons/verify")),
    "verify_registry_persons": asking(
        "verify_registry_persons", post(f"{V1}/persons/verify-batch")
    ),
    "disclose_registry_person": asking("disclose_registry_person", post(f"{V1}/persons/kyc")),
    "search_registry_persons": asking("search_registry_persons", post(f"{V1}/persons/search")),
    "search_registry_households": asking("search_registry_households", {"member_idcs": an_idcs(1)}),
    "read_registry_person": asking("read_registry_person"),
    "read_registry_household": asking("read_registry_household"),
    "list_registry_person_versions": asking("list_registry_person_versions"),
    "list_registry_household_versions": asking("list_registry_household_versions"),
    "record_registry_guardian": asking(
        "record_registry_guardian", GUARDIAN, guardianship_id="guardianship_id"
    ),
    "list_registry_guardians": asking("list_registry_guardians"),
    "end_registry_guardian": asking(
        "end_registry_guardian", {"ended_on": "2026-11-19", "evidence": EVIDENCE}
    ),
    "record_registry_consent": asking("record_registry_consent", CONSENT, consent_id="consent_id"),
    "list_registry_consents": of_the_person("list_registry_consents"),
    "withdraw_registry_consent": asking("withdraw_registry_consent"),
    "list_registry_own_consents": asking("list_registry_own_consents"),
    "withdraw_registry_own_consent": asking("withdraw_registry_own_consent"),
    "read_registry_own_record": asking("read_registry_own_record"),
    "read_registry_own_access_log": asking("read_registry_own_access_log"),
    "read_registry_access_log": of_the_person("read_registry_access_log"),
    "record_registry_attestations": asking(
        "record_registry_attestations", {"items": [ATTESTATION]}
    ),
    "declare_registry_change": asking(
        "declare_registry_change",
        REGISTRATION,
        receipt_id="receipt_id",
        receipt_number="receipt_number",
    ),
    "read_registry_receipt": asking("read_registry_receipt"),
    "find_registry_receipt": lambda walk: walk.ask(
        "find_registry_receipt", {"receipt_number": walk.known["receipt_number"]}
    ),
    "list_registry_duplicates": propose_duplicates,
    "compare_registry_duplicate": asking("compare_registry_duplicate"),
    "review_registry_duplicate": asking(
        "review_registry_duplicate", {"verdict": "dismissed", "reason": "homonyms"}
    ),
    "list_registry_ramed_rows": match_a_list,
    "ask_registry_export": asking(
        "ask_registry_export", {"kind": "households"}, export_id="export_id"
    ),
    "read_registry_export": asking("read_registry_export"),
    "read_registry_export_content": asking("read_registry_export_content"),
} | {
    f"dci_{register}_{verb}": asking(f"dci_{register}_{verb}", message)
    for register, event in (("social", "REGISTER"), ("civil", "LiveBirth"))
    for verb, message in (
        ("sync_search", a_search(by_identifier(an_idcs(1)), message_id=f"{register}-1")),
        (
            "search",
            a_search(by_identifier(an_idcs(1)), message_id=f"{register}-2", **CALLED_BACK),
        ),
        (
            "subscribe",
            a_subscription(event, BY_IDCS, message_id=f"{register}-3", **CALLED_BACK),
        ),
    )
}


async def test_every_route_that_discloses_says_what_in_words_for_the_person(walk: Walk) -> None:
    """A new route that discloses is missing in `WALK` until it is asked here."""
    assert set(WALK) == set(walk.operations)
    book = disclosures()
    for operation_id, ask in WALK.items():
        await walk.logged()
        await ask(walk)
        await walk.work()
        rows = await walk.logged()
        assert bool(rows) == (operation_id not in LOGGED_BEFORE), operation_id
        for row in rows:
            told = (operation_id, row["action"], row["attributes"], row["result"])
            assert row["attributes"], told
            assert set(row["attributes"]) <= set(book.attributes) - {"other"}, told
            assert row["result"] in set(book.results) - {"other"}, told
            assert row["purpose"] in book.purposes, told


async def test_a_consent_to_nothing_that_a_record_tells_tells_that_somebody_is_on_file(
    walk: Walk,
) -> None:
    await agree_on(
        walk.registry,
        client=PARTNER,
        purposes=(PolicyPurpose(PURPOSE, "Law 72-18", consent_required=True),),
        told=frozenset(Attribute),
        verified=frozenset(Attribute),
        dci=DciPolicy(SENDER, ("127.0.0.1",), SignatureRule.OPTIONAL, None),
    )
    await walk.ask("record_registry_consent", CONSENT | {"attributes": ["household_id"]})
    await walk.logged()
    search = a_search(by_identifier(an_idcs(4)), message_id="narrow")
    answer = await walk.ask("dci_civil_sync_search", search)
    (item,) = answer.json()["message"]["search_response"]
    (record,) = item["data"]["reg_records"]
    assert set(record) >= {"identifier"}
    (row,) = await walk.logged()
    assert (row["action"], row["attributes"]) == ("dci-crvs-search", ["registered"])
    assert row["consent_id"] is not None


async def test_a_policy_that_covers_nothing_of_a_record_tells_that_somebody_is_on_file(
    registry: Registry,
) -> None:
    people = (a_person(1), a_person(2, sex="M"), a_household(1, [1, 2]))
    await registry.load(a_file(*people), key="before")
    await agree_on(registry, client=HOSPITAL, told=frozenset({Attribute.GUARDIANS}), dci=DCI)
    following = Following(registry)
    await following.consume()
    for kind in ("Group", "Member"):
        wish = wanted("REGISTER", who(an_idcs(1)), notify_record_type=kind)
        await following.subscribe(wish)
    await add_newborn(following)
    told = await following.told()
    assert {kind for _, kind, _ in told} >= {"Member"}
    rows = await registry.databases.rows(
        "SELECT attributes FROM access_log WHERE action = 'dci-social-notify'"
    )
    assert [row["attributes"] for row in rows] == [["registered"]] * len(rows)
    assert rows
