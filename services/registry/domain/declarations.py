"""What an accepted line of an import declares: a person, or a household and its members."""

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple, TypeAlias

from services.registry.domain.territory import Commune

FactValue: TypeAlias = str | int | bool | None


class Name(NamedTuple):
    """A person's name in one script."""

    given: str
    family: str


class DeclaredPerson(NamedTuple):
    """A person as the population register knows them."""

    idcs: str
    cnie: str | None
    residence_permit: str | None
    name_ar: Name
    name_latin: Name
    sex: str
    birth_date: date
    birth_commune: str | None
    nationality: str
    phones: tuple[str, ...]
    commune: Commune
    status: str

    @property
    def document(self) -> str | None:
        """Return the number of the identity card, or of the residence permit that stands for it."""
        return self.cnie or self.residence_permit


class DeclaredMember(NamedTuple):
    """A member of a household, with what was declared about them."""

    idcs: str
    kinship: str
    head: bool
    declarant: bool
    facts: Mapping[str, FactValue]


class DeclaredAttestation(NamedTuple):
    """A fact about a member that another administration vouches for."""

    idcs: str
    fact: str
    value: FactValue
    source: str
    valid_from: date


class DeclaredApplication(NamedTuple):
    """A household's request to a programme."""

    programme: str
    applied_on: date


class PayeeAccount(NamedTuple):
    """The account that a household wishes to be paid to, and the member who collects."""

    kind: str
    account: str
    collector: str
    name_latin: str


class DeclaredHousehold(NamedTuple):
    """A household as its declarant describes it."""

    reference: str
    commune: Commune
    milieu: str
    language: str
    phone: str | None
    declared_on: date
    members: tuple[DeclaredMember, ...]
    facts: Mapping[str, FactValue]
    attestations: tuple[DeclaredAttestation, ...]
    applications: tuple[DeclaredApplication, ...]
    payee_account: PayeeAccount | None
    review_on: date | None = None
    """By when the household must be reviewed; None if this declaration renews the date."""


# Not printable, and so never part of a checked value.
SEPARATOR = "\x1f"


def person_particulars(person: DeclaredPerson) -> str:
    """Return in one text what tells a person apart by name or number."""
    return SEPARATOR.join(
        (
            person.cnie or "",
            person.residence_permit or "",
            *person.name_ar,
            *person.name_latin,
            *person.phones,
        )
    )


def person_content(person: DeclaredPerson, *, particulars: str | None = None) -> str:
    """Return a text that is equal for two declarations of a person that say the same.

    Args:
        person: What was declared.
        particulars: The person's `person_particulars`, if they are made already.
    """
    return SEPARATOR.join(
        (
            particulars or person_particulars(person),
            # The phones may be none or several: this is where they end.
            "",
            person.idcs,
            person.sex,
            person.birth_date.isoformat(),
            person.birth_commune or "",
            person.nationality,
            person.commune.commune_code,
            person.status,
        )
    )


def household_content(household: DeclaredHousehold) -> str:
    """Return a text that is equal for two declarations of a household that say the same."""
    payee = household.payee_account
    return repr(
        (
            household.reference,
            household.commune.commune_code,
            household.milieu,
            household.language,
            household.phone,
            household.declared_on.toordinal(),
            [(*member[:4], *member.facts.values()) for member in household.members],
            (*household.facts.values(),),
            [(*item[:4], item.valid_from.toordinal()) for item in household.attestations],
            [(item.programme, item.applied_on.toordinal()) for item in household.applications],
            None if payee is None else tuple(payee),
        )
    )
