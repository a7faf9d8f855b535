"""Records of the DCI standard: a household as a Group, a person as a Member or a CRVSPerson.

A record says what the asker's policy lets it be told, and nothing else. Codes are those of the
standard's code directories; `docs/dci-profile.md` tells what of ours became which of theirs.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from services.registry.domain.dci_attributes import IdentifierType
from services.registry.domain.dci_contract import JsonObject, JsonValue
from services.registry.domain.dci_record_types import RecordType
from services.registry.domain.declarations import Name
from services.registry.domain.policies import Attribute
from services.registry.domain.territory import Commune

_OF_PERSONS = frozenset(
    {
        Attribute.NAME_AR,
        Attribute.NAME_LATIN,
        Attribute.BIRTH_DATE,
        Attribute.BIRTH_YEAR,
        Attribute.SEX,
        Attribute.NATIONALITY,
        Attribute.PHONES,
        Attribute.COMMUNE,
        Attribute.STATUS,
    }
)
_OF_MEMBERS = _OF_PERSONS | {Attribute.DOCUMENT, Attribute.MEMBERS, Attribute.HOUSEHOLD_FACTS}
TELLABLE: Mapping[RecordType, frozenset[Attribute]] = MappingProxyType(
    {
        RecordType.GROUP: _OF_MEMBERS | {Attribute.HOUSEHOLD_ID, Attribute.INDEX},
        RecordType.MEMBER: _OF_MEMBERS,
        RecordType.CIVIL_PERSON: _OF_PERSONS | {Attribute.BIRTH_COMMUNE, Attribute.GUARDIANS},
    }
)
"""What a record of each type can tell, if the policy lets it."""

_SOCIAL = "https://schema.spdci.org/extensions/social/v1/data/"
_CIVIL = "https://schema.spdci.org/extensions/crvs/v1/data/CRVSPerson.jsonld"
_HOUSEHOLD_UNIT = "2"
_ARABIC = "ara"
_COUNTRY = "MA"

_SEXES = {"F": "female", "M": "male"}
_EMPLOYMENT = {
    "employee": "4",
    "public_employee": "4",
    "employer": "5",
    "self_employed": "6",
    "unemployed": "2",
    "inactive": "2",
    "retired": "2",
    "unearned_income": "2",
}
# By the least level that our group can mean; `none` is no level, and is left out.
_EDUCATION = {"basic": "1", "secondary": "3", "technical": "4", "higher": "6"}
_OCCUPATIONS = {
    "senior_executive": "1",
    "middle_manager": "3",
    "trader": "5",
    "farmer": "6",
    "craftsman": "7",
    "machine_operator": "8",
}
# What the head is to a member, by what the member is to the head: (a woman at its head, a man).
_HEAD_IS = {
    "spouse": ("WIFE", "HUSB"),
    "child": ("MTH", "FTH"),
    "parent": ("DAUC", "SONC"),
    "sibling": ("SIS", "BRO"),
    "grandchild": ("GRMTH", "GRFTH"),
}
_MARRIED = "M"


@dataclass(frozen=True, slots=True)
class PersonFile:
    """What the register knows of a person, opened; None where it knows nothing."""

    identifier: tuple[IdentifierType, str]
    """The IDCS, or the asker's own pseudonym for the person."""
    document: tuple[IdentifierType, str] | None
    name_latin: Name
    name_ar: Name
    sex: str
    birth_date: date
    birth_commune: str | None
    nationality: str
    phones: tuple[str, ...]
    territory: Commune
    status: str
    died_on: date | None
    registered_on: date
    updated_at: datetime
    parents: tuple[tuple[IdentifierType, str], ...] = ()
    """Identifiers of the registered father and mother."""


@dataclass(frozen=True, slots=True)
class MemberFile:
    """A person's place in a household; the person is None if the asker may not see them."""

    person: PersonFile | None
    kinship: str
    head: bool
    facts: Mapping[str, Any]
    married: bool
    """Whether the household has them as the head or the spouse of a couple."""


