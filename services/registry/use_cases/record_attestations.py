"""Record what an administration vouches for, and have the households concerned announced again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple
from uuid import UUID

from pydantic_core import to_json

from services.registry.domain.attestations import ReportedFact, report_faults
from services.registry.domain.checks import EVERY_REGION
from services.registry.domain.identifiers import is_idcs_shape
from services.registry.domain.rejects import Reject, RejectCode
from services.registry.storage.access_log import Disclosed, log_access
from services.registry.storage.attestations import (
    Attestation,
    KeptAttestation,
    add_attestations,
    find_reported,
    make_due,
)
from services.registry.use_cases.collaborators import Collaborators
from services.registry.use_cases.declaration_made import Declarer
from services.registry.use_cases.look_up import LookUp
from services.registry.use_cases.read_block import IDCS_FIELD
from shared.runtime.ids import new_id
from shared.storage.database import RowScope, Transaction

_ONE_DAY = timedelta(days=1)
_UNKNOWN = Reject("", RejectCode.PERSON_UNKNOWN)


class Report(NamedTuple):
    """A fact about a person, named by their IDCS or by the client's token for them."""

    idcs: str | None
    token: str | None
    said: ReportedFact


class _Subject(NamedTuple):
    person_id: UUID
    region_code: str


@dataclass(frozen=True, slots=True)
class ReportOutcome:
    """What came of a batch of reports; positions count from 0."""

    recorded: int
    unchanged: int
    refused: tuple[tuple[int, Reject], ...]


async def record_attestations(
    tx: Transaction, reports: Sequence[Report], *, declarer: Declarer, using: Collaborators
) -> ReportOutcome:
    """Keep the reports that say something new; each one that cannot be taken is refused by itself.

    The worker announces the households of those concerned within moments, and again once a fact's
    last day has passed.

    Args:
        tx: The transaction of the request; it must see every region.
        reports: At most `ITEMS_MAX` of them.
        declarer: The client, who may report for some sources alone.
        using: The registry's means.
    """
    found = await _find(tx, reports, declarer, using=using)
    now, today = using.clock.now(), using.clock.today()
    batch_id = new_id()
    refused: list[tuple[int, Reject]] = []
    taken: list[Attestation] = []
    for position, (report, subject) in enumerate(zip(reports, found, strict=True)):
        said = report.said
        fault = report_faults(said, client=declarer.client, today=today)
        if fault is None and subject is not None:
            place = (subject.person_id, said.source, said.fact, said.valid_from)
            value = to_json(said.value)
            taken.append(
                Attestation(*place, subject.region_code, value, said.valid_to, batch_id, now)
            )
        else:
            refused.append((position, fault or _UNKNOWN))
    kept = await add_attestations(tx, taken) if taken else []
    await make_due(tx, _due(kept, using))
    await _log(tx, taken, declarer, using=using)
    return ReportOutcome(len(kept), len(taken) - len(kept), tuple(refused))


async def _find(
    tx: Transaction, reports: Sequence[Report], declarer: Declarer, *, using: Collaborators
) -> list[_Subject | None]:
    """Return whom each report is about; nobody, if they are not within the client's regions."""
    persons = [_opened(report, declarer, using) for report in reports]
    blinds = [_blinds(report, using) for report in reports]
    rows = await find_reported(
        tx,
        blinds=[blind for several in blinds for blind in several],
        person_ids=[person_id for person_id in persons if person_id is not None],
    )
    known: dict[UUID | bytes, _Subject] = {}
    for person_id, blind, region_code in rows:
        if EVERY_REGION in declarer.regions or region_code in declarer.regions:
            known[person_id] = known[blind] = _Subject(person_id, region_code)
    return [
        _first(known, (person_id, *several))
        for person_id, several in zip(persons, blinds, strict=True)
    ]


def _first(
    known: Mapping[UUID | bytes, _Subject], names: Sequence[UUID | bytes | None]
) -> _Subject | None:
    return next((known[name] for name in names if name is not None and name in known), None)


def _opened(report: Report, declarer: Declarer, using: Collaborators) -> UUID | None:
    if report.token is None:
        return None
    return using.partner_tokens.person_of(report.token, client=declarer.client)


def _blinds(report: Report, using: Collaborators) -> tuple[bytes, ...]:
    if report.idcs is None or not is_idcs_shape(report.idcs):
        return ()
    return using.sealed.blinds(IDCS_FIELD, report.idcs)


def _due(kept: Sequence[KeptAttestation], using: Collaborators) -> list[tuple[UUID, str, date]]:
    """Return who is due: today, and on the day after the last one of what ends."""
    today = using.clock.today()
    now = {(item.person_id, item.region_code, today) for item in kept}
    ends = {
        (item.person_id, item.region_code, item.valid_to + _ONE_DAY)
        for item in kept
        if item.valid_to is not None and item.valid_to >= today
    }
    return sorted(now | ends)


async def _log(
    tx: Transaction, taken: Sequence[Attestation], declarer: Declarer, *, using: Collaborators
) -> None:
    """Log that these persons are on file: the answer tells the client so."""
    if not taken:
        return
    look_up = LookUp(declarer.client, declarer.purpose, RowScope.everything())
    people = {item.person_id: item.region_code for item in taken}
    await log_access(
        tx,
        look_up.as_access("report-attestation", clock=using.clock),
        [
            Disclosed(new_id(), region_code, person_id, result="recorded")
            for person_id, region_code in people.items()
        ],
    )
