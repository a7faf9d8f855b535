"""Write the records of a register for one partner: read, opened, limited to its policy, logged."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from services.registry.domain.dci_attributes import IdentifierType
from services.registry.domain.dci_contract import JsonObject
from services.registry.domain.dci_record_types import RecordType
from services.registry.domain.dci_records import (
    TELLABLE,
    Audience,
    GroupFile,
    MemberFile,
    PersonFile,
    civil_record,
    group_record,
    member_record,
)
from services.registry.domain.policies import Attribute, IdentifierKind, PartnerPolicy
from services.registry.domain.territory import Commune
from services.registry.storage.access_log import Access, Disclosed, log_access
from services.registry.storage.dci_files import (
    read_groups,
    read_members,
    read_parents,
    read_persons,
    version_of,
)
from services.registry.storage.look_ups import StandingConsent
from services.registry.storage.persons import PersonVersion
from services.registry.use_cases.collaborators import Collaborators
from services.registry.use_cases.particulars import open_particulars
from shared.runtime.ids import new_id
from shared.storage.database import Transaction

_PARENTS = (Attribute.GUARDIANS.value,)
"""What the record of a child tells of its parents."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """Whom records are written for, and what they may hold."""

    policy: PartnerPolicy
    purpose: str
    regions: tuple[str, ...]
    action: str
    """What the access log calls this disclosure."""
    locale: str | None = None
    consents: Mapping[UUID, StandingConsent] | None = None
    """By person, where the purpose rests on consent: of who has none nothing is told."""

    def audience(self, person_id: UUID | None = None) -> Audience:
        """Return what may be told, of one person or of households."""
        told = self.policy.told
        if self.consents is not None and person_id is not None:
            consent = self.consents.get(person_id)
            consented = () if consent is None else consent.attributes
            told = told.intersection(map(Attribute, consented))
        return Audience(told, self.locale)


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows behind some records of one type."""

    record_type: RecordType
    groups: Sequence[dict[str, Any]] = ()
    persons: Sequence[dict[str, Any]] = ()
    """Members of the groups, single members, or persons of the civil register."""
    parents: Sequence[dict[str, Any]] = ()


def _is_seen(row: Mapping[str, Any]) -> bool:
    return row["idcs_sealed"] is not None


async def read_rows(
    tx: Transaction,
    record_type: RecordType,
    ids: Sequence[UUID],
    *,
    viewer: Viewer,
    using: Collaborators,
) -> Rows:
    """Return what the records of some subjects need, in this transaction's scope.

    Args:
        tx: The open transaction.
        record_type: What the records are of; ids are of households for groups, else of persons.
        ids: The subjects.
        viewer: Whom for; its regions are stated, since they do not bind a worker's role.
        using: The registry's means.
    """
    regions = viewer.regions
    if record_type is RecordType.GROUP:
        groups = await read_groups(tx, ids, regions=regions)
        with_members = viewer.audience().may(Attribute.MEMBERS)
        members = await read_members(tx, household_ids=ids, regions=regions) if with_members else []
        return Rows(record_type, groups, members)
    if record_type is RecordType.MEMBER:
        members = await read_members(tx, person_ids=ids, regions=regions)
        return Rows(record_type, persons=[row for row in members if _is_seen(row)])
    persons = await read_persons(tx, ids, regions=regions)
    if not viewer.audience().may(Attribute.GUARDIANS):
        return Rows(record_type, persons=persons)
    parents = await read_parents(tx, ids, on=using.clock.today(), regions=regions)
    return Rows(record_type, persons=persons, parents=parents)


async def log_rows(tx: Transaction, rows: Rows, *, viewer: Viewer, using: Collaborators) -> None:
    """Log every household and person of some rows as disclosed; commit before they are told.

    Members see that their household was told, whether or not its record lists them, and parents
    that the record of their child names them.
    """
    now = using.clock.now()
    tellable = TELLABLE[rows.record_type]
    access = Access(
        client=viewer.policy.client,
        purpose=viewer.purpose,
        action=viewer.action,
        valid_on=using.clock.today(),
        known_at=now,
        accessed_at=now,
        attributes=_stated(viewer.policy.told & tellable),
    )
    disclosed = [
        Disclosed(new_id(), row["region_code"], household_id=row["household_id"])
        for row in rows.groups
    ]
    listed = {row["person_id"] for row in rows.persons}
    disclosed += [
        Disclosed(new_id(), row["region_code"], person_id, row["household_id"])
        for row in rows.groups
        for person_id in row["member_ids"]
        if person_id not in listed
    ]
    by_attributes = defaultdict(list, {access.attributes: disclosed})
    for row in rows.persons:
        if _is_seen(row):
            # What a consent covers, differs from one person to another.
            told = viewer.audience(row["person_id"]).told & tellable
            by_attributes[_stated(told)].append(_disclosed(row, viewer))
    by_attributes[_PARENTS] += [
        Disclosed(new_id(), row["region_code"], row["guardian_id"])
        for row in rows.parents
        if viewer.audience(row["person_id"]).may(Attribute.GUARDIANS)
    ]
    for attributes, subjects in by_attributes.items():
        if subjects:
            await log_access(tx, replace(access, attributes=attributes), subjects)


