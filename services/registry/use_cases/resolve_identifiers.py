"""Look up whom the identifiers of a query name, so that a condition holds pseudonyms alone."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from services.registry.domain.dci_attributes import IdentifierType, Of
from services.registry.domain.dci_conditions import (
    Among,
    Comparison,
    Condition,
    Fault,
    Identified,
    RefusedQueryError,
    leaves,
    rewritten,
)
from services.registry.domain.identifiers import is_cnie, is_idcs_shape, is_residence_permit
from services.registry.domain.policies import IdentifierKind, PartnerPolicy
from services.registry.storage.dci_search import find_by_blinds, find_by_documents
from services.registry.use_cases.collaborators import Collaborators
from services.registry.use_cases.particulars import CNIE_FIELD, PERMIT_FIELD
from services.registry.use_cases.read_block import IDCS_FIELD, REFERENCE_FIELD
from services.registry.use_cases.search_tokens import document_token
from shared.storage.database import Transaction

_DOCUMENTS: Mapping[IdentifierType, tuple[str, Callable[[str], bool]]] = {
    IdentifierType.DOCUMENT: (CNIE_FIELD, is_cnie),
    IdentifierType.PERMIT: (PERMIT_FIELD, is_residence_permit),
}


@dataclass(slots=True)
class Wanted:
    """Blind indexes to look for, and whom tokens stand for."""

    idcs: set[bytes] = field(default_factory=set)
    references: set[bytes] = field(default_factory=set)
    documents: set[bytes] = field(default_factory=set)
    document_tokens: set[int] = field(default_factory=set)
    blinds_of: dict[tuple[IdentifierType, str], tuple[bytes, ...]] = field(default_factory=dict)
    persons: dict[str, UUID] = field(default_factory=dict)
    """Persons by token."""


def check_identifiers(
    condition: Condition, *, policy: PartnerPolicy, using: Collaborators
) -> Wanted:
    """Return what to look for, to find whom the identifiers of a condition name.

    Raises:
        RefusedQueryError: An identifier cannot be one of its type, or the policy knows no tokens.
    """
    wanted = Wanted()
    for leaf in leaves(condition):
        if isinstance(leaf, Identified):
            for value in leaf.values:
                _want(leaf.kind, value, wanted, policy=policy, using=using)
    return wanted


async def resolve_identifiers(
    tx: Transaction, condition: Condition, *, policy: PartnerPolicy, using: Collaborators
) -> Condition:
    """Return a condition with its identifiers looked up, whatever their number, at once.

    Who is unknown, or beyond the rows of the transaction's scope, is nobody: the condition then
    holds an empty set in their place.

    Raises:
        RefusedQueryError: An identifier cannot be one of its type, or the policy knows no tokens.
    """
    wanted = check_identifiers(condition, policy=policy, using=using)
    found: dict[bytes, UUID] = {}
    if wanted.idcs:
        found |= await find_by_blinds(tx, list(wanted.idcs), of=Of.PERSON)
    if wanted.references:
        found |= await find_by_blinds(tx, list(wanted.references), of=Of.HOUSEHOLD)
    if wanted.documents:
        tokens = list(wanted.document_tokens)
        found |= await find_by_documents(tx, list(wanted.documents), tokens=tokens)
    return rewritten(condition, lambda leaf: _resolved(leaf, wanted, found))


def _want(
    kind: IdentifierType,
    value: str,
    wanted: Wanted,
    *,
    policy: PartnerPolicy,
    using: Collaborators,
) -> None:
    if kind is IdentifierType.TOKEN:
        if policy.identifier is not IdentifierKind.TOKEN:
            raise RefusedQueryError(Fault.TOKENS_NOT_AGREED)
        person_id = using.partner_tokens.person_of(value, client=policy.client)
        if person_id is not None:
            wanted.persons[value] = person_id
    elif kind is IdentifierType.IDCS:
        if not is_idcs_shape(value) or not using.rules.algorithm.holds(value):
            raise RefusedQueryError(Fault.IDENTIFIER_MALFORMED)
        blinds = wanted.blinds_of[kind, value] = using.sealed.blinds(IDCS_FIELD, value)
        wanted.idcs.update(blinds)
    elif kind is IdentifierType.HOUSEHOLD:
        blinds = wanted.blinds_of[kind, value] = using.sealed.blinds(REFERENCE_FIELD, value)
        wanted.references.update(blinds)
    else:
        _want_document(kind, value, wanted, using=using)


def _want_document(
    kind: IdentifierType, value: str, wanted: Wanted, *, using: Collaborators
) -> None:
    name, is_one = _DOCUMENTS[kind]
    number = value.upper()
    if not is_one(number):
        raise RefusedQueryError(Fault.IDENTIFIER_MALFORMED)
    sealed = using.sealed
    blinds = wanted.blinds_of[kind, value] = sealed.blinds(name, number)
    wanted.documents.update(blinds)
    wanted.document_tokens.update(
        document_token(number, sealed=sealed, key_id=key_id) for key_id in sealed.index_key_ids
    )


def _resolved(
    leaf: Comparison | Identified | Among, wanted: Wanted, found: Mapping[bytes, UUID]
) -> Condition:
    if not isinstance(leaf, Identified):
        return leaf
    if leaf.kind is IdentifierType.TOKEN:
        ids = {wanted.persons[value] for value in leaf.values if value in wanted.persons}
    else:
        blinds = (blind for value in leaf.values for blind in wanted.blinds_of[leaf.kind, value])
        ids = {found[blind] for blind in blinds if blind in found}
    of = Of.HOUSEHOLD if leaf.kind is IdentifierType.HOUSEHOLD else Of.PERSON
    return Among(of, tuple(sorted(ids)))
