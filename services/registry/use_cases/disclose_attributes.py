"""Tell a partner the attributes of a person that its policy covers, and no other."""

from collections.abc import Callable, Mapping
from datetime import date
from types import MappingProxyType
from typing import NamedTuple, TypeAlias
from uuid import UUID

from services.registry.domain.declarations import Name
from services.registry.domain.policies import Attribute, AttributeNotAgreedError
from services.registry.storage.look_ups import WholePerson
from services.registry.use_cases.agree import (
    Agreed,
    Identifier,
    Named,
    agree,
    named,
    token_for,
)
from services.registry.use_cases.answer_together import Answer, Question, Subject
from services.registry.use_cases.collaborators import Collaborators
from services.registry.use_cases.look_up import LookUp
from services.registry.use_cases.particulars import Particulars, open_particulars
from services.registry.use_cases.read_person import PersonNotFoundError
from services.registry.use_cases.spend_quota import spend_quota

Told: TypeAlias = Name | date | int | str | UUID | tuple[str, ...] | None

DISCLOSED = "disclosed"
_NOT_FOUND = "There is no such person within the regions of this client."


class _Opened(NamedTuple):
    whole: WholePerson
    particulars: Particulars


class ToldPerson(NamedTuple):
    """What a partner is told of a person."""

    attributes: Mapping[Attribute, Told]
    token: str | None


_TELLS: Mapping[Attribute, Callable[[_Opened], Told]] = MappingProxyType(
    {
        Attribute.NAME_AR: lambda opened: opened.particulars.name_ar,
        Attribute.NAME_LATIN: lambda opened: opened.particulars.name_latin,
        Attribute.BIRTH_DATE: lambda opened: opened.whole.version.birth_date,
        Attribute.BIRTH_YEAR: lambda opened: opened.whole.version.birth_date.year,
        Attribute.BIRTH_COMMUNE: lambda opened: opened.whole.version.birth_commune_code,
        Attribute.SEX: lambda opened: opened.whole.version.sex,
        Attribute.NATIONALITY: lambda opened: opened.whole.version.nationality,
        Attribute.DOCUMENT: lambda opened: (
            opened.particulars.cnie or opened.particulars.residence_permit
        ),
        Attribute.PHONES: lambda opened: opened.particulars.phones,
        Attribute.COMMUNE: lambda opened: opened.whole.version.commune_code,
        Attribute.STATUS: lambda opened: opened.whole.version.status,
        Attribute.HOUSEHOLD_ID: lambda opened: opened.whole.household_id,
    }
)
TELLABLE = frozenset(_TELLS)
"""Attributes of one person; those of a household are told with the household."""


async def disclose_attributes(
    identifier: Identifier,
    wished: frozenset[Attribute] | None,
    look_up: LookUp,
    *,
    using: Collaborators,
) -> ToldPerson:
    """Return attributes of a person; the access log row that names them is committed before that.

    Args:
        identifier: Whom the partner asks about.
        wished: The attributes it wishes to be told; None stands for all that its policy covers.
        look_up: Who asks, and what for.
        using: The means of this process.

    Raises:
        PersonNotFoundError: There is none within the regions of the token and the policy.
        PolicyMissingError: The client has no policy.
        PurposeNotAgreedError: Its policy does not know the purpose.
        AttributeNotAgreedError: It may not be told all of this.
        IdentifierNotAgreedError: Its policy knows no tokens.
        IdcsMalformedError: The IDCS is not well formed.
        ConsentMissingError: The purpose needs a consent, and none is in force.
        QuotaSpentError: The client's day is used up.
    """
    agreed = await agree(look_up, using=using)
    told = agreed.policy.told & TELLABLE if wished is None else wished
    agreed.policy.require_told(told)
    if not told or not told <= TELLABLE:
        message = "Nothing of this is told of one person; a household's data come with it."
        raise AttributeNotAgreedError(message)
    question = _question(named(identifier, agreed, using=using), told, agreed, using=using)
    await spend_quota(agreed.policy, 1, using=using)
    answer = await using.together.ask(
        question, regions=agreed.regions, database=using.database, clock=using.clock
    )
    if answer is None:
        raise PersonNotFoundError(_NOT_FOUND)
    disclosed: ToldPerson = answer.value
    return disclosed


def _question(
    place: Named, told: frozenset[Attribute], agreed: Agreed, *, using: Collaborators
) -> Question:
    def judge(subject: Subject) -> Answer:
        whole = subject.whole
        if whole is None:
            raise PersonNotFoundError(_NOT_FOUND)
        opened = _Opened(whole, open_particulars(whole.version, sealed=using.sealed))
        attributes = {attribute: _TELLS[attribute](opened) for attribute in sorted(told)}
        token = token_for(subject.person.id_bytes, agreed, using=using)
        household_id = whole.household_id if Attribute.HOUSEHOLD_ID in told else None
        return Answer(DISCLOSED, ToldPerson(attributes, token), household_id)

    return Question(
        agreed.client,
        agreed.purpose.code,
        "disclose-attributes",
        tuple(sorted(told)),
        judge,
        *place,
        whole=True,
        consent=agreed.purpose.consent_required,
    )
