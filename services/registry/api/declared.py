"""What a declaration says of people and households, as its body carries it."""

from datetime import date
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictInt

from services.registry.api.days import WrittenDay
from services.registry.domain.checks import EARLIEST_DATE
from services.registry.domain.declarations import DeclaredMember
from services.registry.domain.line_fields import (
    COUNT_MAX,
    FAMILY_NUCLEI_MAX,
    LIVESTOCK_MAX,
    NAME_CHARACTERS_MAX,
    SPENDING_YEARLY_CENTIMES_MAX,
)
from services.registry.domain.lines import APPLICATIONS_MAX, MEMBERS_MAX
from services.registry.domain.vocabulary import (
    AccountKind,
    Activity,
    Dwelling,
    Education,
    HealthCover,
    Kinship,
    Language,
    Milieu,
    Occupation,
    Schooling,
    Sector,
    Sex,
)

IDCS_PATTERN = r"^[2-9][0-9]{9}$"
CODE_CHARACTERS_MAX = 20

Idcs = Annotated[str, Field(pattern=IDCS_PATTERN)]
CommuneCode = Annotated[str, Field(min_length=1, max_length=CODE_CHARACTERS_MAX)]
Phone = Annotated[str, Field(min_length=10, max_length=16)]
RecordableDay = Annotated[date, Field(ge=EARLIEST_DATE), WrittenDay]
Count = Annotated[StrictInt, Field(ge=0, le=COUNT_MAX)]
YearlyCentimes = Annotated[StrictInt, Field(ge=0, le=SPENDING_YEARLY_CENTIMES_MAX)]


class Said(BaseModel):
    """Part of a declaration; what it does not know, it refuses."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class MemberSaid(Said):
    """A member of a household, in the fields of an import's line."""

    idcs: Idcs
    kinship: Kinship
    head: StrictBool
    declarant: StrictBool
    schooling: Schooling
    education: Education
    literate: StrictBool
    activity: Activity
    occupation: Occupation
    sector: Sector
    health_cover: HealthCover
    orphan_of_father: StrictBool
    severe_disability: StrictBool
    birth_rank: Annotated[StrictInt, Field(ge=1, le=COUNT_MAX)] | None = None
    pension: StrictBool = False

    def as_member(self) -> DeclaredMember:
        """Return the member as the rules know them."""
        facts = self.model_dump(mode="json")
        idcs, kinship = facts.pop("idcs"), facts.pop("kinship")
        return DeclaredMember(idcs, kinship, facts.pop("head"), facts.pop("declarant"), facts)


class FactsSaid(Said):
    """What is declared of a household as a whole; amounts in centimes a year."""

    dwelling: Dwelling
    rooms: Count
    family_nuclei: Annotated[StrictInt, Field(ge=0, le=FAMILY_NUCLEI_MAX)]
    bath_or_shower: StrictBool
    electricity_meter: StrictBool
    computer: StrictBool
    satellite_dish: StrictBool
    fixed_telephone: StrictBool
    bank_loan: StrictBool
    secondary_dwelling: StrictBool
    garage: StrictBool
    business_premises: StrictBool
    mobile_phones: Count
    cars: Count
    motorcycles: Count
    non_agricultural_land: StrictBool
    irrigated_land: StrictBool
    cows: Annotated[StrictInt, Field(ge=0, le=LIVESTOCK_MAX)]
    butane_yearly_centimes: YearlyCentimes
    water_electricity_yearly_centimes: YearlyCentimes
    phone_internet_yearly_centimes: YearlyCentimes
    family_allowances: StrictBool = False


class ApplicationSaid(Said):
    """A request to a programme."""

    programme: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
    applied_on: RecordableDay


class PayeeSaid(Said):
    """The account a household wishes to be paid to; the registry passes it on and keeps it not."""

    kind: AccountKind
    account: Annotated[str, Field(pattern=r"^[0-9]{24}$")]
    collector: Idcs
    name_latin: Annotated[str, Field(min_length=1, max_length=70)]


class HouseholdSaid(Said):
    """A household that is new; without a reference it is given one."""

    reference: Annotated[str, Field(pattern=r"^[A-Z0-9][A-Z0-9-]{0,39}$")] | None = None
    commune: CommuneCode
    milieu: Milieu
    language: Language
    phone: Phone | None = None
    members: Annotated[list[MemberSaid], Field(min_length=1, max_length=MEMBERS_MAX)]
    facts: FactsSaid

    def as_line(self) -> dict[str, Any]:
        """Return the household as a line of an import says it."""
        return self.model_dump(mode="json")


class NameSaid(Said):
    """A name in one script."""

    given: Annotated[str, Field(min_length=1, max_length=NAME_CHARACTERS_MAX)]
    family: Annotated[str, Field(min_length=1, max_length=NAME_CHARACTERS_MAX)]


class NewbornSaid(Said):
    """A child who is new to the population register; the IDCS was given at birth."""

    idcs: Idcs
    name_ar: NameSaid
    name_latin: NameSaid
    sex: Sex
    birth_date: RecordableDay
    birth_commune: CommuneCode | None = None
    nationality: Annotated[str, Field(pattern=r"^[A-Z]{3}$")] = "MAR"
    commune: CommuneCode


class NewbornMember(Said):
    """What a newborn is in the household; a newborn neither attends school nor works."""

    kinship: Kinship = Kinship.CHILD
    health_cover: HealthCover
    orphan_of_father: StrictBool = False
    severe_disability: StrictBool = False
    birth_rank: Annotated[StrictInt, Field(ge=1, le=COUNT_MAX)] | None = None

    def as_member(self, idcs: str) -> DeclaredMember:
        """Return the newborn as the rules know members."""
        return MemberSaid(
            idcs=idcs,
            kinship=self.kinship,
            head=False,
            declarant=False,
            schooling=Schooling.NONE,
            education=Education.NONE,
            literate=False,
            activity=Activity.CHILD,
            occupation=Occupation.NONE,
            sector=Sector.NONE,
            health_cover=self.health_cover,
            orphan_of_father=self.orphan_of_father,
            severe_disability=self.severe_disability,
            birth_rank=self.birth_rank,
        ).as_member()


class ForwardedSaid(Said):
    """What a household asks of other services along with its declaration."""

    applications: Annotated[list[ApplicationSaid], Field(max_length=APPLICATIONS_MAX)] = Field(
        default_factory=list
    )
    payee_account: PayeeSaid | None = None

    def as_line(self) -> dict[str, Any]:
        """Return it as part of a household's line of an import."""
        return self.model_dump(mode="json")
