"""Find a person by what they show, and read their current record; for the registry's own staff."""

from typing import ClassVar, NamedTuple
from uuid import UUID

from services.registry.domain.identifiers import is_cnie, is_residence_permit
from services.registry.storage.look_ups import find_by_document
from services.registry.use_cases.agree import idcs_blinds
from services.registry.use_cases.answer_together import Answer, Question, Subject
from services.registry.use_cases.collaborators import Collaborators
from services.registry.use_cases.look_up import LookUp
from services.registry.use_cases.particulars import open_particulars
from services.registry.use_cases.read_person import (
    DISCLOSED_OF_A_PERSON,
    PersonAsKnown,
    PersonNotFoundError,
)
from services.registry.use_cases.search_tokens import document_token
from shared.kernel.errors import DomainError, ErrorKind

_NOT_FOUND = "There is no such person within your regions."


class DocumentMalformedError(DomainError):
    """The number cannot be an identity card's or a residence permit's."""

    code: ClassVar[str] = "registry.document-malformed"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID


class DocumentSharedError(DomainError):
    """Several persons carry the document: one of the records is wrong, or somebody is twice."""

    code: ClassVar[str] = "registry.document-shared"
    kind: ClassVar[ErrorKind] = ErrorKind.CONFLICT


class Shown(NamedTuple):
    """What somebody shows, exactly one of these; a token is one of the caller's own."""

    idcs: str | None = None
    cnie: str | None = None
    residence_permit: str | None = None
    token: str | None = None


async def look_up_person(shown: Shown, look_up: LookUp, *, using: Collaborators) -> PersonAsKnown:
    """Return the current record of a person; its access log row is committed before that.

    Raises:
        IdcsMalformedError: The IDCS is not well formed.
        DocumentMalformedError: The number of the document is not well formed.
        DocumentSharedError: Several persons carry the document.
        PersonNotFoundError: There is no such person within the caller's regions.
    """
    blinds, person_id = await _place(shown, look_up, using=using)

    def judge(subject: Subject) -> Answer:
        whole = subject.whole
        if whole is None:
            raise PersonNotFoundError(_NOT_FOUND)
        opened = open_particulars(whole.version, sealed=using.sealed)
        known = PersonAsKnown(whole.version, opened.name_ar, opened.name_latin, whole.household_id)
        return Answer("disclosed", known, whole.household_id)

    answer = await using.together.ask(
        Question(
            look_up.client,
            look_up.purpose,
            "look-up-person",
            DISCLOSED_OF_A_PERSON,
            judge,
            blinds,
            person_id,
            whole=True,
        ),
        regions=look_up.scope.regions,
        database=using.database,
        clock=using.clock,
    )
    if answer is None:
        raise PersonNotFoundError(_NOT_FOUND)
    known: PersonAsKnown = answer.value
    return known


async def _place(
    shown: Shown, look_up: LookUp, *, using: Collaborators
) -> tuple[tuple[bytes, ...], UUID | None]:
    """Return where to look: under these blind indexes, or under an id."""
    if shown.idcs is not None:
        return idcs_blinds(shown.idcs, using=using), None
    if shown.token is not None:
        return (), using.partner_tokens.person_of(shown.token, client=look_up.client)
    return (), await _carrier(shown, look_up, using=using)


async def _carrier(shown: Shown, look_up: LookUp, *, using: Collaborators) -> UUID | None:
    document = shown.cnie or shown.residence_permit or ""
    field = "person.cnie" if shown.cnie is not None else "person.residence_permit"
    well_formed = is_cnie if shown.cnie is not None else is_residence_permit
    if not well_formed(document):
        message = "This is no number of an identity card or residence permit."
        raise DocumentMalformedError(message)
    sealed = using.sealed
    tokens = [
        document_token(document, sealed=sealed, key_id=key_id) for key_id in sealed.index_key_ids
    ]
    async with using.database.transaction(look_up.scope) as tx:
        carriers = await find_by_document(tx, sealed.blinds(field, document), tokens=tokens)
    if len(carriers) > 1:
        message = "Several persons carry this document; search by name and have it reviewed."
        raise DocumentSharedError(message)
    return carriers[0] if carriers else None
