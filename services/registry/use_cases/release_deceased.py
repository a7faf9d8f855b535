"""Let households go on without the members whom an applied file let die."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from uuid import UUID

import structlog

from services.registry.domain.checks import EVERY_REGION
from services.registry.domain.declarations import DeclaredHousehold
from services.registry.domain.households import (
    RegisteredHousehold,
    Residents,
    has_new_minor,
)
from services.registry.domain.life_events import ChangeRefusedError
from services.registry.domain.plans import Standing, leaving
from services.registry.domain.vocabulary import Kinship
from services.registry.storage.attestations import homes_of
from services.registry.storage.deceased import find_deceased, lock_residents, take_deceased
from services.registry.storage.households import replace_residences
from services.registry.use_cases.announce_households import Placement, announce_contacts
from services.registry.use_cases.collaborators import Collaborators
from services.registry.use_cases.dissolve_households import dissolve_households
from services.registry.use_cases.read_block import HouseholdLine
from services.registry.use_cases.record_persons import Recording
from services.registry.use_cases.standing_households import StandingHousehold, standing_households
from services.registry.use_cases.write_households import keep_households, write_households
from shared.runtime.ids import new_id
from shared.storage.database import Transaction

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Sorted:
    """Households by what becomes of them."""

    changed: list[Placement] = field(default_factory=list)
    gone: list[UUID] = field(default_factory=list)
    """The deceased of the changed households."""
    dissolved: dict[date, list[StandingHousehold]] = field(default_factory=dict)
    """By the day from which the last member counts as deceased."""
    left_as_is: list[StandingHousehold] = field(default_factory=list)
    """Those for which a registrar must say who follows."""


async def release_deceased(using: Collaborators) -> bool:
    """Let the households of some deceased go on without them; return whether any were due.

    They leave as by a declared death. Where nobody fit follows without being named, the household
    stays as it is, and its review is overdue at once.
    """
    today = using.clock.today()
    recording = Recording(new_id(), on=today, at=using.clock.now(), regions=(EVERY_REGION,))
    async with using.database.transaction() as tx:
        deceased = await find_deceased(tx)
        if not deceased:
            return False
        homes = await homes_of(tx, deceased)
        await lock_residents(tx, homes)
        standing = await standing_households(tx, homes, using=using)
        # A file that tells of a death again waits for who is taken, and may hold others by then.
        due = await take_deceased(tx, deceased, homes=homes)
        found = _sort(list(standing.values()), due, recording)
        await _go_on(tx, found, recording=recording, using=using)
    log.info(
        "deceased-released",
        persons=len(due),
        households=len(found.changed),
        dissolved=sum(map(len, found.dissolved.values())),
        left_as_is=len(found.left_as_is),
    )
    return True


def _sort(
    homes: Sequence[StandingHousehold], due: Mapping[UUID, date], recording: Recording
) -> _Sorted:
    found = _Sorted()
    for home in homes:
        days = [due[person.person_id] for person in home.members if person.person_id in due]
        # Somebody may have declared the death, or the person to be alive, in between.
        if not home.deceased or not days:
            continue
        on = max(days)
        standing = Standing(
            on,
            {home.household_id: home.declared},
            dict.fromkeys(home.deceased, home.household_id),
            home.deceased,
        )
        try:
            plan = leaving(standing, home.deceased, {})
        except ChangeRefusedError:
            found.left_as_is.append(home)
            continue
        if plan.dissolved:
            found.dissolved.setdefault(on, []).append(home)
            continue
        ((_, remaining),) = plan.changed
        if _may_stand(remaining, home):
            placement = _placed(remaining, home, recording)
            found.changed.append(placement)
            found.gone += {person.person_id for person in {*home.members} - {*placement.members}}
        else:
            found.left_as_is.append(home)
    return found


def _may_stand(remaining: DeclaredHousehold, home: StandingHousehold) -> bool:
    """Say whether a household may be declared so, by the rules of lines and of declarations."""
    people = {
        member.idcs: person
        for member, person in zip(home.declared.members, home.members, strict=True)
    }
    on_file = RegisteredHousehold(home.household_id, home.declared.declared_on)
    if Residents(people).obstacles(remaining, standing=on_file, line=0):
        return False
    members = [people[member.idcs] for member in remaining.members]
    heads = {member.idcs for member in home.declared.members if member.head}
    return not has_new_minor(remaining, members, kinship=Kinship.HEAD, known=heads)


def _placed(
    household: DeclaredHousehold, home: StandingHousehold, recording: Recording
) -> Placement:
    """Return a household's next version with those of its members who are still in it."""
    on_file = zip(home.declared.members, home.members, home.member_blinds, strict=True)
    kept = {member.idcs: (person, blind) for member, person, blind in on_file}
    members = [kept[member.idcs] for member in household.members]
    # The line that lists the deceased is not what stands: said again, it is looked at, and refused.
    digest = recording.job_id.bytes
    blinds = tuple(blind for _, blind in members)
    entry = HouseholdLine(0, household, home.blind, digest, blinds)
    return Placement(
        entry, home.household_id, home.version + 1, tuple(person for person, _ in members)
    )


async def _go_on(
    tx: Transaction, found: _Sorted, *, recording: Recording, using: Collaborators
) -> None:
    for on, ended in found.dissolved.items():
        await dissolve_households(tx, ended, on=on, into=None, recording=recording)
    if found.changed:
        await write_households(tx, found.changed, recording=recording, using=using)
        await replace_residences(tx, ended=found.gone, begun=[])
    overdue = recording.on - timedelta(days=1)
    put_off = [home for home in found.left_as_is if (home.declared.review_on or date.max) > overdue]
    if reviewed := [_to_review(home, overdue) for home in put_off]:
        await keep_households(tx, reviewed, recording=recording, using=using)
        # Of its members others hear when it is known who heads it: the deceased is none of them.
        await announce_contacts(tx, reviewed, at=recording.at, using=using)


def _to_review(home: StandingHousehold, overdue: date) -> Placement:
    household = home.declared._replace(review_on=overdue)
    entry = HouseholdLine(0, household, home.blind, home.digest, home.member_blinds)
    return Placement(entry, home.household_id, home.version + 1, home.members)
