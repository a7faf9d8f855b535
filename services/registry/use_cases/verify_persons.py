"""Answer yes or no to what a partner says of a person, of one or of a thousand."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from services.registry.domain.policies import (
    Attribute,
    BatchNotAgreedError,
    IdentifierNotAgreedError,
)
from services.registry.domain.verification import (
    NAME_ATTRIBUTES,
    Claim,
    KnownNames,
    KnownPerson,
    answers,
)
from services.registry.use_cases.agree import (
    Agreed,
    IdcsMalformedError,
    Identifier,
    agree,
    named,
    prepared_blinds,
    token_for,
)
from services.registry.use_cases.answer_together import Answer, Question, Subject, answer_all
from services.registry.use_cases.collaborators import Collaborators
from services.registry.use_cases.look_up import LookUp
from services.registry.use_cases.particulars import open_particulars
from services.registry.use_cases.spend_quota import spend_quota
from shared.kernel.errors import DomainError

BATCH_ITEMS_MAX = 1_000
VERIFIED, NOT_VERIFIED = "verified", "not-verified"


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
    question = _question(verification, agreed, action="verify-person", using=using)
    await spend_quota(agreed.policy, 1, using=using)
    answer = await using.together.ask(
        question, regions=agreed.regions, database=using.database, clock=using.clock
    )
    return _nobody(verification, agreed) if answer is None else answer.value


async def verify_batch(
    verifications: Sequence[Verification], look_up: LookUp, *, using: Collaborators
) -> list[Verdict]:
    """Return a verdict for each of up to `BATCH_ITEMS_MAX` items, in their order.

    A fault of one item is its own: the others are answered.

    Raises:
        BatchNotAgreedError: The policy allows single questions only.
        PolicyMissingError: The client has no policy.
        PurposeNotAgreedError: Its policy does not know the purpose.
        AttributeNotAgreedError: It may not ask about all of this.
        QuotaSpentError: So many are not left of the client's day.
    """
    agreed = await agree(look_up, using=using)
    if not agreed.policy.batch:
        message = "The policy of this client allows questions about one person at a time."
        raise BatchNotAgreedError(message)
    agreed.policy.require_verified({name for asked in verifications for name in asked.claims})
    await spend_quota(agreed.policy, len(verifications), using=using)
    verdicts: list[Verdict | None] = [None] * len(verifications)
    questions: list[Question] = []
    places: list[int] = []
    blinds = prepared_blinds(using=using)
    for place, verification in enumerate(verifications):
        try:
            question = _question(
                verification, agreed, action="verify-batch", using=using, blinds=blinds
            )
        except (IdcsMalformedError, IdentifierNotAgreedError) as error:
            verdicts[place] = Verdict(verified=False, fault=error.code)
            continue
        questions.append(question)
        places.append(place)
    outcomes = await answer_all(
        questions, regions=agreed.regions, database=using.database, clock=using.clock
    )
    for place, outcome in zip(places, outcomes, strict=True):
        verdicts[place] = _verdict(verifications[place], agreed, outcome)
    return [verdict for verdict in verdicts if verdict is not None]


def _question(
    verification: Verification,
    agreed: Agreed,
    *,
    action: str,
    using: Collaborators,
    blinds: Callable[[str], tuple[bytes, ...]] | None = None,
) -> Question:
    claims = verification.claims
    about_names = not NAME_ATTRIBUTES.isdisjoint(claims)
    place = named(verification.identifier, agreed, using=using, blinds=blinds)

    def judge(subject: Subject) -> Answer:
        held = answers(claims, _known(subject), names=_names(subject, using=using))
        verified = all(held.values())
        token = token_for(subject.person.id_bytes, agreed, using=using) if verified else None
        detail = held if agreed.policy.detail else None
        return Answer(VERIFIED if verified else NOT_VERIFIED, Verdict(verified, detail, token))

    return Question(
        agreed.client,
        agreed.purpose.code,
        action,
        tuple(sorted(claims)),
        judge,
        *place,
        about_names,
        agreed.purpose.consent_required,
    )


def _known(subject: Subject) -> KnownPerson:
    person = subject.person
    return KnownPerson(
        person.birth_date, person.sex, person.commune_code, person.status, person.document_blind
    )


def _names(subject: Subject, *, using: Collaborators) -> KnownNames | None:
    if subject.whole is None:
        return None
    opened = open_particulars(subject.whole.version, sealed=using.sealed)
    return KnownNames(opened.name_ar, opened.name_latin)


def _verdict(
    verification: Verification, agreed: Agreed, outcome: Answer | Exception | None
) -> Verdict:
    if outcome is None:
        return _nobody(verification, agreed)
    if isinstance(outcome, DomainError):
        return Verdict(verified=False, fault=outcome.code)
    if isinstance(outcome, Exception):
        raise outcome
    verdict: Verdict = outcome.value
    return verdict


def _nobody(verification: Verification, agreed: Agreed) -> Verdict:
    """Return what is said of somebody unknown: the same as of somebody of whom nothing holds."""
    detail = dict.fromkeys(verification.claims, False) if agreed.policy.detail else None
    return Verdict(verified=False, attributes=detail)
