"""Consents: needed where the purpose rests on them, and good for what they cover only."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.registry.domain.policies import Attribute, ConsentMissingError, PolicyPurpose
from services.registry.storage.consents import RecordedConsent
from services.registry.use_cases.agree import Identifier
from services.registry.use_cases.disclose_attributes import disclose_attributes
from services.registry.use_cases.look_up import LookUp
from services.registry.use_cases.read_person import PersonNotFoundError
from services.registry.use_cases.record_consent import (
    ConsentNotFoundError,
    ConsentOfAnotherError,
    ConsentPeriodError,
    ConsentWithdrawnError,
    GivenConsent,
    admit_consent,
    read_consents,
    record_consent,
    withdraw_consent,
)
from services.registry.use_cases.verify_batch import verify_batch
from services.registry.use_cases.verify_persons import Verification, verify_person
from shared.storage.database import RowScope
from tests.services.registry.changing import a_declaration, declared, on_file
from tests.services.registry.conftest import Registry
from tests.services.registry.declaring import RABAT, a_file, a_person, an_idcs
from tests.services.registry.partners import HOSPITAL, PURPOSE, a_purpose, agree_on, asking

TODAY = date(2026, 11, 20)
REGISTRAR = asking("registrar")
SEX = Verification(Identifier(an_idcs(1)), {Attribute.SEX: "F"})


@pytest.fixture
async def hospital(registry: Registry) -> Registry:
    """Return a registry whose hospital may ask with the person's consent only."""
    await registry.load(a_file(a_person(1), a_person(2)), key="k")
    await agree_on(registry, purposes=(a_purpose(consent_required=True),))
    return registry


async def consent(
    registry: Registry,
    by: LookUp = REGISTRAR,
    *,
    clerk: bool = True,
    **changes: Any,  # noqa: ANN401 -- any field
) -> RecordedConsent:
    """Record that the first person lets the hospital know their sex for a month."""
    usual: dict[str, Any] = {
        "identifier": Identifier(an_idcs(1)),
        "client": HOSPITAL,
        "purpose": PURPOSE,
        "attributes": frozenset({Attribute.SEX}),
        "valid_from": TODAY,
        "valid_until": TODAY + timedelta(days=30),
        "evidence_kind": "signed-paper",
        "evidence_reference": "folder 12, sheet 3",
    }
    given = GivenConsent(**(usual | changes))
    admitted = await admit_consent(given, by, clerk=clerk, using=registry.api)
    async with registry.api.database.transaction(admitted.scope) as tx:
        return await record_consent(tx, admitted, by, using=registry.api)


async def test_with_a_consent_the_answer_is_given_and_the_log_names_it(hospital: Registry) -> None:
    given = await consent(hospital)
    assert (await verify_person(SEX, asking(), using=hospital.api)).verified
    (row,) = await hospital.databases.rows(
        "SELECT consent_id FROM access_log WHERE action = 'verify-person'"
    )
    assert row["consent_id"] == given.consent_id


@pytest.mark.parametrize(
    "changes",
    [
        {"attributes": frozenset({Attribute.BIRTH_DATE})},
        {"identifier": Identifier(an_idcs(2))},
        {"valid_from": TODAY + timedelta(days=1)},
    ],
    ids=["for another attribute", "of somebody else", "from tomorrow on"],
)
async def test_a_consent_covers_what_it_says_only(
    hospital: Registry, changes: dict[str, Any]
) -> None:
    await consent(hospital, **changes)
    with pytest.raises(ConsentMissingError):
        await verify_person(SEX, asking(), using=hospital.api)


async def test_a_consent_ends_after_its_last_day(hospital: Registry) -> None:
    await consent(hospital)
    hospital.clock.move(timedelta(days=30))
    assert (await verify_person(SEX, asking(), using=hospital.api)).verified
    hospital.clock.move(timedelta(days=1))
    with pytest.raises(ConsentMissingError):
        await verify_person(SEX, asking(), using=hospital.api)


