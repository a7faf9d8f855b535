"""Answer yes or no to what a partner says of a person."""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple, TypeAlias

from services.registry.domain.policies import Attribute, IdentifierKind
from services.registry.domain.verification import (
    NAME_ATTRIBUTES,
    Claim,
    KnownNames,
    answers,
    facts_of,
)
from services.registry.domain.vocabulary import PersonStatus
from services.registry.storage.look_ups import FoundPerson, WholePerson
from services.registry.use_cases.agree import Agreed, Identifier, agree, named, token_for
from services.registry.use_cases.answer_together import Answer, Question, Subject
from services.registry.use_cases.collaborators import Collaborators
from services.registry.use_cases.look_up import LookUp
from services.registry.use_cases.particulars import open_particulars
from services.registry.use_cases.spend_quota import spend_quota


class Verification(NamedTuple):
    """Somebody, and what is said of them: at least one claim."""

    identifier: Identifier
    claims: Mapping[Attribute, Claim]


class Verdict(NamedTuple):
    """Whether all that was said holds; of somebody unknown nothing does."""

    verified: bool
    attributes: Mapping[Attribute, bool] | None = None
    """The same for each claim, if the policy says so."""
    token: str | None = None
    """The partner's token for the person, if the policy says so and everything holds."""
    fault: str | None = None
    """In a batch, the code of why this item alone was refused."""


_VERIFIED = Verdict(verified=True)
Claims: TypeAlias = Mapping[Attribute, Claim]
Judge: TypeAlias = Callable[[Claims, FoundPerson, WholePerson | None], Verdict]


def document_blinds(kind: str, number: str, *, using: Collaborators) -> tuple[bytes, ...]:
    """Return the blind indexes that a document of a kind may have in a person's row."""
    return using.sealed.blinds(f"person.{kind}", number)


async def verify_person(
    verification: Verification, look_up: LookUp, *, using: Collaborators
) -> Verdict:
    """Return whether everything said of a person holds.

    Raises:
        PolicyMissingError: The client has no policy.
        PurposeNotAgreedError: Its policy does not know the purpose.
        AttributeNotAgreedError: It may not ask about all of this.
        IdentifierNotAgreedError: Its policy knows no tokens.
        IdcsMalformedError: The IDCS is not well formed.
        ConsentMissingError: The purpose needs a consent, and none is in force.
        QuotaSpentError: The client's day is used up.
    """
    agreed = await agree(look_up, using=using)
    agreed.policy.require_verified(verification.claims)
    question = _question(verification, agreed, using=using)
    await spend_quota(agreed.policy, 1, using=using)
    answer = await using.together.ask(
        question, regions=agreed.regions, database=using.database, clock=using.clock
    )
    return nobody(verification.claims, agreed) if answer is None else answer.value


def _question(verification: Verification, agreed: Agreed, *, using: Collaborators) -> Question:
    claims = verification.claims
    about_names = not NAME_ATTRIBUTES.isdisjoint(claims)
    place = named(verification.identifier, agreed, using=using)
    hold = judging(tuple(claims), agreed, using=using)

    def judge(subject: Subject) -> Answer:
        verdict = hold(claims, *subject)
        return Answer(result_of(verdict), verdict)

    return Question(
        agreed.client,
        agreed.purpose.code,
        "verify-person",
        tuple(sorted(claims)),
        judge,
        *place,
        about_names,
        agreed.purpose.consent_required,
    )


def judging(attributes: tuple[Attribute, ...], agreed: Agreed, *, using: Collaborators) -> Judge:
    """Return what holds claims about these attributes against what the registry knows.

    The deceased and suspended are like nobody, except to a question about their status: else a yes
    would let somebody be served in their name. What it returns raises `UnsealError` if the person's
    names cannot be opened.
    """
    of_status = Attribute.STATUS in attributes
    like_nobody, active = nobody(attributes, agreed), PersonStatus.ACTIVE
    plain = not agreed.policy.detail and agreed.policy.identifier is not IdentifierKind.TOKEN
    # Whoever is asked about together with others may come with names that nobody asked for here.
    about_names = not NAME_ATTRIBUTES.isdisjoint(attributes)
    # One comparison decides them all, where a yes or no is all that is told.
    facts = facts_of(attributes) if plain else None

    def judge(claims: Claims, person: FoundPerson, whole: WholePerson | None) -> Verdict:
        if person.status != active and not of_status:
            return like_nobody
        if facts is not None:
            return _VERIFIED if facts(person) == tuple(claims.values()) else like_nobody
        names = _names(whole, using=using) if about_names and whole is not None else None
        held = answers(claims, person, names=names)
        verified = False not in held.values()
        token = token_for(person.id_bytes, agreed, using=using) if verified else None
        return Verdict(verified, held if agreed.policy.detail else None, token)

    return judge


def result_of(verdict: Verdict) -> str:
    """Return what the caller learns by a verdict, as the access log tells it."""
    return "verified" if verdict.verified else "not-verified"


def nobody(claims: Iterable[Attribute], agreed: Agreed) -> Verdict:
    """Return what is said of somebody unknown: the same as of somebody of whom nothing holds."""
    detail = dict.fromkeys(claims, False) if agreed.policy.detail else None
    return Verdict(verified=False, attributes=detail)


def _names(whole: WholePerson, *, using: Collaborators) -> KnownNames:
    opened = open_particulars(whole.version, sealed=using.sealed)
    return KnownNames(opened.name_ar, opened.name_latin)
