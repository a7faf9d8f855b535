"""Search a register as the DCI standard asks: a page of records per question, or why not."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from psycopg.errors import lookup

from services.registry.domain.dci_attributes import Of
from services.registry.domain.dci_conditions import (
    PAGE_RECORDS_MAX,
    RECORDS_MAX,
    Condition,
    Fault,
    Identified,
    RefusedQueryError,
    dated,
    leaves,
    require_told,
)
from services.registry.domain.dci_contract import (
    Asker,
    Refusal,
    Register,
    SearchCriteria,
    SearchPage,
)
from services.registry.domain.dci_queries import (
    ONE_IDENTIFIER,
    SortKey,
    read_query,
    read_sort,
    type_of,
)
from services.registry.domain.dci_record_types import RecordType, is_register, record_type
from services.registry.domain.policies import PartnerPolicy, PolicyPurpose
from services.registry.storage.dci_search import (
    FoundPage,
    Search,
    find_page,
    limit_search_time,
)
from services.registry.storage.look_ups import StandingConsent, read_standing_consents
from services.registry.use_cases.collaborators import Collaborators
from services.registry.use_cases.policies import policy_of
from services.registry.use_cases.resolve_identifiers import resolve_identifiers
from services.registry.use_cases.spend_quota import spend_quota
from services.registry.use_cases.write_dci_records import (
    Viewer,
    log_rows,
    read_rows,
    write_records,
)
from shared.storage.database import RowScope, Transaction

PAGE_RECORDS_DEFAULT = 50
_CUT_OFF = lookup("57014")
"""The database gave a statement up: it took longer than a search may."""


@dataclass(frozen=True, slots=True)
class _Question:
    """One item that was understood."""

    record_type: RecordType
    condition: Condition
    sort: Sequence[SortKey]
    page_size: int
    page_number: int


async def search_register(
    register: Register,
    criteria: Sequence[SearchCriteria],
    *,
    asker: Asker,
    using: Collaborators,
) -> list[SearchPage | Refusal]:
    """Return an answer to each question, in their order.

    What is disclosed is committed to the access log before this returns. Every record takes one
    off the quota of the asker's day, and so does every question that finds none.

    Raises:
        PolicyMissingError: The asker has no policy.
        PurposeNotAgreedError: Its policy does not know the purpose.
        QuotaSpentError: Its day is used up; questions before that one are logged already.
    """
    policy = await policy_of(asker.client, using=using)
    purpose = policy.purpose(asker.purpose)
    viewer = Viewer(
        policy,
        purpose.code,
        policy.within(asker.regions),
        action=f"dci-{register}-search",
    )
    scope = RowScope(viewer.regions, asker.programmes)
    answers: list[SearchPage | Refusal] = []
    for item in criteria:
        try:
            question = _understood(register, item, policy, purpose, alone=len(criteria) == 1)
            localised = replace(viewer, locale=item.locale)
            answers.append(
                await _answer(question, scope=scope, purpose=purpose, viewer=localised, using=using)
            )
        except RefusedQueryError as error:
            answers.append(error.refusal)
        except _CUT_OFF:
            answers.append(Fault.TOO_MANY.refusal)
    return answers


def _understood(
    register: Register,
    item: SearchCriteria,
    policy: PartnerPolicy,
    purpose: PolicyPurpose,
    *,
    alone: bool,
) -> _Question:
    if not is_register(register, item.reg_type):
        raise RefusedQueryError(Fault.REGISTER_UNKNOWN)
    kind = record_type(register, item.response_entity, item.reg_record_type)
    if kind is None:
        raise RefusedQueryError(Fault.RECORD_TYPE_UNKNOWN)
    condition = read_query(register, item.query_type, item.query)
    if not policy.batch and not (alone and _names_one(item)):
        raise RefusedQueryError(Fault.BATCH_NOT_AGREED)
    require_told(condition, told=policy.told)
    if purpose.consent_required and not _names_persons(condition, kind):
        raise RefusedQueryError(Fault.CONSENT_NEEDED)
    size = PAGE_RECORDS_DEFAULT if item.page_size is None else item.page_size
    if not 1 <= size <= PAGE_RECORDS_MAX or not 0 <= size * (item.page_number - 1) < RECORDS_MAX:
        raise RefusedQueryError(Fault.PAGE_BEYOND)
    sort = read_sort(register, item.sort, of=kind.of, told=policy.told)
    return _Question(kind, condition, sort, size, item.page_number)


def _names_one(item: SearchCriteria) -> bool:
    """Return whether a question is about the one subject whom it names."""
    return type_of(item.query_type, item.query) == ONE_IDENTIFIER


def _names_persons(condition: Condition, kind: RecordType) -> bool:
    """Return whether only persons whom the asker names can be found."""
    return kind.of is Of.PERSON and isinstance(condition, Identified) and bool(leaves(condition))


async def _answer(
    question: _Question,
    *,
    scope: RowScope,
    purpose: PolicyPurpose,
    viewer: Viewer,
    using: Collaborators,
) -> SearchPage:
    async with using.database.transaction(scope) as tx:
        page = await _find(tx, question, viewer, using)
        if purpose.consent_required:
            consents = await _consents(tx, page.ids, viewer, using)
            viewer = replace(viewer, consents=consents)
            page = FoundPage(tuple(id_ for id_ in page.ids if id_ in consents), len(consents))
    # Between the two, so that nobody holds a connection while waiting for the quota's.
    await spend_quota(viewer.policy, max(1, len(page.ids)), using=using)
    async with using.database.snapshot(scope) as tx:
        rows = await read_rows(tx, question.record_type, page.ids, viewer=viewer, using=using)
        await log_rows(tx, rows, viewer=viewer, using=using)
    records = await write_records(rows, viewer=viewer, using=using)
    return SearchPage(
        reg_record_type=question.record_type,
        records=[records[id_] for id_ in page.ids if id_ in records],
        page_size=question.page_size,
        page_number=question.page_number,
        total_count=page.total,
    )


async def _find(
    tx: Transaction, question: _Question, viewer: Viewer, using: Collaborators
) -> FoundPage:
    await limit_search_time(tx)
    condition = await resolve_identifiers(tx, question.condition, policy=viewer.policy, using=using)
    search = Search(
        question.record_type,
        dated(condition, on=using.clock.today()),
        viewer.regions,
        question.sort,
        question.page_size,
        question.page_number,
    )
    page = await find_page(tx, search)
    if page.total > RECORDS_MAX:
        raise RefusedQueryError(Fault.TOO_MANY)
    return page


async def _consents(
    tx: Transaction, person_ids: Sequence[UUID], viewer: Viewer, using: Collaborators
) -> dict[UUID, StandingConsent]:
    """Return the consents of persons to this client and purpose; the longest one of each."""
    standing = await read_standing_consents(
        tx,
        [person_id.bytes for person_id in person_ids],
        clients=[viewer.policy.client],
        on=using.clock.today(),
    )
    return {
        UUID(bytes=bytes(consent.id_bytes)): consent
        for consent in reversed(standing)
        if consent.purpose == viewer.purpose
    }