async def test_a_withdrawn_consent_ends_at_once_and_stays_on_record(hospital: Registry) -> None:
    given = await consent(hospital)
    withdrawn = await withdraw_consent(given.consent_id, REGISTRAR, clerk=True, using=hospital.api)
    again = await withdraw_consent(given.consent_id, REGISTRAR, clerk=True, using=hospital.api)
    assert withdrawn == again
    assert withdrawn.withdrawn_at == hospital.clock.now()
    with pytest.raises(ConsentMissingError):
        await verify_person(SEX, asking(), using=hospital.api)
    kept = await read_consents(given.person_id, REGISTRAR, after=None, limit=10, using=hospital.api)
    assert kept == [withdrawn]


async def test_the_day_of_a_withdrawal_is_the_one_in_casablanca(hospital: Registry) -> None:
    given = await consent(hospital)
    hospital.clock.move(timedelta(hours=14, minutes=30))
    await withdraw_consent(given.consent_id, REGISTRAR, clerk=True, using=hospital.api)
    again: dict[str, Any] = {
        "evidence_reference": "folder 13",
        "valid_until": TODAY + timedelta(days=60),
    }
    with pytest.raises(ConsentWithdrawnError):
        await consent(hospital, valid_from=TODAY + timedelta(days=1), **again)
    await consent(hospital, valid_from=TODAY + timedelta(days=2), **again)


async def test_a_withdrawal_is_of_one_persons_consent_to_one_client_for_one_purpose(
    hospital: Registry,
) -> None:
    purposes = (a_purpose(), PolicyPurpose("enrolment-check", "Law 72-18", consent_required=True))
    await agree_on(hospital, purposes=purposes)
    await agree_on(hospital, client="school")
    given = await consent(hospital)
    await withdraw_consent(given.consent_id, REGISTRAR, clerk=True, using=hospital.api)
    await consent(hospital, identifier=Identifier(an_idcs(2)))
    await consent(hospital, client="school")
    await consent(hospital, purpose="enrolment-check")


async def test_in_a_batch_only_who_consented_is_told_of(hospital: Registry) -> None:
    await consent(hospital)
    others = [Verification(Identifier(an_idcs(number)), SEX.claims) for number in (2, 9)]
    verdicts = await verify_batch([SEX, *others], asking(), using=hospital.api)
    assert verdicts[0].verified
    assert [verdict.fault for verdict in verdicts] == [None, *["registry.consent-missing"] * 2]


async def test_a_consent_to_a_name_opens_that_name_and_no_more(hospital: Registry) -> None:
    await consent(hospital, attributes=frozenset({Attribute.NAME_LATIN}))
    one = frozenset({Attribute.NAME_LATIN})
    identifier = Identifier(an_idcs(1))
    told = await disclose_attributes(identifier, one, asking(), using=hospital.api)
    assert set(told.attributes) == one
    with pytest.raises(ConsentMissingError):
        await disclose_attributes(identifier, None, asking(), using=hospital.api)


@pytest.mark.parametrize(
    "days",
    [(0, -1), (-30, -1), (0, 5 * 366 + 1)],
    ids=["ends before it begins", "has ended", "for ever"],
)
async def test_a_period_that_cannot_be_is_refused(
    hospital: Registry, days: tuple[int, int]
) -> None:
    first, last = (TODAY + timedelta(days=step) for step in days)
    with pytest.raises(ConsentPeriodError):
        await consent(hospital, valid_from=first, valid_until=last)


async def test_a_partner_records_and_withdraws_its_own_consents_only(hospital: Registry) -> None:
    await agree_on(hospital, client="school")
    with pytest.raises(ConsentOfAnotherError):
        await consent(hospital, by=asking("school"))
    given = await consent(hospital, by=asking(HOSPITAL))
    with pytest.raises(ConsentNotFoundError):
        await withdraw_consent(given.consent_id, asking("school"), clerk=False, using=hospital.api)


async def test_a_partner_without_a_policy_touches_nobody_elses_consents(hospital: Registry) -> None:
    newcomer = asking("newcomer")
    with pytest.raises(ConsentOfAnotherError):
        await consent(hospital, by=newcomer, clerk=False)
    given = await consent(hospital)
    with pytest.raises(ConsentNotFoundError):
        await withdraw_consent(given.consent_id, newcomer, clerk=False, using=hospital.api)


