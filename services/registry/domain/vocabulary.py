"""The words that a declaration may use, as the registry's import format fixes them."""

from enum import StrEnum


class Sex(StrEnum):
    """Sex as the civil registry records it."""

    FEMALE = "F"
    MALE = "M"


class PersonStatus(StrEnum):
    """Whether a person's registration is in force."""

    ACTIVE = "active"
    DECEASED = "deceased"
    SUSPENDED = "suspended"


class Milieu(StrEnum):
    """Which of the two index models a household falls under."""

    URBAN = "urban"
    RURAL = "rural"


class Language(StrEnum):
    """The language a household wishes to be written to in."""

    ARABIC = "ar"
    FRENCH = "fr"


class Kinship(StrEnum):
    """What a member is to the head of the household."""

    HEAD = "head"
    SPOUSE = "spouse"
    CHILD = "child"
    PARENT = "parent"
    SIBLING = "sibling"
    GRANDCHILD = "grandchild"
    OTHER = "other"


class Schooling(StrEnum):
    """Where a member attends school at present."""

    NONE = "none"
    PUBLIC = "public"
    PRIVATE = "private"


class Education(StrEnum):
    """The level of a member's highest diploma."""

    NONE = "none"
    BASIC = "basic"
    TECHNICAL = "technical"
    SECONDARY = "secondary"
    HIGHER = "higher"


class Activity(StrEnum):
    """A member's standing towards work."""

    EMPLOYEE = "employee"
    PUBLIC_EMPLOYEE = "public_employee"
    EMPLOYER = "employer"
    SELF_EMPLOYED = "self_employed"
    UNEMPLOYED = "unemployed"
    INACTIVE = "inactive"
    RETIRED = "retired"
    UNEARNED_INCOME = "unearned_income"
    CHILD = "child"


class Occupation(StrEnum):
    """A member's trade, by the groups that the index distinguishes."""

    NONE = "none"
    SENIOR_EXECUTIVE = "senior_executive"
    MIDDLE_MANAGER = "middle_manager"
    CRAFTSMAN = "craftsman"
    FARMER = "farmer"
    MACHINE_OPERATOR = "machine_operator"
    TRADER = "trader"
    OTHER = "other"


class Sector(StrEnum):
    """The part of the economy a member works in."""

    NONE = "none"
    AGRICULTURE = "agriculture"
    INDUSTRY = "industry"
    TRADE = "trade"
    SERVICES = "services"


class HealthCover(StrEnum):
    """The health cover that a member has; `other_scheme` is any but RAMED and its successor."""

    NONE = "none"
    RAMED = "ramed"
    AMO_TADAMON = "amo_tadamon"
    OTHER_SCHEME = "other_scheme"
    UNKNOWN = "unknown"


class Dwelling(StrEnum):
    """What a household lives in."""

    VILLA = "villa"
    FLAT = "flat"
    TRADITIONAL_HOUSE = "traditional_house"
    MODERN_HOUSE = "modern_house"
    RURAL_STONE = "rural_stone"
    RURAL_ADOBE = "rural_adobe"
    SHACK = "shack"
    OTHER = "other"


class Programme(StrEnum):
    """What a household can apply for; eligibility decides on these and on no other."""

    ASD = "asd"
    AMO_TADAMON = "amo_tadamon"


class AccountKind(StrEnum):
    """How an account is addressed."""

    RIB = "rib"


class EvidenceKind(StrEnum):
    """The document that proves a declaration, or the declarant's word where that is enough."""

    BIRTH_CERTIFICATE = "birth_certificate"
    DEATH_CERTIFICATE = "death_certificate"
    MARRIAGE_CERTIFICATE = "marriage_certificate"
    DIVORCE_JUDGMENT = "divorce_judgment"
    JUDICIAL_DECISION = "judicial_decision"
    FAMILY_BOOKLET = "family_booklet"
    RESIDENCE_CERTIFICATE = "residence_certificate"
    MEDICAL_CERTIFICATE = "medical_certificate"
    DECLARATION_ON_HONOUR = "declaration_on_honour"
    OTHER = "other"


class GuardianRelation(StrEnum):
    """By what right somebody answers for another; `kafil` has taken a child in under kafala."""

    FATHER = "father"
    MOTHER = "mother"
    LEGAL_GUARDIAN = "legal_guardian"
    KAFIL = "kafil"