@dataclass(frozen=True, slots=True)
class GroupFile:
    """What the register knows of a household, opened."""

    reference: str
    territory: Commune
    milieu: str
    size: int
    index: Decimal | None
    index_on: date | None
    formula_version: str | None
    registered_at: datetime
    updated_at: datetime
    version: int
    members: tuple[MemberFile, ...] = ()


@dataclass(frozen=True, slots=True)
class Audience:
    """For whom a record is written."""

    told: frozenset[Attribute]
    locale: str | None = None

    def may(self, attribute: Attribute) -> bool:
        """Return whether this attribute may be told."""
        return attribute in self.told


def group_record(group: GroupFile, audience: Audience) -> JsonObject:
    """Return a household as a Group."""
    record: dict[str, JsonValue] = {"@context": _SOCIAL + "Group.jsonld", "@type": "Group"}
    if audience.may(Attribute.HOUSEHOLD_ID):
        record["group_identifier"] = [_identifier((IdentifierType.HOUSEHOLD, group.reference))]
    record["group_type"] = _HOUSEHOLD_UNIT
    if audience.may(Attribute.COMMUNE):
        record["place"] = {"@type": "Place", "address": _address(group.territory)}
    if audience.may(Attribute.INDEX) and group.index is not None:
        record["poverty_score"] = group.index
        record["poverty_score_type"] = f"RSU-ISE-{group.milieu}"
    if audience.may(Attribute.MEMBERS):
        head = next((member for member in group.members if member.head), None)
        if head is not None:
            record["group_head_info"] = member_record(head, audience)
        record["group_size"] = group.size
        record["member_list"] = [
            member_record(member, audience, head=head) for member in group.members
        ]
    record["registration_date"] = _instant(group.registered_at)
    record["last_updated"] = _instant(group.updated_at)
    record["additional_attributes"] = _pairs(
        version=str(group.version),
        poverty_score_date=_day(group.index_on) if audience.may(Attribute.INDEX) else None,
        poverty_score_formula=group.formula_version if audience.may(Attribute.INDEX) else None,
    )
    return record


def member_record(
    member: MemberFile, audience: Audience, *, head: MemberFile | None = None
) -> JsonObject:
    """Return a person of a household as a Member.

    Args:
        member: The person.
        audience: For whom.
        head: The head of the household; a member who is not says what the head is to them.
    """
    record: dict[str, JsonValue] = {"@type": "Member"}
    person = member.person
    if person is not None:
        record["member_identifier"] = [_identifier(person.identifier)]
        record["demographic_info"] = _social_person(person, audience)
        record["registration_date"] = _day(person.registered_on)
        record["last_updated"] = _instant(person.updated_at)
    if audience.may(Attribute.MEMBERS):
        if member.married:
            record["marital_status"] = _MARRIED
        record |= _related(member, head)
    if audience.may(Attribute.HOUSEHOLD_FACTS):
        record |= _facts(member.facts)
    return record


def civil_record(person: PersonFile, audience: Audience) -> JsonObject:
    """Return a person as a CRVSPerson."""
    record = {"@context": _CIVIL, "@type": "CRVSPerson"} | _person(person, audience)
    record["identifier"] = _identifier(person.identifier)
    if audience.may(Attribute.BIRTH_COMMUNE) and person.birth_commune is not None:
        record["birth_place"] = {"@type": "Place", "name": person.birth_commune}
    if audience.may(Attribute.GUARDIANS):
        for number, parent in enumerate(person.parents[:2], start=1):
            record[f"parent{number}_identifier"] = _identifier(parent)
    return record


def _social_person(person: PersonFile, audience: Audience) -> JsonObject:
    record = {"@type": "SRPerson"} | _person(person, audience)
    identifiers = [_identifier(person.identifier)]
    if audience.may(Attribute.DOCUMENT) and person.document is not None:
        identifiers.append(_identifier(person.document))
    record["identifier"] = identifiers
    return record


