"""Let households become what a declaration plans, by the rules that judge an import's lines."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple
from uuid import UUID

from services.registry.domain.declarations import DeclaredHousehold
from services.registry.domain.households import has_new_minor
from services.registry.domain.life_events import household_document
from services.registry.domain.lines import LineRules
from services.registry.domain.plans import Plan
from services.registry.domain.rejects import Reject, RejectCode
from services.registry.domain.vocabulary import EvidenceKind, Kinship
from services.registry.storage.import_blocks import LineReject
from services.registry.use_cases.announce_households import Placement
from services.registry.use_cases.collaborators import Collaborators
from services.registry.use_cases.declaration_errors import refused
from services.registry.use_cases.declaration_made import DeclarationMade
from services.registry.use_cases.read_block import HouseholdLine, household_line
from services.registry.use_cases.read_declared import read_declared_household
from services.registry.use_cases.receipts import draw_receipt_number
from services.registry.use_cases.record_households import settle_households
from services.registry.use_cases.record_persons import Recording
from services.registry.use_cases.standing_households import StandingHousehold
from shared.storage.database import Transaction


class SettledPlan(NamedTuple):
    """A plan as lines, and what is known of the households and people in it."""

    plan: Plan
    lines: list[HouseholdLine]
    standing: Mapping[UUID, StandingHousehold]
    strangers: Collection[bytes]
    """Members, by blind index, who are as unknown to the declarer as nobody."""
    evidence_kind: str


def declared_lines(
    plan: Plan,
    made: DeclarationMade,
    standing: Mapping[UUID, StandingHousehold],
    *,
    recording: Recording,
    using: Collaborators,
) -> list[HouseholdLine]:
    """Return the planned households as lines of an import, those that people leave first.

    Raises:
        DeclarationRefusedError: A rule of lines forbids one of them.
    """
    rules = LineRules(
        today=recording.on, algorithm=using.rules.algorithm, regions=recording.regions
    )
    lines = _lines(plan, made, standing, rules=rules, using=using)
    # No declaration's words have this digest, so what is declared is news even if nothing changed.
    return [
        entry._replace(line=line, digest=recording.job_id.bytes + bytes([line]), older_digests=())
        for line, entry in enumerate(lines, start=1)
    ]


def changes_nothing(
    plan: Plan,
    lines: Sequence[HouseholdLine],
    standing: Mapping[UUID, StandingHousehold],
) -> bool:
    """Say whether the changed households are already on file as planned, and ask for nothing."""
    return all(
        _says_the_same(entry.household, standing[household_id].declared)
        for (household_id, _), entry in zip(plan.changed, lines, strict=False)
    )


def _says_the_same(planned: DeclaredHousehold, known: DeclaredHousehold) -> bool:
    """Say whether a household is as it was, its days and the order of its members aside."""
    people, known_people = (
        {member.idcs: member for member in household.members} for household in (planned, known)
    )
    home = planned._replace(
        declared_on=known.declared_on, review_on=known.review_on, members=known.members
    )
    return home == known and people == known_people


async def settle_declared(
    tx: Transaction, settled: SettledPlan, *, recording: Recording, using: Collaborators
) -> list[Placement]:
    """Record the planned households and return them in the order of their lines.

    Raises:
        DeclarationRefusedError: What is on file forbids one of them.
    """
    outcome = await settle_households(
        tx,
        settled.lines,
        first_lines={},
        strangers=settled.strangers,
        recording=recording,
        using=using,
    )
    if outcome.rejects:
        raise refused(*(_without_whereabouts(reject) for reject in outcome.rejects))
    _judge(outcome.placements, settled)
    return outcome.placements


def _without_whereabouts(reject: LineReject) -> LineReject:
    """Return a refusal that does not tell in whose region a reference is taken."""
    taken = reject.code == RejectCode.SUBJECT_OUT_OF_SCOPE
    return reject._replace(code=RejectCode.REFERENCE_TAKEN) if taken else reject


def _lines(
    plan: Plan,
    made: DeclarationMade,
    standing: Mapping[UUID, StandingHousehold],
    *,
    rules: LineRules,
    using: Collaborators,
) -> Iterator[HouseholdLine]:
    blind_of = {
        member.idcs: blind
        for home in standing.values()
        for member, blind in zip(home.declared.members, home.member_blinds, strict=True)
    }
    for household_id, planned in plan.changed:
        document = household_document(planned)
        if household_id == plan.main:
            document |= made.forwarded
        household = read_declared_household(rules, document)._replace(review_on=planned.review_on)
        entry = household_line(0, household, sealed=using.sealed)
        # On file they may stand under an older index key.
        yield entry._replace(
            blind=standing[household_id].blind,
            member_blinds=tuple(
                blind_of.get(member.idcs, blind)
                for member, blind in zip(household.members, entry.member_blinds, strict=True)
            ),
        )
    if plan.founded is not None:
        document = {
            "attestations": [],
            **plan.founded,
            **made.forwarded,
            "reference": plan.founded.get("reference") or f"RSU-{draw_receipt_number()}",
            "declared_on": made.occurred_on.isoformat(),
        }
        yield household_line(0, read_declared_household(rules, document), sealed=using.sealed)


def _judge(placements: list[Placement], settled: SettledPlan) -> None:
    """Refuse a household that is not as it must be once its members are known."""
    if settled.plan.founded is not None and placements[-1].version > 1:
        raise refused(Reject("reference", RejectCode.REFERENCE_TAKEN))
    _refuse_new_minors(placements, settled, kinship=Kinship.HEAD, code=RejectCode.HEAD_MINOR)
    # A judge may allow a minor to marry (Family Code, art. 20).
    if settled.evidence_kind != EvidenceKind.JUDICIAL_DECISION:
        _refuse_new_minors(
            placements, settled, kinship=Kinship.SPOUSE, code=RejectCode.SPOUSE_MINOR
        )


def _refuse_new_minors(
    placements: Sequence[Placement], settled: SettledPlan, *, kinship: Kinship, code: RejectCode
) -> None:
    known = {
        member.idcs
        for home in settled.standing.values()
        for member in home.declared.members
        if member.kinship == kinship
    }
    for placement in placements:
        household = placement.entry.household
        if has_new_minor(household, placement.members, kinship=kinship, known=known):
            raise refused(Reject("members", code))
