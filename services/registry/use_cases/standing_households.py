"""Read households back into what their declarants would say of them today."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from services.registry.domain.declarations import DeclaredHousehold, DeclaredMember
from services.registry.domain.households import RegisteredPerson
from services.registry.domain.territory import communes
from services.registry.domain.vocabulary import PersonStatus
from services.registry.storage.households import VERSION_TABLE
from services.registry.storage.standing import StandingMember, StandingRow, lock_standing
from services.registry.use_cases.collaborators import Collaborators
from services.registry.use_cases.read_block import REFERENCE_FIELD
from shared.storage.database import Transaction
from shared.storage.sealed import SealedColumns


@dataclass(frozen=True, slots=True)
class StandingHousehold:
    """A household on file, locked, its identifiers open; it lives as long as a declaration."""

    household_id: UUID
    version: int
    blind: bytes
    digest: bytes
    declared: DeclaredHousehold
    members: tuple[RegisteredPerson, ...]
    """In the order of the declared members."""
    member_blinds: tuple[bytes, ...]

    @property
    def region_code(self) -> str:
        """Return the region that the household stands in."""
        return self.declared.commune.region_code

    @property
    def deceased(self) -> frozenset[str]:
        """Return the IDCS of members who are on file as deceased: a file said so."""
        return frozenset(
            member.idcs
            for member, person in zip(self.declared.members, self.members, strict=True)
            if person.status == PersonStatus.DECEASED
        )


async def standing_households(
    tx: Transaction,
    household_ids: Sequence[UUID],
    *,
    references: Sequence[str] = (),
    using: Collaborators,
) -> dict[UUID, StandingHousehold]:
    """Return those of the households that stand, locked in one order against deadlocks.

    Applications and accounts are not on file, so none comes back.

    Args:
        tx: The open transaction; it must see every region.
        household_ids: The households.
        references: References whose households, if they are on file, are locked as well.
        using: The registry's means.
    """
    if not household_ids and not references:
        return {}
    blinds = [blind for one in references for blind in using.sealed.blinds(REFERENCE_FIELD, one)]
    rows, members = await lock_standing(tx, household_ids, references=blinds)
    by_household: dict[UUID, list[StandingMember]] = {}
    for member in members:
        by_household.setdefault(member.household_id, []).append(member)
    return {
        row.household_id: _opened(row, by_household[row.household_id], using.sealed) for row in rows
    }


def _opened(
    row: StandingRow, members: Sequence[StandingMember], sealed: SealedColumns
) -> StandingHousehold:
    reference = sealed.unseal(
        row.reference_sealed, table="household", column="reference_sealed", row_id=row.household_id
    )
    phone = None
    if row.phone_sealed is not None:
        phone = sealed.unseal(
            row.phone_sealed, table=VERSION_TABLE, column="phone_sealed", row_id=row.version_id
        )
    declared = DeclaredHousehold(
        reference=reference,
        commune=communes()[row.commune_code],
        milieu=row.milieu,
        language=row.language,
        phone=phone,
        declared_on=row.valid_from,
        members=tuple(_member(member, sealed) for member in members),
        facts=row.facts,
        attestations=(),
        applications=(),
        payee_account=None,
        review_on=row.review_on,
    )
    return StandingHousehold(
        row.household_id,
        row.version,
        row.reference_blind,
        row.content_digest,
        declared,
        tuple(
            RegisteredPerson(member.person_id, member.birth_date, member.sex, member.status, 0)
            for member in members
        ),
        tuple(member.idcs_blind for member in members),
    )


def _member(member: StandingMember, sealed: SealedColumns) -> DeclaredMember:
    idcs = sealed.unseal(
        member.idcs_sealed, table="person", column="idcs_sealed", row_id=member.person_id
    )
    return DeclaredMember(idcs, member.kinship, member.head, member.declarant, member.facts)
