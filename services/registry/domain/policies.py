"""What a partner agreed to: purposes, attributes, regions, identifier, and how much a day."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import AddressValueError, IPv4Address, IPv4Network
from typing import Any, ClassVar

from shared.kernel.errors import DomainError, ErrorKind

CLIENT_ID = r"[a-z0-9][a-z0-9-]{1,63}"
"""How the gateway names clients."""
EVERY_REGION = "*"
PURPOSES_MAX = 20
CALLBACK_HOSTS_MAX = 10
QUOTA_PER_DAY_MAX = 50_000_000
_THIS_NETWORK = IPv4Network("0.0.0.0/8")


class Attribute(StrEnum):
    """What a partner may be told, or may ask yes or no about."""

    NAME_AR = "name_ar"
    NAME_LATIN = "name_latin"
    BIRTH_DATE = "birth_date"
    BIRTH_YEAR = "birth_year"
    BIRTH_COMMUNE = "birth_commune"
    SEX = "sex"
    NATIONALITY = "nationality"
    DOCUMENT = "document"
    """Identity card or residence permit."""
    PHONES = "phones"
    COMMUNE = "commune"
    STATUS = "status"
    HOUSEHOLD_ID = "household_id"
    GUARDIANS = "guardians"
    MEMBERS = "members"
    """Who lives together, and what each is to the head."""
    HOUSEHOLD_FACTS = "household_facts"
    """What a household declared of its dwelling, possessions and expenses."""
    INDEX = "index"
    """The socio-economic index of a household."""


class IdentifierKind(StrEnum):
    """By what a partner keeps persons apart."""

    IDCS = "idcs"
    TOKEN = "token"  # noqa: S105 -- a word of the vocabulary, not a secret
    """A pseudonym of this partner alone; the IDCS is never told."""


class SignatureRule(StrEnum):
    """Whether the messages of a DCI sender must be signed."""

    REQUIRED = "required"
    OPTIONAL = "optional"


class PolicyMissingError(DomainError):
    """Nobody agreed with this client on what it may learn."""

    code: ClassVar[str] = "registry.policy-missing"
    kind: ClassVar[ErrorKind] = ErrorKind.FORBIDDEN


class PurposeNotAgreedError(DomainError):
    """The client's policy does not know the purpose stated."""

    code: ClassVar[str] = "registry.purpose-not-agreed"
    kind: ClassVar[ErrorKind] = ErrorKind.FORBIDDEN


class AttributeNotAgreedError(DomainError):
    """The client's policy does not cover an attribute asked about."""

    code: ClassVar[str] = "registry.attribute-not-agreed"
    kind: ClassVar[ErrorKind] = ErrorKind.FORBIDDEN


class BatchNotAgreedError(DomainError):
    """The client's policy does not allow questions about many persons at once."""

    code: ClassVar[str] = "registry.batch-not-agreed"
    kind: ClassVar[ErrorKind] = ErrorKind.FORBIDDEN


class IdentifierNotAgreedError(DomainError):
    """The client's policy does not let it keep persons apart by this kind of identifier."""

    code: ClassVar[str] = "registry.identifier-not-agreed"
    kind: ClassVar[ErrorKind] = ErrorKind.FORBIDDEN


class ConsentMissingError(DomainError):
    """The purpose needs a consent of the person, and none covers what is asked."""

    code: ClassVar[str] = "registry.consent-missing"
    kind: ClassVar[ErrorKind] = ErrorKind.FORBIDDEN


@dataclass(frozen=True, slots=True)
class PolicyPurpose:
    """Something a partner asks for, and what entitles it to."""

    code: str
    legal_basis: str
    """The law, decree or agreement, as people cite it."""
    consent_required: bool
    """Whether the person must have consented, on record, before anything is told."""


@dataclass(frozen=True, slots=True)
class DciPolicy:
    """How a partner speaks DCI with the registry."""

    sender_id: str
    callback_hosts: tuple[str, ...]
    """The only hosts that its callbacks may go to, in lower case, without a port."""
    signature: SignatureRule
    jwks: Mapping[str, Any] | None
    """Its public keys as a JWK set; needed where signatures are."""


@dataclass(frozen=True, slots=True)
class PartnerPolicy:
    """A version of what one client may learn."""

    client: str
    version: int
    name_ar: str
    name_fr: str
    purposes: tuple[PolicyPurpose, ...]
    told: frozenset[Attribute]
    """Attributes it may be told."""
    verified: frozenset[Attribute]
    """Attributes it may ask yes or no about, besides those it may be told."""
    detail: bool
    """Whether a verification answers for each attribute, and not only for all of them."""
    identifier: IdentifierKind
    regions: tuple[str, ...]
    """Region codes, or `*` for all."""
    quota_per_day: int
    """Persons or households it may ask about on one day in Casablanca."""
    batch: bool
    dci: DciPolicy | None

    def purpose(self, code: str | None) -> PolicyPurpose:
        """Return the purpose agreed under a code.

        Raises:
            PurposeNotAgreedError: There is none, or none was stated.
        """
        for purpose in self.purposes:
            if purpose.code == code:
                return purpose
        message = "The policy of this client does not know that purpose."
        raise PurposeNotAgreedError(message)

    def require_told(self, asked: Collection[Attribute]) -> None:
        """Let pass what this client may be told.

        Raises:
            AttributeNotAgreedError: Something is beyond its policy.
        """
        if not self.told.issuperset(asked):
            message = "The policy of this client does not cover every attribute asked for."
            raise AttributeNotAgreedError(message)

    def require_verified(self, asked: Collection[Attribute]) -> None:
        """Let pass what this client may ask yes or no about.

        Raises:
            AttributeNotAgreedError: Something is beyond its policy.
        """
        if not (self.told | self.verified).issuperset(asked):
            message = "The policy of this client does not cover every attribute asked about."
            raise AttributeNotAgreedError(message)

    def within(self, regions: tuple[str, ...]) -> tuple[str, ...]:
        """Return the regions that both the policy and these regions of a token hold."""
        if EVERY_REGION in self.regions:
            return regions
        if EVERY_REGION in regions:
            return self.regions
        return tuple(region for region in regions if region in self.regions)


def is_callable_host(host: str) -> bool:
    """Tell whether callbacks may be agreed to go to a host, as far as its name tells.

    Addresses of this link or of many machines are nobody's: the one of metadata services is among
    them. This very machine is left to demonstrations. An address is written in four plain numbers
    or not at all: resolvers know hexadecimal, octal and shorter forms of the same one.
    """
    ending = host.lower().rpartition(".")[2]
    if not (ending.isdecimal() or ending.startswith("0x")):
        return True
    try:
        address = IPv4Address(host)
    except AddressValueError:
        return False
    return not (
        address.is_link_local
        or address.is_multicast
        or address.is_unspecified
        or address.is_reserved
        or address in _THIS_NETWORK
    )
