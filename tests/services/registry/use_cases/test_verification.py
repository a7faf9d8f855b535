"""Verification within a policy: what is answered, what is refused, and what is written of it."""

import asyncio
from datetime import date
from typing import Any

import pytest

from services.registry.domain.declarations import Name
from services.registry.domain.policies import (
    Attribute,
    AttributeNotAgreedError,
    BatchNotAgreedError,
    ConsentMissingError,
    IdentifierKind,
    IdentifierNotAgreedError,
    PolicyMissingError,
    PurposeNotAgreedError,
)
from services.registry.domain.verification import Claim
from services.registry.storage.look_ups import find_whole_persons
from services.registry.use_cases.agree import IdcsMalformedError, Identifier, agree, idcs_blinds
from services.registry.use_cases.disclose_attributes import disclose_attributes
from services.registry.use_cases.look_up_person import (
    DocumentMalformedError,
    DocumentSharedError,
    Shown,
    look_up_person,
)
from services.registry.use_cases.read_person import PersonNotFoundError
from services.registry.use_cases.verify_batch import verify_batch
from services.registry.use_cases.verify_persons import (
    Verdict,
    Verification,
    document_blinds,
    judging,
    verify_person,
)
from shared.storage.sealed import UnsealError
from tests.services.registry.conftest import Registry
from tests.services.registry.declaring import RABAT, a_file, a_person, an_idcs
from tests.services.registry.partners import HOSPITAL, a_purpose, agree_on, asking

BORN = date(1989, 4, 12)
TRUE_CLAIMS: dict[Attribute, Claim] = {
    Attribute.BIRTH_DATE: BORN,
    Attribute.SEX: "F",
    Attribute.NAME_LATIN: Name("Zahra", "EL BAHRI"),
    Attribute.NAME_AR: Name("زهرة", "البحري"),
}


def saying(number: int, claims: dict[Attribute, Claim] | None = None) -> Verification:
    """Return a verification of the number-th person; true unless claims are stated."""
    return Verification(Identifier(an_idcs(number)), claims or TRUE_CLAIMS)


async def verify(registry: Registry, number: int, **claims: Claim) -> Verdict:
    """Verify claims of the number-th person as the hospital."""
    named = {Attribute(name): claim for name, claim in claims.items()}
    return await verify_person(saying(number, named), asking(), using=registry.api)


async def log(registry: Registry) -> list[dict[str, Any]]:
    """Return what the access log says, in the order of writing."""
    return await registry.databases.rows("SELECT * FROM access_log ORDER BY access_id")


@pytest.fixture
async def hospital(registry: Registry) -> Registry:
    """Return a registry of two persons, and a hospital that may ask about them."""
    await registry.load(a_file(a_person(1), a_person(2, commune=RABAT)), key="k")
    await agree_on(registry)
    return registry


async def test_what_is_true_is_verified_and_logged(hospital: Registry) -> None:
    assert await verify_person(saying(1), asking(), using=hospital.api) == Verdict(verified=True)
    (row,) = await log(hospital)
    assert (row["client"], row["purpose"], row["action"]) == (
        HOSPITAL,
        "identity-verification",
        "verify-person",
    )
    assert row["attributes"] == ["birth_date", "name_ar", "name_latin", "sex"]
    assert (row["result"], row["region_code"]) == ("verified", "01")
    assert row["person_id"] == await hospital.databases.value(
        "SELECT person_id FROM person WHERE region_code = '01'"
    )
    assert row["accessed_at"] == hospital.clock.now()


WRONG: list[dict[str, Any]] = [
    {"birth_date": date(1989, 4, 13)},
    {"sex": "M"},
    {"name_latin": Name("Zohra", "BENNANI")},
    {"birth_date": BORN, "sex": "M"},
]


async def test_one_thing_that_is_wrong_is_a_no(hospital: Registry) -> None:
    for claims in WRONG:
        assert await verify(hospital, 1, **claims) == Verdict(verified=False)
    assert [row["result"] for row in await log(hospital)] == ["not-verified"] * len(WRONG)


async def test_names_that_nobody_asked_for_stay_sealed(hospital: Registry) -> None:
    """Questions of one turn are read together: what one needs, others come with."""
    await agree_on(hospital, detail=True)
    agreed = await agree(asking(), using=hospital.api)
    blinds = idcs_blinds(an_idcs(1), using=hospital.api)
    async with hospital.api.database.transaction(asking().scope) as tx:
        ((person, whole),) = await find_whole_persons(tx, blinds=list(blinds), ids=[])
    assert whole is not None
    unopenable = whole._replace(version=whole.version._replace(particulars_sealed=b"broken"))
    judge = judging((Attribute.SEX,), agreed, using=hospital.api)
    assert judge({Attribute.SEX: "F"}, person, unopenable).verified
    judge = judging((Attribute.NAME_LATIN,), agreed, using=hospital.api)
    with pytest.raises(UnsealError):
        judge({Attribute.NAME_LATIN: Name("Zahra", "EL BAHRI")}, person, unopenable)


