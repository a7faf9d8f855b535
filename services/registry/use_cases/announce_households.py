"""Announce recorded households: what the index needs, how to reach them, where to pay them."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, ClassVar, NamedTuple
from uuid import UUID

from pydantic_core import to_json
from typing_extensions import override

from services.registry.domain.declarations import PayeeAccount
from services.registry.domain.households import RegisteredPerson
from services.registry.domain.lines import ATTESTATIONS_MAX
from services.registry.domain.reviews import review_due_on
from services.registry.domain.vocabulary import Language
from services.registry.events.published import (
    SOURCE,
    ContactRecorded,
    HouseholdRecorded,
    PayeeRecorded,
)
from services.registry.storage.attestations import AttestedFact, facts_in_force
from services.registry.use_cases.collaborators import Collaborators
from services.registry.use_cases.read_block import HouseholdLine
from shared.kernel.batches import batched
from shared.messaging.envelope import ITEMS_MAX, PublishedItem
from shared.messaging.publishing import publish
from shared.messaging.sealed_fields import SealedFields
from shared.runtime.clock import CASABLANCA
from shared.storage.database import Transaction


class Placement(NamedTuple):
    """A declaration that takes effect: a new version of a household and its members."""

    entry: HouseholdLine
    household_id: UUID
    version: int
    members: tuple[RegisteredPerson, ...]
    """In the order of the declaration."""


class _CheckedHousehold(PublishedItem):
    """A `HouseholdRecorded` whose every value the rules of lines have checked already.

    Checking and taking it apart a second time would cost a fifth of an import.
    """

    TYPE: ClassVar[str] = HouseholdRecorded.TYPE
    SUBJECT: ClassVar[str] = HouseholdRecorded.SUBJECT

    content: dict[str, Any]

    @override
    def model_dump_json(self, **_: object) -> str:
        return to_json(self.content).decode()


async def announce_households(
    tx: Transaction, placements: Sequence[Placement], *, at: datetime, using: Collaborators
) -> None:
    """Publish what others must know of newly recorded households, in this transaction.

    Applications and accounts pass through here and nowhere else: the registry keeps neither. What
    is attested of the members is said in full each time, whoever declared the household.
    """
    attested = await _attested(tx, placements, on=at.astimezone(CASABLANCA).date())
    for items in await asyncio.to_thread(_items, placements, attested, using.sealed_fields):
        for batch in batched(items, ITEMS_MAX):
            await publish(tx, batch, source=SOURCE, at=at)


async def announce_contacts(
    tx: Transaction, placements: Sequence[Placement], *, at: datetime, using: Collaborators
) -> None:
    """Publish how to reach households and by when they are reviewed, and nothing else of them."""
    contacts = [_contact(placement, using.sealed_fields) for placement in placements]
    for batch in batched(contacts, ITEMS_MAX):
        await publish(tx, batch, source=SOURCE, at=at)


async def _attested(
    tx: Transaction, placements: Sequence[Placement], *, on: date
) -> Mapping[UUID, Sequence[AttestedFact]]:
    """Return what is attested on a day, by person."""
    members = [person.person_id for placement in placements for person in placement.members]
    attested: dict[UUID, list[AttestedFact]] = {}
    for item in await facts_in_force(tx, members, on=on):
        attested.setdefault(item.person_id, []).append(item)
    return attested


def _items(
    placements: Sequence[Placement],
    attested: Mapping[UUID, Sequence[AttestedFact]],
    sealed_fields: SealedFields,
) -> tuple[Sequence[PublishedItem], ...]:
    return (
        [_household(placement, attested) for placement in placements],
        [_contact(placement, sealed_fields) for placement in placements],
        [
            _payee(placement, payee, sealed_fields)
            for placement in placements
            if (payee := placement.entry.household.payee_account) is not None
        ],
    )


def _household(
    placement: Placement, attested: Mapping[UUID, Sequence[AttestedFact]]
) -> _CheckedHousehold:
    household = placement.entry.household
    return _CheckedHousehold(
        content={
            "household_id": placement.household_id,
            "version": placement.version,
            "valid_from": household.declared_on,
            "region_code": household.commune.region_code,
            "province_code": household.commune.province_code,
            "commune_code": household.commune.commune_code,
            "milieu": household.milieu,
            "members": [
                {
                    "person_id": person.person_id,
                    "birth_date": person.birth_date,
                    "sex": person.sex,
                    "kinship": member.kinship,
                    "head": member.head,
                    "declarant": member.declarant,
                    **member.facts,
                }
                for member, person in zip(household.members, placement.members, strict=True)
            ],
            "facts": household.facts,
            "attestations": [item._asdict() for item in _latest(placement, attested)],
            "applications": [application._asdict() for application in household.applications],
        }
    )


def _latest(
    placement: Placement, attested: Mapping[UUID, Sequence[AttestedFact]]
) -> list[AttestedFact]:
    """Return what is attested of the members, the latest first: an event carries so much."""
    if not attested:
        return []
    facts = [item for person in placement.members for item in attested.get(person.person_id, ())]
    return sorted(facts, key=_first_day, reverse=True)[:ATTESTATIONS_MAX]


def _first_day(item: AttestedFact) -> date:
    return item.valid_from


def _contact(placement: Placement, sealed_fields: SealedFields) -> ContactRecorded:
    household = placement.entry.household
    phone = None
    if household.phone is not None:
        phone = sealed_fields.seal(
            household.phone,
            to="notifications",
            event_type=ContactRecorded.TYPE,
            subject=placement.household_id,
            field="phone",
        )
    return ContactRecorded(
        household_id=placement.household_id,
        version=placement.version,
        region_code=household.commune.region_code,
        language=Language(household.language),
        review_date=household.review_on or review_due_on(household.declared_on),
        phone=phone,
    )


def _payee(placement: Placement, payee: PayeeAccount, sealed_fields: SealedFields) -> PayeeRecorded:
    ids = _person_ids(placement)

    def closed(field: str, value: str) -> str:
        return sealed_fields.seal(
            value,
            to="payments",
            event_type=PayeeRecorded.TYPE,
            subject=placement.household_id,
            field=field,
        )

    return PayeeRecorded(
        household_id=placement.household_id,
        version=placement.version,
        region_code=placement.entry.household.commune.region_code,
        member_ids=list(ids.values()),
        collector_id=ids[payee.collector],
        kind=payee.kind,
        name=closed("name", payee.name_latin),
        account=closed("account", payee.account),
    )


def _person_ids(placement: Placement) -> dict[str, UUID]:
    """Return the ids of the members by IDCS."""
    members = placement.entry.household.members
    return {
        member.idcs: person.person_id
        for member, person in zip(members, placement.members, strict=True)
    }
