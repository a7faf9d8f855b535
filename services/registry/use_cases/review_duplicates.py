"""Review pairs that may be of one person or household; a verdict is recorded, nothing is merged."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar, Literal
from uuid import UUID

from services.registry.storage import duplicate_reviews as storage
from services.registry.storage.access_log import Disclosed, log_access, residents
from services.registry.storage.duplicate_reviews import DuplicateProposal, Verdict
from services.registry.storage.duplicates import read_comparable_persons
from services.registry.use_cases.collaborators import Collaborators
from services.registry.use_cases.look_up import LookUp
from services.registry.use_cases.particulars import open_particulars
from services.registry.use_cases.read_person import PersonAsKnown
from shared.kernel.errors import DomainError, ErrorKind
from shared.runtime.ids import new_id
from shared.storage.database import Transaction

_LISTED = ("duplicate",)
_COMPARED = ("birth_date", "commune", "duplicate", "name_ar", "name_latin", "sex", "status")


class ProposalNotFoundError(DomainError):
    """There is no such pair within the caller's regions."""

    code: ClassVar[str] = "registry.duplicate-proposal-not-found"
    kind: ClassVar[ErrorKind] = ErrorKind.NOT_FOUND


class AlreadyReviewedError(DomainError):
    """A registrar has settled the pair already."""

    code: ClassVar[str] = "registry.duplicate-already-reviewed"
    kind: ClassVar[ErrorKind] = ErrorKind.CONFLICT


class ReviewReason(StrEnum):
    """Why a registrar decided as they did."""

    SAME_DOCUMENTS_SEEN = "same-documents-seen"
    CONFIRMED_BY_PERSON = "confirmed-by-person"
    CONFIRMED_BY_CIVIL_REGISTER = "confirmed-by-civil-register"
    DIFFERENT_DOCUMENTS_SEEN = "different-documents-seen"
    TWINS = "twins"
    HOMONYMS = "homonyms"
    HOUSEHOLDS_LIVE_APART = "households-live-apart"


@dataclass(frozen=True, slots=True)
class ProposalList:
    """Which pairs are wanted: of a kind, in a state, from after a score and a proposal."""

    kind: Literal["persons", "households"]
    state: Literal["proposed", "confirmed", "dismissed"]
    limit: int
    after: tuple[int, UUID] | None = None


@dataclass(frozen=True, slots=True)
class ComparedPair:
    """A pair side by side; the persons of a pair of households are not among them."""

    proposal: DuplicateProposal
    persons: list[PersonAsKnown]


async def list_duplicates(
    wanted: ProposalList, look_up: LookUp, *, using: Collaborators
) -> list[DuplicateProposal]:
    """Return pairs, the most certain first; both sides of each are logged before that."""
    async with using.database.transaction(look_up.scope) as tx:
        proposals = await storage.list_proposals(
            tx, kind=wanted.kind, state=wanted.state, after=wanted.after, limit=wanted.limit
        )
        await _log(tx, look_up, proposals, attributes=_LISTED, using=using)
    return proposals


async def compare_duplicate(
    proposal_id: UUID, look_up: LookUp, *, using: Collaborators
) -> ComparedPair:
    """Return both persons of a pair side by side; they are logged before that.

    Raises:
        ProposalNotFoundError: There is no such pair within the caller's regions.
    """
    async with using.database.snapshot(look_up.scope) as tx:
        proposal = await _read(tx, proposal_id)
        persons: list[PersonAsKnown] = []
        if proposal.kind == "persons":
            known = await read_comparable_persons(tx, [proposal.first_id, proposal.second_id])
            for version, household_id in known.values():
                opened = open_particulars(version, sealed=using.sealed)
                persons.append(
                    PersonAsKnown(version, opened.name_ar, opened.name_latin, household_id)
                )
        persons.sort(key=lambda one: one.version.person_id)
        await _log(tx, look_up, [proposal], attributes=_COMPARED, using=using)
    return ComparedPair(proposal, persons)


async def review_duplicate(
    tx: Transaction, proposal_id: UUID, verdict: Verdict, look_up: LookUp, *, using: Collaborators
) -> DuplicateProposal:
    """Record what a registrar found out about a pair, of which both sides are logged.

    Raises:
        ProposalNotFoundError: There is no such pair within the caller's regions.
        AlreadyReviewedError: It has been settled.
    """
    settled = await storage.settle_proposal(tx, proposal_id, verdict, at=using.clock.now())
    if settled:
        proposal = await _read(tx, proposal_id)
        await _log(tx, look_up, [proposal], attributes=_LISTED, using=using)
        return proposal
    await _read(tx, proposal_id)
    message = "This pair has been reviewed already; a new search proposes it no more."
    raise AlreadyReviewedError(message)


async def _read(tx: Transaction, proposal_id: UUID) -> DuplicateProposal:
    proposal = await storage.read_proposal(tx, proposal_id)
    if proposal is None:
        message = "There is no such pair within your regions."
        raise ProposalNotFoundError(message)
    return proposal


async def _log(
    tx: Transaction,
    look_up: LookUp,
    proposals: Sequence[DuplicateProposal],
    *,
    attributes: tuple[str, ...],
    using: Collaborators,
) -> None:
    if not proposals:
        return
    access = look_up.as_access("review-duplicates", attributes=attributes, clock=using.clock)
    persons, households = (
        [
            (subject_id, region_code)
            for proposal in proposals
            if proposal.kind == kind
            for subject_id, region_code in (
                (proposal.first_id, proposal.region_code),
                (proposal.second_id, proposal.second_region_code),
            )
        ]
        for kind in ("persons", "households")
    )
    regions = dict(households)
    sides = [
        *((region_code, person_id, None) for person_id, region_code in persons),
        *((region_code, None, household_id) for household_id, region_code in households),
        *(
            (regions[household_id], person_id, household_id)
            for person_id, household_id in await residents(tx, list(regions))
        ),
    ]
    await log_access(tx, access, [Disclosed(new_id(), *side) for side in sides])