def _person(person: PersonFile, audience: Audience) -> dict[str, JsonValue]:
    """Return what the records of both registers say of a person, their identifiers apart."""
    record: dict[str, JsonValue] = {}
    name = _name(person, audience)
    if name is not None:
        record["name"] = {"@type": "Name", "surname": name.family, "given_name": name.given}
    if audience.may(Attribute.SEX):
        record["sex"] = _SEXES[person.sex]
    if audience.may(Attribute.BIRTH_DATE):
        record["birth_date"] = _day(person.birth_date)
    if audience.may(Attribute.STATUS) and person.died_on is not None:
        record["death_date"] = _day(person.died_on)
    if audience.may(Attribute.COMMUNE):
        record["address"] = [_address(person.territory)]
    if audience.may(Attribute.PHONES) and person.phones:
        record["phone_number"] = list(person.phones)
    record["registration_date"] = _day(person.registered_on)
    record["additional_attributes"] = _pairs(**_additional(person, audience, name))
    return record


def _additional(person: PersonFile, audience: Audience, name: Name | None) -> dict[str, str | None]:
    other = person.name_ar if name is person.name_latin else person.name_latin
    said_otherwise = {Attribute.NAME_AR, Attribute.NAME_LATIN} <= audience.told
    script = "name_ar" if name is person.name_latin else "name_latin"
    year_alone = audience.may(Attribute.BIRTH_YEAR) and not audience.may(Attribute.BIRTH_DATE)
    return {
        script: f"{other.given} {other.family}" if said_otherwise else None,
        "status": person.status if audience.may(Attribute.STATUS) else None,
        "nationality": person.nationality if audience.may(Attribute.NATIONALITY) else None,
        "birth_year": str(person.birth_date.year) if year_alone else None,
    }


def _name(person: PersonFile, audience: Audience) -> Name | None:
    """Return the name in the script asked for, or in the one that may be told."""
    ways = [(Attribute.NAME_LATIN, person.name_latin), (Attribute.NAME_AR, person.name_ar)]
    if audience.locale == _ARABIC:
        ways.reverse()
    return next((name for attribute, name in ways if audience.may(attribute)), None)


def _related(member: MemberFile, head: MemberFile | None) -> dict[str, JsonValue]:
    if head is None or member is head or head.person is None:
        return {}
    woman, man = _HEAD_IS.get(member.kinship, ("EXT", "EXT"))
    related: JsonObject = {
        "@type": "RelatedPerson",
        "relationship_type": woman if head.person.sex == "F" else man,
        "related_member": {
            "@type": "Member",
            "member_identifier": [_identifier(head.person.identifier)],
        },
    }
    return {"related_person": [related]}


def _facts(facts: Mapping[str, Any]) -> dict[str, JsonValue]:
    codes = {
        "employment_status": _EMPLOYMENT.get(str(facts.get("activity"))),
        "education_level": _EDUCATION.get(str(facts.get("education"))),
        "occupation": _OCCUPATIONS.get(str(facts.get("occupation"))),
    }
    record: dict[str, JsonValue] = {name: code for name, code in codes.items() if code is not None}
    if isinstance(facts.get("severe_disability"), bool):
        record["is_disabled"] = facts["severe_disability"]
    return record


def _identifier(identifier: tuple[IdentifierType, str]) -> dict[str, JsonValue]:
    kind, value = identifier
    return {"@type": "Identifier", "identifier_type": kind.value, "identifier_value": value}


def _address(territory: Commune) -> dict[str, JsonValue]:
    return {
        "@type": "Address",
        "locality": territory.commune_code,
        "sub_region_code": territory.province_code,
        "region_code": territory.region_code,
        "country_code": _COUNTRY,
    }


def _pairs(**values: str | None) -> list[JsonValue]:
    """Return a list of pairs, as the standard carries what a country adds."""
    said: Iterable[tuple[str, str]] = (
        (name, value) for name, value in values.items() if value is not None
    )
    return [{name: value} for name, value in said]


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _instant(instant: datetime) -> str:
    return instant.isoformat(timespec="seconds").replace("+00:00", "Z")
