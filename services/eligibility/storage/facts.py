"""Facts of households: appended as versions, read back by the chunk as columns for the rules."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from operator import attrgetter
from types import MappingProxyType
from typing import LiteralString
from uuid import UUID

import polars as pl
from psycopg import sql
from psycopg.rows import tuple_row

from services.eligibility.domain.attestations import attestation_policy
from services.eligibility.domain.vocabulary import (
    ATTESTATION_COLUMNS,
    DISSOLVED_COLUMNS,
    HOUSEHOLD_COLUMNS,
    MEMBER_COLUMNS,
    Programme,
)
from services.eligibility.events.consumed import HouseholdDissolved, HouseholdRecorded
from services.eligibility.storage.tables import (
    AttestationRow,
    HouseholdFactVersionRow,
    MemberFactRow,
)
from shared.storage.copy import column_names, copy_rows
from shared.storage.database import Transaction

Columns = Mapping[str, type[pl.DataType]]

APPLICATION_COLUMNS: Columns = MappingProxyType({"household": pl.Int64, "programme": pl.String})

_VERSIONED = ("household_id", "version", "region_code")
_TERRITORY = ("province_code", "commune_code", "milieu", "valid_from", "recorded_at")
_facts_of = attrgetter(*column_names(HouseholdFactVersionRow, without=(*_VERSIONED, *_TERRITORY)))
_facts_of_member = attrgetter(*column_names(MemberFactRow, without=(*_VERSIONED, "position")))


@dataclass(frozen=True, slots=True)
class FactFrames:
    """What the rules need of a chunk: `household` in each frame is a place in the ids asked for.

    A household is either among `households` or `dissolved`.
    """

    households: pl.DataFrame
    members: pl.DataFrame
    attestations: pl.DataFrame
    applications: pl.DataFrame
    dissolved: pl.DataFrame


async def advance_fact_versions(
    tx: Transaction, recorded: Sequence[HouseholdRecorded | HouseholdDissolved]
) -> set[UUID]:
    """Lock the households in a fixed order, and return those for which this is news.

    A household whose version on file is as new stays as it is (and locked until the end of the
    transaction, so that nobody decides on it meanwhile).
    """
    told = [
        {
            "household_id": str(item.household_id),
            "region_code": item.region_code,
            "fact_version": item.version,
        }
        for item in recorded
    ]
    return await _returned_ids(
        tx,
        """
        INSERT INTO household AS held (household_id, region_code, fact_version)
        SELECT * FROM jsonb_to_recordset(%(told)s::jsonb)
            AS told (household_id uuid, region_code text, fact_version int)
         ORDER BY household_id
        ON CONFLICT (household_id) DO UPDATE
           SET region_code = excluded.region_code, fact_version = excluded.fact_version
         WHERE held.fact_version < excluded.fact_version
        RETURNING household_id
        """,
        {"told": json.dumps(told)},
    )


async def append_facts(
    tx: Transaction, recorded: Sequence[HouseholdRecorded], *, at: datetime
) -> None:
    """Keep one new version of the facts of each household, with members and attestations."""
    await copy_rows(
        tx,
        "household_fact_version",
        column_names(HouseholdFactVersionRow),
        (_household_row(item, at) for item in recorded),
    )
    await copy_rows(
        tx,
        "household_member_fact",
        column_names(MemberFactRow),
        (row for item in recorded for row in _member_rows(item)),
    )
    await copy_rows(
        tx,
        "attestation",
        column_names(AttestationRow),
        (row for item in recorded for row in _attestation_rows(item)),
    )


async def append_applications(
    tx: Transaction, recorded: Sequence[HouseholdRecorded], *, at: datetime
) -> set[UUID]:
    """Keep the applications not known yet, and return the households they belong to."""
    told = [
        {
            "household_id": str(item.household_id),
            "programme": application.programme,
            "region_code": item.region_code,
            "applied_on": application.applied_on.isoformat(),
        }
        for item in recorded
        for application in item.applications
    ]
    return await _returned_ids(
        tx,
        """
        INSERT INTO application (household_id, programme, region_code, applied_on, recorded_at)
        SELECT household_id, programme, region_code, applied_on, %(at)s
          FROM jsonb_to_recordset(%(told)s::jsonb)
            AS told (household_id uuid, programme text, region_code text, applied_on date)
         ORDER BY household_id, programme, applied_on
        ON CONFLICT (household_id, programme) DO NOTHING
        RETURNING household_id
        """,
        {"at": at, "told": json.dumps(told)},
    )


async def _returned_ids(
    tx: Transaction, statement: LiteralString, parameters: Mapping[str, object]
) -> set[UUID]:
    async with tx.cursor(row_factory=tuple_row) as cursor:
        await cursor.execute(statement, parameters)
        return {row[0] for row in await cursor.fetchall()}


async def read_facts(tx: Transaction, ids: Sequence[UUID]) -> FactFrames:
    """Return the newest facts of households, by their place in `ids`."""
    return FactFrames(
        households=await _frame(tx, _NEWEST_HOUSEHOLDS, ids, HOUSEHOLD_COLUMNS),
        members=await _frame(tx, _NEWEST_MEMBERS, ids, MEMBER_COLUMNS),
        attestations=await _frame(tx, _NEWEST_ATTESTATIONS, ids, ATTESTATION_COLUMNS),
        applications=await _frame(tx, _APPLICATIONS, ids, APPLICATION_COLUMNS),
        dissolved=await _frame(tx, _DISSOLVED, ids, DISSOLVED_COLUMNS),
    )


async def _frame(
    tx: Transaction, source: LiteralString, ids: Sequence[UUID], columns: Columns
) -> pl.DataFrame:
    """Return columns of a chunk, read as one text of comma-separated values.

    Why: so neither the driver nor Python makes an object for every cell, which would cost more
    than all rules together. No value can hold a comma: they are numbers, dates and known words.
    """
    statement = sql.SQL(
        "SELECT string_agg(concat_ws(',', ordinality - 1, {values}), E'\\n') {source}"
    ).format(values=_values(columns), source=sql.SQL(source))
    async with tx.cursor(row_factory=tuple_row) as cursor:
        await cursor.execute(statement, {"ids": list(ids), **_known_words()})
        row = await cursor.fetchone()
    if row is None or row[0] is None:
        return pl.DataFrame(schema=dict(columns))
    as_read = {name: _as_read(kind) for name, kind in columns.items()}
    read = pl.read_csv(row[0].encode(), has_header=False, schema=as_read)
    return read.cast({name: kind for name, kind in columns.items() if kind is pl.Boolean})


@cache
def _known_words() -> Mapping[str, list[str]]:
    policy = attestation_policy()
    return {
        "programmes": [str(one) for one in Programme],
        "facts": sorted(policy.facts),
        "sources": sorted(policy.sources),
        "values": sorted(policy.values),
    }


def _values(columns: Columns) -> sql.Composed:
    """Return the expressions whose texts stand between the commas; an empty one is null."""
    names = [name for name in columns if name != "household"]
    return sql.SQL(", ").join(
        sql.SQL(
            "facts.{}::int" if columns[name] is pl.Boolean else "coalesce(facts.{}::text, '')"
        ).format(sql.Identifier(name))
        for name in names
    )


def _as_read(kind: type[pl.DataType]) -> type[pl.DataType]:
    return pl.Int64 if kind is pl.Boolean else kind


def _household_row(item: HouseholdRecorded, at: datetime) -> tuple[object, ...]:
    return (
        item.household_id,
        item.version,
        item.region_code,
        item.province_code,
        item.commune_code,
        item.milieu,
        item.valid_from,
        at,
        *_facts_of(item.facts),
    )


def _member_rows(item: HouseholdRecorded) -> Iterator[tuple[object, ...]]:
    for position, member in enumerate(item.members):
        yield (
            item.household_id,
            item.version,
            position,
            item.region_code,
            *_facts_of_member(member),
        )


def _attestation_rows(item: HouseholdRecorded) -> Iterator[tuple[object, ...]]:
    for position, attestation in enumerate(item.attestations):
        yield (
            item.household_id,
            item.version,
            position,
            item.region_code,
            attestation.person_id,
            attestation.fact,
            json.dumps(attestation.value),
            attestation.source,
            attestation.valid_from,
            attestation.valid_to,
        )


# The ordinality of a household is its place in `ids`, counted from one.
_NEWEST_HOUSEHOLDS: LiteralString = """
      FROM unnest(%(ids)s::uuid[]) WITH ORDINALITY AS wanted (household_id, ordinality)
      JOIN household USING (household_id)
      JOIN household_fact_version AS facts
        ON facts.household_id = household.household_id AND facts.version = household.fact_version