async def test_a_name_may_be_spelt_otherwise(hospital: Registry) -> None:
    assert (await verify(hospital, 1, name_latin=Name("ZAHRA", "Bahri"))).verified
    assert (await verify(hospital, 1, name_latin=Name("Zahra", "Al-Bahri"))).verified


async def test_a_document_is_verified_by_its_blind_index(hospital: Registry) -> None:
    right = document_blinds("cnie", "AB100001", using=hospital.api)
    wrong = document_blinds("cnie", "AB100002", using=hospital.api)
    assert (await verify(hospital, 1, document=right)).verified
    assert not (await verify(hospital, 1, document=wrong)).verified


async def test_somebody_unknown_is_a_no_that_leaves_no_row(hospital: Registry) -> None:
    await agree_on(hospital, detail=True)
    unknown = await verify(hospital, 9, birth_date=BORN, sex="F")
    mistaken = await verify(hospital, 1, birth_date=date(1970, 1, 1), sex="M")
    assert unknown == mistaken
    assert [row["result"] for row in await log(hospital)] == ["not-verified"]


@pytest.mark.parametrize("status", ["deceased", "suspended"])
async def test_who_is_not_active_is_a_no_like_a_stranger(hospital: Registry, status: str) -> None:
    known: dict[Attribute, Claim] = {Attribute.BIRTH_DATE: BORN, Attribute.SEX: "F"}
    policy: dict[str, Any] = {"detail": True, "identifier": IdentifierKind.TOKEN}
    await agree_on(hospital, **policy)
    living = await verify_person(saying(1, known), asking(), using=hospital.api)
    await hospital.load(a_file(a_person(1, status=status)), key="later")
    named = saying(1, known)
    by_token = Verification(Identifier(token=living.token), known)
    stranger = await verify_person(saying(9, known), asking(), using=hospital.api)
    assert (living.verified, stranger.verified) == (True, False)
    for asked in (named, by_token):
        assert await verify_person(asked, asking(), using=hospital.api) == stranger
    assert await verify_batch([named, by_token], asking(), using=hospital.api) == [stranger] * 2
    # They are on file, and so their record says that somebody asked.
    assert [row["result"] for row in await log(hospital)][1:] == ["not-verified"] * 4
    may_ask = policy | {"verified": frozenset({Attribute.SEX, Attribute.STATUS})}
    await agree_on(hospital, **may_ask)
    assert await verify_person(named, asking(), using=hospital.api) == stranger
    for said, is_true in (("active", False), (status, True)):
        asked = saying(1, known | {Attribute.STATUS: said})
        single = await verify_person(asked, asking(), using=hospital.api)
        assert single.verified is is_true
        assert single.attributes == dict.fromkeys(known, True) | {Attribute.STATUS: is_true}
        assert await verify_batch([asked], asking(), using=hospital.api) == [single]


async def test_detail_is_given_where_the_policy_says_so(hospital: Registry) -> None:
    await agree_on(hospital, detail=True)
    verdict = await verify(hospital, 1, birth_date=BORN, sex="M")
    assert verdict.attributes == {Attribute.BIRTH_DATE: True, Attribute.SEX: False}


async def test_people_of_regions_outside_token_or_policy_are_unknown(hospital: Registry) -> None:
    elsewhere = asking(regions=("04",))
    assert not (await verify_person(saying(1), elsewhere, using=hospital.api)).verified
    await agree_on(hospital, regions=("04",))
    assert not (await verify_person(saying(1), asking(), using=hospital.api)).verified
    assert (await verify_person(saying(2), asking(), using=hospital.api)).verified


async def test_a_client_without_a_policy_learns_nothing(hospital: Registry) -> None:
    with pytest.raises(PolicyMissingError):
        await verify_person(saying(1), asking("somebody"), using=hospital.api)


async def test_what_the_policy_does_not_cover_is_refused(hospital: Registry) -> None:
    with pytest.raises(AttributeNotAgreedError):
        await verify(hospital, 1, status="active")
    await agree_on(hospital, purposes=())
    with pytest.raises(PurposeNotAgreedError):
        await verify_person(saying(1), asking(), using=hospital.api)
    assert await log(hospital) == []


