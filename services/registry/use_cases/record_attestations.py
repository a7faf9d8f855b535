"""Record what an administration vouches for, and have the households concerned announced again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple
from uuid import UUID

from pydantic_core import to_json

from services.registry.domain.attestations import ReportedFact, life_fault, report_faults
from services.registry.domain.checks import EVERY_REGION
from services.registry.domain.policies import BatchNotAgreedError, IdentifierNotAgreedError
from services.registry.domain.rejects import Reject, RejectCode
from services.registry.storage.access_log import Disclosed, log_access
from services.registry.storage.attestations import (
    Attestation,
    KeptAttestation,
    ReportedPerson,
    add_attestations,
    find_reported,
    make_due,
)
from services.registry.use_cases.agree import (
    Agreed,
    IdcsMalformedError,
    Identifier,
    Named,
    agree,
    named,
)
from services.registry.use_cases.collaborators import Collaborators
from services.registry.use_cases.look_up import LookUp
from services.registry.use_cases.spend_quota import spend_quota
from shared.runtime.ids import new_id
from shared.storage.database import RowScope, Transaction

_ONE_DAY = timedelta(days=1)
_RECORDED, _REFUSED = "recorded", "report-refused"
_IDCS_MALFORMED = Reject("idcs", RejectCode.IDCS_MALFORMED)
_TOKEN_NOT_AGREED = Reject("token", RejectCode.IDENTIFIER_NOT_AGREED)
_UNKNOWN = Reject("", RejectCode.PERSON_UNKNOWN)


class Report(NamedTuple):
    """A fact about a person, named by their IDCS or by the client's token for them."""

    identifier: Identifier
    said: ReportedFact


@dataclass(frozen=True, slots=True)
class ReportOutcome:
    """What came of a batch of reports; positions count from 0."""

    recorded: int
    unchanged: int
    refused: tuple[tuple[int, Reject], ...]


async def agree_to_reports(look_up: LookUp, count: int, *, using: Collaborators) -> Agreed:
    """Return what a client's policy makes of so many reports; its quota of the day is spent.

    Reports need it as questions do: what becomes of one tells whether somebody is registered. It
    comes before the transaction of the request and uses its own.

    No consent of the persons is needed, whatever the purpose asks of questions: a report gives and
    is told no attribute, and the registry takes it under articles 15 and 28 of law 72-18, by which
    it checks what is declared: a legal basis of its own in the sense of article 4 of law 09-08.

    Raises:
        PolicyMissingError: The client has no policy.
        PurposeNotAgreedError: Its policy does not know the purpose.
        BatchNotAgreedError: There are several, and the policy allows one at a time.
        QuotaSpentError: So many are not left of the client's day.
    """
    agreed = await agree(look_up, using=using)
    if count > 1 and not agreed.policy.batch:
        message = "The policy of this client allows reports about one person at a time."
        raise BatchNotAgreedError(message)
    await spend_quota(agreed.policy, count, using=using)
    return agreed


async def record_attestations(
    tx: Transaction, reports: Sequence[Report], *, agreed: Agreed, using: Collaborators
) -> ReportOutcome:
    """Keep the reports that say something new; each one that cannot be taken is refused by itself.

    The worker announces the households of those concerned within moments, and again once a fact's
    last day has passed.

    Args:
        tx: The transaction of the request; it must see every region.
        reports: At most `ITEMS_MAX` of them.
        agreed: What the client's policy lets pass; it may report for some sources alone.
        using: The registry's means.
    """
    names = [_named(report.identifier, agreed, using=using) for report in reports]
    found = await _find(tx, names, agreed)
    now, today = using.clock.now(), using.clock.today()
    batch_id = new_id()
    refused: list[tuple[int, Reject]] = []
    taken: list[Attestation] = []
    results: dict[tuple[UUID, str], str] = {}
    for position, (report, subject) in enumerate(zip(reports, found, strict=True)):
        said = report.said
        about = report_faults(said, client=agreed.client, today=today) or subject
        if isinstance(about, ReportedPerson) and (fault := _life_fault(said, about)):
            results.setdefault((about.person_id, about.region_code), _REFUSED)
            about = fault
        if isinstance(about, Reject):
            refused.append((position, about))
            continue
        results[about.person_id, about.region_code] = _RECORDED
        place = (about.person_id, said.source, said.fact, said.valid_from)
        value = to_json(said.value)
        taken.append(Attestation(*place, about.region_code, value, said.valid_to, batch_id, now))
    kept = await add_attestations(tx, taken) if taken else []
    await make_due(tx, _due(kept, using))
    await _log(tx, results, agreed, using=using)
    return ReportOutcome(len(kept), len(taken) - len(kept), tuple(refused))


def _life_fault(said: ReportedFact, person: ReportedPerson) -> Reject | None:
    return life_fault(said, born_on=person.birth_date, deceased_by=person.deceased_by)


def _named(identifier: Identifier, agreed: Agreed, *, using: Collaborators) -> Named | Reject:
    try:
        return named(identifier, agreed, using=using)
    except IdcsMalformedError:
        return _IDCS_MALFORMED
    except IdentifierNotAgreedError:
        return _TOKEN_NOT_AGREED


async def _find(
    tx: Transaction, names: Sequence[Named | Reject], agreed: Agreed
) -> list[ReportedPerson | Reject]:
    """Return whom each report is about; nobody, if they are not within the regions agreed on."""
    places = [name for name in names if isinstance(name, Named)]
    rows = await find_reported(
        tx,
        blinds=[blind for place in places for blind in place.blinds],
        person_ids=[place.person_id for place in places if place.person_id is not None],
    )
    known: dict[UUID | bytes, ReportedPerson] = {}
    for row in rows:
        if EVERY_REGION in agreed.regions or row.region_code in agreed.regions:
            known[row.person_id] = known[row.idcs_blind] = row
    return [name if isinstance(name, Reject) else _standing(known, name) for name in names]


def _standing(
    known: Mapping[UUID | bytes, ReportedPerson], place: Named
) -> ReportedPerson | Reject:
    # Somebody of another region is as unknown as somebody on no file.
    keys = place.blinds if place.person_id is None else (place.person_id,)
    return next((known[key] for key in keys if key in known), _UNKNOWN)


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
    tx: Transaction,
    results: Mapping[tuple[UUID, str], str],
    agreed: Agreed,
    *,
    using: Collaborators,
) -> None:
    """Log that these persons are on file: the answer tells the client so, a refusal too.

    Args:
        tx: The open transaction.
        results: What became of the reports about each person, by id and region.
        agreed: What the client's policy lets pass.
        using: The registry's means.
    """
    if not results:
        return
    look_up = LookUp(agreed.client, agreed.purpose.code, RowScope.everything())
    await log_access(
        tx,
        look_up.as_access("report-attestation", attributes=("registered",), clock=using.clock),
        [
            Disclosed(new_id(), region_code, person_id, result=result)
            for (person_id, region_code), result in results.items()
        ],
    )
