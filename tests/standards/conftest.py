"""Holds this repository against other people's standards.

Their documents are not ours to keep here: `SANAD_STANDARDS` says where they are. Asked for by name
(`make test-standards`), these tests fail without them; in a run of everything they are left out.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from shared.testing.databases import DatabaseFactory
from shared.testing.fixed_clock import FixedClock
from shared.testing.tokens import Issuer
from tests.services.registry.conftest import make_registry
from tests.services.registry.dci_house import House, open_house
from tests.services.registry.declaring import a_file, a_household, a_person
from tests.standards.documents import Where

HERE = Path(__file__).parent


def pytest_ignore_collect(config: pytest.Config) -> bool | None:
    """Leave these tests out of a run of everything on a machine without the documents."""
    asked = any(HERE.name in Path(argument).parts for argument in config.args)
    return None if asked or Where().sanad_standards.is_dir() else True


@pytest.fixture
async def house(
    databases: DatabaseFactory, clock: FixedClock, keys: Path, issuer: Issuer
) -> AsyncIterator[House]:
    """Return the registry, knowing one household, and a partner."""
    registry = await make_registry(databases, clock, keys)
    await registry.load(a_file(a_person(1), a_person(2), a_household(1, [1, 2])), key="k")
    async with open_house(registry, keys, issuer) as house:
        yield house