def _stated(told: Iterable[Attribute]) -> tuple[str, ...]:
    """Return what the log says a record tells: that somebody is on file, if it is nothing else."""
    return tuple(sorted(told)) or ("registered",)


def _disclosed(row: Mapping[str, Any], viewer: Viewer) -> Disclosed:
    consent = (viewer.consents or {}).get(row["person_id"])
    return Disclosed(
        new_id(),
        row["region_code"],
        row["person_id"],
        row.get("household_id"),
        consent_id=None if consent is None else consent.consent_id,
    )


async def write_records(
    rows: Rows, *, viewer: Viewer, using: Collaborators
) -> dict[UUID, JsonObject]:
    """Return the records of some rows by subject; call it once they are logged.

    Raises:
        UnsealError: What the registry keeps sealed cannot be opened.
    """
    return await asyncio.to_thread(_write, rows, viewer, using)


def _write(rows: Rows, viewer: Viewer, using: Collaborators) -> dict[UUID, JsonObject]:
    writer = _Writer(viewer, using)
    if rows.record_type is RecordType.CIVIL_PERSON:
        return dict(writer.civil_records(rows))
    if rows.record_type is RecordType.MEMBER:
        return {
            row["person_id"]: member_record(writer.member(row), viewer.audience(row["person_id"]))
            for row in rows.persons
        }
    members = defaultdict(list)
    for row in rows.persons:
        members[row["household_id"]].append(writer.member(row))
    return {
        row["household_id"]: group_record(
            writer.group(row, members[row["household_id"]]), viewer.audience()
        )
        for row in rows.groups
    }


@dataclass(frozen=True, slots=True)
class _Writer:
    viewer: Viewer
    using: Collaborators

    def civil_records(self, rows: Rows) -> Iterable[tuple[UUID, JsonObject]]:
        parents = defaultdict(list)
        for row in rows.parents:
            parent = self._identifier(row["guardian_id"], row["idcs_sealed"])
            parents[row["person_id"]].append(parent)
        for row in rows.persons:
            person_id = row["person_id"]
            person = self._person(row, tuple(parents[person_id]))
            if person is not None:
                yield person_id, civil_record(person, self.viewer.audience(person_id))

    def group(self, row: Mapping[str, Any], members: Sequence[MemberFile]) -> GroupFile:
        reference = self.using.sealed.unseal(
            row["reference_sealed"],
            table="household",
            column="reference_sealed",
            row_id=row["household_id"],
        )
        return GroupFile(
            reference=reference,
            territory=_territory(row),
            milieu=row["milieu"],
            size=row["size"],
            index=row["index_points"],
            index_on=row["assessed_on"],
            formula_version=row["formula_version"],
            registered_at=row["registered_at"],
            updated_at=row["updated_at"],
            version=row["version"],
            members=tuple(members),
        )

    def member(self, row: Mapping[str, Any]) -> MemberFile:
        return MemberFile(
            person=self._person(row),
            kinship=row["kinship"],
            head=row["head"],
            facts=row["facts"],
            married=row["married"],
        )

    def _person(
        self, row: Mapping[str, Any], parents: tuple[tuple[IdentifierType, str], ...] = ()
    ) -> PersonFile | None:
        version = version_of(row)
        if version is None:
            return None
        particulars = open_particulars(version, sealed=self.using.sealed)
        document = None
        if particulars.cnie is not None:
            document = (IdentifierType.DOCUMENT, particulars.cnie)
        elif particulars.residence_permit is not None:
            document = (IdentifierType.PERMIT, particulars.residence_permit)
        return PersonFile(
            identifier=self._identifier(version.person_id, row["idcs_sealed"]),
            document=document,
            name_latin=particulars.name_latin,
            name_ar=particulars.name_ar,
            sex=version.sex,
            birth_date=version.birth_date,
            birth_commune=version.birth_commune_code,
            nationality=version.nationality,
            phones=particulars.phones,
            territory=_territory_of(version),
            status=version.status,
            died_on=row["died_on"],
            registered_on=row["registered_on"],
            updated_at=version.recorded_at,
            parents=parents,
        )

    def _identifier(self, person_id: UUID, idcs_sealed: bytes) -> tuple[IdentifierType, str]:
        policy = self.viewer.policy
        if policy.identifier is IdentifierKind.TOKEN:
            token = self.using.partner_tokens.token_of(person_id.bytes, client=policy.client)
            return IdentifierType.TOKEN, token
        idcs = self.using.sealed.unseal(
            idcs_sealed, table="person", column="idcs_sealed", row_id=person_id
        )
        return IdentifierType.IDCS, idcs


def _territory(row: Mapping[str, Any]) -> Commune:
    return Commune(row["commune_code"], row["province_code"], row["region_code"])


def _territory_of(version: PersonVersion) -> Commune:
    return Commune(version.commune_code, version.province_code, version.region_code)
