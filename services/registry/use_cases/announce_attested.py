"""Announce households again whose members' attested facts have begun, changed or ended."""

import structlog

from services.registry.domain.checks import EVERY_REGION
from services.registry.storage.attestations import find_due, homes_of, take_due
from services.registry.use_cases.announce_households import Placement
from services.registry.use_cases.collaborators import Collaborators
from services.registry.use_cases.read_block import HouseholdLine
from services.registry.use_cases.record_persons import Recording
from services.registry.use_cases.standing_households import StandingHousehold, standing_households
from services.registry.use_cases.write_households import write_households
from shared.runtime.ids import new_id

log = structlog.get_logger(__name__)


async def announce_attested(using: Collaborators) -> bool:
    """Give the households of some due persons a new version, and return whether any were due.

    What was declared stays as it is, and so does the day from which it is true; consumers ignore a
    version that they have seen, so the news needs a number of its own.
    """
    today = using.clock.today()
    recording = Recording(new_id(), on=today, at=using.clock.now(), regions=(EVERY_REGION,))
    async with using.database.transaction() as tx:
        found = await find_due(tx, on=today)
        if not found:
            return False
        # Whoever reports facts waits for who is taken, and so must not be waited for after that.
        homes = await homes_of(tx, found)
        standing = await standing_households(tx, homes, using=using)
        due = await take_due(tx, found, homes=homes, on=today)
        # A household whose deceased have yet to leave tells what is attested when they have.
        placements = [
            _again(home)
            for home in standing.values()
            if not home.deceased and any(person.person_id in due for person in home.members)
        ]
        await write_households(tx, placements, recording=recording, using=using)
    log.info("attested-households-announced", persons=len(due), households=len(placements))
    return True


def _again(home: StandingHousehold) -> Placement:
    entry = HouseholdLine(0, home.declared, home.blind, home.digest, home.member_blinds)
    return Placement(entry, home.household_id, home.version + 1, home.members)