async def test_a_number_that_is_no_idcs_is_refused(hospital: Registry) -> None:
    for idcs in ("8100000002", "0123456789", "2000000019", "200000001"):
        asked = Verification(Identifier(idcs), TRUE_CLAIMS)
        with pytest.raises(IdcsMalformedError):
            await verify_person(asked, asking(), using=hospital.api)


async def test_what_is_refused_is_not_taken_off_the_quota(hospital: Registry) -> None:
    await agree_on(hospital, quota_per_day=1)
    for asked in (saying(1, {Attribute.STATUS: "active"}), Verification(Identifier("1"), {})):
        with pytest.raises((AttributeNotAgreedError, IdcsMalformedError)):
            await verify_person(asked, asking(), using=hospital.api)
    assert (await verify_person(saying(1), asking(), using=hospital.api)).verified


async def test_questions_at_the_same_moment_share_a_transaction(hospital: Registry) -> None:
    async with asyncio.TaskGroup() as group:
        tasks = [
            group.create_task(verify_person(saying(1 + number % 2), asking(), using=hospital.api))
            for number in range(40)
        ]
    assert all(task.result().verified for task in tasks)
    rows = await log(hospital)
    assert len(rows) == 40
    assert len({row["written_in"] for row in rows}) < 10


async def test_who_leaves_while_waiting_takes_nobody_with_them(hospital: Registry) -> None:
    asked = [
        asyncio.ensure_future(verify_person(saying(1), asking(), using=hospital.api))  # noqa: TID251 -- cancelled below
        for _ in range(30)
    ]
    await asyncio.sleep(0)
    for leaver in asked[::3]:
        leaver.cancel()
    outcomes = [await _outcome(task) for task in asked]
    assert all(outcome is True for place, outcome in enumerate(outcomes) if place % 3)
    assert (await verify_person(saying(1), asking(), using=hospital.api)).verified


async def _outcome(task: "asyncio.Future[Verdict]") -> object:
    try:
        return (await task).verified
    except asyncio.CancelledError:
        return None


async def test_a_batch_answers_in_order_with_a_row_for_each_person(hospital: Registry) -> None:
    false: dict[Attribute, Claim] = {Attribute.SEX: "M"}
    asked = [saying(1), saying(2, false), saying(3), saying(1, false)]
    malformed = Verification(Identifier("2000000019"), TRUE_CLAIMS)
    verdicts = await verify_batch([*asked, malformed], asking(), using=hospital.api)
    assert [verdict.verified for verdict in verdicts] == [True, False, False, False, False]
    assert [verdict.fault for verdict in verdicts] == [None] * 4 + ["registry.idcs-malformed"]
    results = sorted((row["region_code"], row["result"]) for row in await log(hospital))
    assert results == [("01", "not-verified"), ("01", "verified"), ("04", "not-verified")]


async def test_a_batch_is_refused_where_the_policy_allows_none(hospital: Registry) -> None:
    await agree_on(hospital, batch=False)
    with pytest.raises(BatchNotAgreedError):
        await verify_batch([saying(1)], asking(), using=hospital.api)
    with pytest.raises(AttributeNotAgreedError):
        await agree_on(hospital)
        await verify_batch(
            [saying(1), saying(2, {Attribute.STATUS: "active"})], asking(), using=hospital.api
        )
    assert await log(hospital) == []


async def test_a_partner_is_told_what_its_policy_covers_and_no_more(hospital: Registry) -> None:
    told = await disclose_attributes(Identifier(an_idcs(1)), None, asking(), using=hospital.api)
    assert told.attributes == {
        Attribute.BIRTH_DATE: BORN,
        Attribute.NAME_LATIN: Name("Zahra", "EL BAHRI"),
    }
    assert told.token is None
    (row,) = await log(hospital)
    assert (row["action"], row["result"]) == ("disclose-attributes", "disclosed")
    assert row["attributes"] == ["birth_date", "name_latin"]


async def test_a_wish_beyond_the_policy_is_refused_and_one_within_it_is_narrower(
    hospital: Registry,
) -> None:
    one = frozenset({Attribute.BIRTH_DATE})
    told = await disclose_attributes(Identifier(an_idcs(1)), one, asking(), using=hospital.api)
    assert told.attributes == {Attribute.BIRTH_DATE: BORN}
    with pytest.raises(AttributeNotAgreedError):
        await disclose_attributes(
            Identifier(an_idcs(1)), frozenset({Attribute.PHONES}), asking(), using=hospital.api
        )