async def test_somebody_of_another_region_sees_no_consent(hospital: Registry) -> None:
    given = await consent(hospital)
    elsewhere = asking("registrar", regions=("04",))
    with pytest.raises(ConsentNotFoundError):
        await withdraw_consent(given.consent_id, elsewhere, clerk=True, using=hospital.api)
    with pytest.raises(PersonNotFoundError):
        await read_consents(given.person_id, elsewhere, after=None, limit=1, using=hospital.api)
    with pytest.raises(PersonNotFoundError):
        await consent(hospital, by=elsewhere)


async def test_consents_follow_whoever_moves_to_another_region(registry: Registry) -> None:
    old, new = asking("of-tangier", regions=("01",)), asking("of-rabat", regions=("04",))
    first, _ = await on_file(registry)
    await agree_on(registry, purposes=(a_purpose(consent_required=True),), regions=("04",))
    ended, standing = [
        await consent(registry, by=old, evidence_reference=folder) for folder in ("1", "2")
    ]
    await withdraw_consent(ended.consent_id, old, clerk=True, using=registry.api)
    move = a_declaration("move", household_id=str(first), commune=RABAT, milieu="urban")
    await declared(registry, move)

    with pytest.raises(ConsentNotFoundError):
        await withdraw_consent(standing.consent_id, old, clerk=True, using=registry.api)
    # The partner of the new region is answered by what was consented to in the old one.
    assert (await verify_person(SEX, asking(), using=registry.api)).verified
    kept = await read_consents(ended.person_id, new, after=None, limit=10, using=registry.api)
    assert [(each.consent_id, each.withdrawn_at is None) for each in kept] == [
        (standing.consent_id, True),
        (ended.consent_id, False),
    ]
    await withdraw_consent(standing.consent_id, new, clerk=True, using=registry.api)
    with pytest.raises(ConsentMissingError):
        await verify_person(SEX, asking(), using=registry.api)
    with pytest.raises(ConsentWithdrawnError):
        await consent(registry, by=asking(), clerk=False)
    by = await registry.databases.rows(
        "SELECT client, region_code FROM access_log WHERE result = 'consent-withdrawn'"
        " ORDER BY accessed_at, region_code"
    )
    assert [tuple(row.values()) for row in by] == [("of-tangier", "01"), ("of-rabat", "04")]
    for table in ("consent", "consent_withdrawal"):
        seen = {}
        for region in ("01", "04", "*"):
            async with registry.api.database.transaction(RowScope((region,), ("*",))) as tx:
                cursor = await tx.execute(f"SELECT 1 FROM {table}")  # noqa: S608 -- a name above
                seen[region] = len(await cursor.fetchall())
        assert seen == {"01": 0, "04": 2, "*": 2}, table


async def test_a_partner_records_consents_within_the_regions_of_its_policy(
    hospital: Registry,
) -> None:
    await agree_on(hospital, purposes=(a_purpose(consent_required=True),), regions=("04",))
    with pytest.raises(PersonNotFoundError):
        await consent(hospital, by=asking(), clerk=False)
    await consent(hospital)


async def test_consents_are_read_in_pages_the_newest_first(hospital: Registry) -> None:
    given = [await consent(hospital) for _ in range(3)]
    person_id = given[0].person_id

    async def page(after: UUID | None) -> list[UUID]:
        read = await read_consents(person_id, REGISTRAR, after=after, limit=2, using=hospital.api)
        return [each.consent_id for each in read]

    first = await page(None)
    assert first == [given[2].consent_id, given[1].consent_id]
    assert await page(first[-1]) == [given[0].consent_id]


async def test_where_the_proof_is_kept_is_sealed(hospital: Registry) -> None:
    given = await consent(hospital)
    sealed = await hospital.databases.value("SELECT evidence_sealed FROM consent")
    assert b"folder" not in sealed
    opened = hospital.api.sealed.unseal(
        sealed, table="consent", column="evidence_sealed", row_id=given.consent_id
    )
    assert opened == "folder 12, sheet 3"
