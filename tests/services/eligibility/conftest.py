"""The service under test, on real parts."""

import pytest

from services.eligibility.use_cases.collaborators import Collaborators
from shared.messaging.in_process import InProcessBroker
from shared.runtime.metrics import Metrics
from shared.testing.databases import DatabaseFactory
from shared.testing.fixed_clock import FixedClock
from tests.services.eligibility.service import Eligibility


@pytest.fixture
async def eligibility(
    databases: DatabaseFactory, clock: FixedClock, broker: InProcessBroker
) -> Eligibility:
    """Return the service, with runs cut into chunks of three households."""
    made = await databases.make("eligibility")
    return Eligibility(
        databases=made,
        clock=clock,
        broker=broker,
        collaborators=Collaborators(
            database=made.worker, clock=clock, metrics=Metrics(), run_chunk_households=3
        ),
    )