async def test_nothing_is_told_where_nothing_of_a_person_was_agreed(hospital: Registry) -> None:
    for told in (frozenset(), frozenset({Attribute.MEMBERS})):
        await agree_on(hospital, told=told)
        for wished in (None, told):
            with pytest.raises(AttributeNotAgreedError):
                await disclose_attributes(
                    Identifier(an_idcs(1)), wished, asking(), using=hospital.api
                )
    assert await log(hospital) == []


async def test_nobody_is_told_of_who_is_unknown(hospital: Registry) -> None:
    with pytest.raises(PersonNotFoundError):
        await disclose_attributes(Identifier(an_idcs(9)), None, asking(), using=hospital.api)


async def test_a_token_stands_for_a_person_with_one_partner_only(hospital: Registry) -> None:
    await agree_on(hospital, identifier=IdentifierKind.TOKEN)
    await agree_on(hospital, client="school", identifier=IdentifierKind.TOKEN)
    ours = await verify_person(saying(1), asking(), using=hospital.api)
    theirs = await verify_person(saying(1), asking("school"), using=hospital.api)
    assert ours.token is not None
    assert ours.token != theirs.token
    again = Verification(Identifier(token=ours.token), TRUE_CLAIMS)
    assert await verify_person(again, asking(), using=hospital.api) == ours
    assert not (await verify_person(again, asking("school"), using=hospital.api)).verified


async def test_no_token_is_given_for_who_is_not_verified(hospital: Registry) -> None:
    await agree_on(hospital, identifier=IdentifierKind.TOKEN)
    assert (await verify(hospital, 1, sex="M")).token is None


async def test_a_partner_without_tokens_cannot_ask_by_one(hospital: Registry) -> None:
    asked = Verification(Identifier(token="k1." + "A" * 43), TRUE_CLAIMS)
    with pytest.raises(IdentifierNotAgreedError):
        await verify_person(asked, asking(), using=hospital.api)


async def test_staff_find_a_person_by_what_they_show(hospital: Registry) -> None:
    by_idcs = await look_up_person(Shown(idcs=an_idcs(1)), asking("staff"), using=hospital.api)
    by_cnie = await look_up_person(Shown(cnie="AB100001"), asking("staff"), using=hospital.api)
    assert by_idcs == by_cnie
    assert by_idcs.name_latin == Name("Zahra", "EL BAHRI")
    assert [row["action"] for row in await log(hospital)] == ["look-up-person"] * 2


FINDS_NOBODY: list[tuple[Shown, type[Exception]]] = [
    (Shown(idcs=an_idcs(9)), PersonNotFoundError),
    (Shown(idcs="2000000019"), IdcsMalformedError),
    (Shown(cnie="ZZ99"), PersonNotFoundError),
    (Shown(cnie="123456"), DocumentMalformedError),
    (Shown(residence_permit="AB100001"), PersonNotFoundError),
    (Shown(token="k1." + "A" * 43), PersonNotFoundError),
]


async def test_a_look_up_that_finds_nobody_says_so_and_leaves_no_row(hospital: Registry) -> None:
    for shown, error in FINDS_NOBODY:
        with pytest.raises(error):
            await look_up_person(shown, asking("staff"), using=hospital.api)
    assert await log(hospital) == []


async def test_a_document_of_two_persons_is_no_answer(hospital: Registry) -> None:
    await hospital.load(a_file(a_person(3, cnie="AB100001")), key="again")
    with pytest.raises(DocumentSharedError):
        await look_up_person(Shown(cnie="AB100001"), asking("staff"), using=hospital.api)


async def test_staff_of_another_region_find_nobody(hospital: Registry) -> None:
    with pytest.raises(PersonNotFoundError):
        await look_up_person(
            Shown(idcs=an_idcs(1)), asking("staff", regions=("04",)), using=hospital.api
        )


async def test_without_a_consent_nothing_is_told_of_anybody(hospital: Registry) -> None:
    await agree_on(hospital, purposes=(a_purpose(consent_required=True),))
    for number in (1, 9):
        with pytest.raises(ConsentMissingError):
            await verify_person(saying(number), asking(), using=hospital.api)
    assert await log(hospital) == []


async def test_a_policy_narrowed_elsewhere_binds_within_seconds(
    hospital: Registry,
) -> None:
    await verify(hospital, 1, sex="F")
    held = hospital.api.policies.of(HOSPITAL)
    assert held is not None
    await agree_on(hospital, verified=frozenset(), told=frozenset())
    hospital.api.policies.remember(HOSPITAL, held.policy, read_at=held.read_at - 6)
    with pytest.raises(AttributeNotAgreedError):
        await verify(hospital, 1, sex="F")
