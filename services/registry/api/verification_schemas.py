"""What partners send to have a person verified, and what they are answered."""

from datetime import date
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

from services.registry.api.days import Day
from services.registry.api.names import NamePart
from services.registry.api.schemas import NameView
from services.registry.domain.partner_tokens import TOKEN_PATTERN
from services.registry.domain.policies import Attribute
from services.registry.domain.vocabulary import PersonStatus, Sex
from services.registry.use_cases.disclose_attributes import TELLABLE
from services.registry.use_cases.verify_batch import BATCH_ITEMS_MAX

Idcs = Annotated[str, StringConstraints(pattern=r"^[0-9]{10}$")]
Token = Annotated[str, StringConstraints(pattern=TOKEN_PATTERN)]
Document = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{2,12}$")]
CommuneCode = Annotated[
    str, StringConstraints(pattern=r"^[0-9]{2}\.[0-9]{3}\.[0-9]{2}\.[0-9]{1,2}$")
]
BirthYear = Annotated[int, Field(strict=True, ge=1850, le=2200)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class NameBody(_Strict):
    """A name in one script."""

    given: NamePart
    family: NamePart


def _without_null(schema: dict[str, Any]) -> None:
    for attribute in schema["properties"].values():
        attribute.pop("default")
        (said, _) = attribute.pop("anyOf")
        attribute.update(said)


class ClaimsBody(_Strict):
    """What is said of a person; at least one thing is, and nothing is null."""

    model_config = ConfigDict(json_schema_extra=_without_null)

    name_ar: NameBody | None = None
    name_latin: NameBody | None = None
    birth_date: Day | None = None
    birth_year: BirthYear | None = None
    sex: Sex | None = None
    cnie: Document | None = None
    residence_permit: Document | None = None
    commune: CommuneCode | None = None
    status: PersonStatus | None = None

    @field_validator("*", mode="before")
    @classmethod
    def _not_null(cls, value: object) -> object:
        if value is None:
            message = "leave out what is not said; null is no value"
            raise ValueError(message)
        return value

    @model_validator(mode="after")
    def _say_something(self) -> Self:
        values = list(self.__dict__.values())
        if values.count(None) == len(values):
            message = "say at least one thing of the person"
            raise ValueError(message)
        if self.cnie is not None and self.residence_permit is not None:
            message = "a person shows an identity card or a residence permit"
            raise ValueError(message)
        return self


class IdentifierBody(_Strict):
    """How a partner names a person: by IDCS or by its own token, not by both."""

    idcs: Idcs | None = None
    token: Token | None = None

    @model_validator(mode="after")
    def _one_identifier(self) -> Self:
        if (self.idcs is None) == (self.token is None):
            message = "name the person by idcs or by token"
            raise ValueError(message)
        return self


class VerificationBody(IdentifierBody):
    """Somebody, and what is said of them."""

    attributes: ClaimsBody


class VerificationsBody(_Strict):
    """Many questions in one."""

    items: Annotated[list[VerificationBody], Field(min_length=1, max_length=BATCH_ITEMS_MAX)]


class VerdictView(BaseModel):
    """Whether all that was said holds; somebody unknown is one of whom nothing does."""

    verified: bool
    attributes: dict[Attribute, bool] | None = None
    token: str | None = None
    fault: str | None = None


class VerdictsView(BaseModel):
    """A verdict for each item, in the order they were sent."""

    items: list[VerdictView]


def _of_a_person(wished: set[Attribute]) -> set[Attribute]:
    """Let pass attributes of one person; those of a household are told with the household."""
    if not wished <= TELLABLE:
        message = "not every attribute is one of a person"
        raise ValueError(message)
    return wished


Wished = Annotated[set[Attribute], Field(max_length=len(Attribute)), AfterValidator(_of_a_person)]


class DisclosureBody(IdentifierBody):
    """Somebody, and what the partner wishes to be told; all that was agreed unless stated."""

    attributes: Wished | None = None


class ToldAttributes(BaseModel):
    """The attributes agreed and wished for; the others are absent."""

    name_ar: NameView | None = None
    name_latin: NameView | None = None
    birth_date: date | None = None
    birth_year: int | None = None
    birth_commune: str | None = None
    sex: Sex | None = None
    nationality: str | None = None
    document: str | None = None
    phones: list[str] | None = None
    commune: str | None = None
    status: PersonStatus | None = None
    household_id: UUID | None = None


class ToldView(BaseModel):
    """What a partner is told of a person."""

    attributes: ToldAttributes
    token: str | None = None


class ShownBody(_Strict):
    """What somebody shows: exactly one of these."""

    idcs: Idcs | None = None
    cnie: Document | None = None
    residence_permit: Document | None = None
    token: Token | None = None

    @model_validator(mode="after")
    def _one_thing(self) -> Self:
        if sum(value is not None for value in self.__dict__.values()) != 1:
            message = "state exactly one of idcs, cnie, residence_permit and token"
            raise ValueError(message)
        return self