"""

_NEWEST_MEMBERS: LiteralString = """
      FROM unnest(%(ids)s::uuid[]) WITH ORDINALITY AS wanted (household_id, ordinality)
      JOIN household USING (household_id)
      JOIN household_member_fact AS facts
        ON facts.household_id = household.household_id AND facts.version = household.fact_version
"""

# Words that no rule knows are left out: they change nothing, and might hold a comma.
_NEWEST_ATTESTATIONS: LiteralString = """
      FROM unnest(%(ids)s::uuid[]) WITH ORDINALITY AS wanted (household_id, ordinality)
      JOIN household USING (household_id)
     CROSS JOIN LATERAL (
           SELECT member.position, attestation.position AS place, attestation.fact,
                  attestation.value #>> '{}' AS value, attestation.source,
                  attestation.valid_from, attestation.valid_to
             FROM attestation
             JOIN household_member_fact AS member USING (household_id, version, person_id)
            WHERE attestation.household_id = household.household_id
              AND attestation.version = household.fact_version) AS facts
     WHERE facts.fact = ANY(%(facts)s) AND facts.source = ANY(%(sources)s)
       AND facts.value = ANY(%(values)s)
"""

_APPLICATIONS: LiteralString = """
      FROM unnest(%(ids)s::uuid[]) WITH ORDINALITY AS wanted (household_id, ordinality)
      JOIN application AS facts USING (household_id)
     WHERE programme = ANY(%(programmes)s)
"""

_DISSOLVED: LiteralString = """
      FROM unnest(%(ids)s::uuid[]) WITH ORDINALITY AS wanted (household_id, ordinality)
      JOIN household USING (household_id)
      JOIN dissolution AS facts
        ON facts.household_id = household.household_id AND facts.version = household.fact_version
"""
