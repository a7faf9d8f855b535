"""Announce recorded households: what the index needs, how to reach them, where to pay them."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar, NamedTuple
from uuid import UUID

from pydantic_core import to_json
from typing_extensions import override

from services.registry.domain.declarations import PayeeAccount
from services.registry.domain.households import RegisteredPerson
from services.registry.domain.reviews import review_due_on
from services.registry.domain.vocabulary import Language
from services.registry.events.published import (
    SOURCE,
    ContactRecorded,
    HouseholdRecorded,
    PayeeRecorded,
)
from services.registry.use_cases.collaborators import Collaborators
from services.registry.use_cases.read_block import HouseholdLine
from shared.kernel.batches import batched
from shared.messaging.envelope import ITEMS_MAX, PublishedItem
from shared.messaging.publishing import publish
from shared.messaging.sealed_fields import SealedFields
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

    Applications and accounts pass through here and nowhere else: the registry keeps neither.
    """
    for items in await asyncio.to_thread(_items, placements, using.sealed_fields):
        for batch in batched(items, ITEMS_MAX):
            await publish(tx, batch, source=SOURCE, at=at)


def _items(
    placements: Sequence[Placement], sealed_fields: SealedFields
) -> tuple[Sequence[PublishedItem], ...]:
    return (
        [_household(placement) for placement in placements],
        [_contact(placement, sealed_fields) for placement in placements],
        [
            _payee(placement, payee, sealed_fields)
            for placement in placements
            if (payee := placement.entry.household.payee_account) is not None
        ],
    )


def _household(placement: Placement) -> _CheckedHousehold:
    household = placement.entry.household
    ids = _person_ids(placement)
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
            "attestations": [
                {
                    "person_id": ids[attestation.idcs],
                    "fact": attestation.fact,
                    "value": attestation.value,
                    "source": attestation.source,
                    "valid_from": attestation.valid_from,
                }
                for attestation in household.attestations
            ],
            "applications": [application._asdict() for application in household.applications],
        }
    )


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
        review_date=review_due_on(household.declared_on),
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
