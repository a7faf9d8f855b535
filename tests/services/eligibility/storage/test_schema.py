"""The tables: as declared, append-only, and hidden from those of other regions."""

from typing import Any, get_args

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from psycopg.errors import InsufficientPrivilege
from sqlalchemy import create_engine

from services.eligibility.domain import vocabulary
from services.eligibility.events import consumed
from services.eligibility.main import METADATA
from shared.storage.database import RowScope
from shared.testing.databases import fetch
from tests.services.eligibility.households import a_household
from tests.services.eligibility.service import Eligibility, a_dissolution, an_item

FACTS = (
    "household",
    "household_fact_version",
    "household_member_fact",
    "application",
    "assessment",
    "outcome",
)


async def test_the_migrated_database_is_the_one_the_tables_declare(
    eligibility: Eligibility,
) -> None:
    url = eligibility.databases.urls.owner.replace("postgresql://", "postgresql+psycopg://", 1)
    engine = create_engine(url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = compare_metadata(context, METADATA)
    engine.dispose()
    assert differences == []


@pytest.mark.parametrize("table", [*FACTS[1:], "attestation", "dissolution"])
@pytest.mark.parametrize("verb", ["UPDATE {} SET region_code = '01'", "DELETE FROM {}"])
async def test_what_was_recorded_can_be_neither_changed_nor_removed(
    eligibility: Eligibility, table: str, verb: str
) -> None:
    for database in (eligibility.databases.api, eligibility.databases.worker):
        with pytest.raises(InsufficientPrivilege):
            async with database.transaction(RowScope.everything()) as tx:
                await tx.execute(verb.format(table).encode())


@pytest.mark.parametrize("table", [*FACTS, "dissolution"])
async def test_rows_are_seen_in_their_region_only(eligibility: Eligibility, table: str) -> None:
    await eligibility.hear(an_item(a_household()))
    await eligibility.hear_dissolved(a_dissolution(an_item(a_household())))
    assert await count(eligibility, table, RowScope(("07",), ("*",))) > 0
    assert await count(eligibility, table, RowScope(("01",), ("*",))) == 0
    assert await count(eligibility, table, None) == 0


@pytest.mark.parametrize("table", ["application", "outcome"])
async def test_rows_are_seen_by_their_programme_only(eligibility: Eligibility, table: str) -> None:
    await eligibility.hear(an_item(a_household()))
    assert await count(eligibility, table, RowScope(("*",), ("asd",))) == 1


async def count(eligibility: Eligibility, table: str, scope: RowScope | None) -> int:
    async with eligibility.databases.api.transaction(scope) as tx:
        rows = await fetch(tx, f"SELECT count(*) AS rows FROM {table}")  # noqa: S608 -- our names
    return int(rows[0]["rows"])


@pytest.mark.parametrize(
    ("literal", "words"),
    [
        (consumed.MilieuWord, vocabulary.Milieu),
        (consumed.SexWord, vocabulary.Sex),
        (consumed.KinshipWord, vocabulary.Kinship),
        (consumed.SchoolingWord, vocabulary.Schooling),
        (consumed.EducationWord, vocabulary.Education),
        (consumed.ActivityWord, vocabulary.Activity),
        (consumed.OccupationWord, vocabulary.Occupation),
        (consumed.SectorWord, vocabulary.Sector),
        (consumed.HealthCoverWord, vocabulary.HealthCover),
        (consumed.DwellingWord, vocabulary.Dwelling),
    ],
)
def test_the_words_on_the_wire_are_those_of_the_rules(literal: Any, words: type[Any]) -> None:  # noqa: ANN401 -- a Literal has no type of its own
    assert set(get_args(literal)) == {word.value for word in words}
