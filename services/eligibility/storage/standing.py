"""What stands for households: their newest assessment and outcomes, read and appended."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, LiteralString
from uuid import UUID

import polars as pl
from psycopg.rows import tuple_row

from services.eligibility.domain.changes import Standings
from services.eligibility.storage.tables import AssessmentRow, OutcomeRow
from shared.storage.copy import column_names, copy_rows
from shared.storage.database import Transaction

ASSESSMENT_COLUMNS = column_names(AssessmentRow)
_SCALAR_OUTCOME_COLUMNS = column_names(OutcomeRow, without=["reasons"])

_STANDING_ASSESSMENTS: LiteralString = """
    SELECT ordinality - 1, household.fact_version, coalesce(newest.version, 0),
           newest.fact_version, newest.milieu, newest.formula_version,
           (newest.index_points * 10000000000)::bigint
      FROM unnest(%(ids)s::uuid[]) WITH ORDINALITY AS wanted (household_id, ordinality)
      JOIN household USING (household_id)
      LEFT JOIN LATERAL (
           SELECT * FROM assessment
            WHERE assessment.household_id = wanted.household_id
            ORDER BY version DESC LIMIT 1) AS newest ON true
     ORDER BY ordinality
"""

_STANDING_OUTCOMES: LiteralString = """
    SELECT ordinality - 1, asked.programme, newest.version, newest.terms_digest,
           newest.effective_month
      FROM unnest(%(ids)s::uuid[]) WITH ORDINALITY AS wanted (household_id, ordinality)
     CROSS JOIN unnest(%(programmes)s::text[]) AS asked (programme)
     CROSS JOIN LATERAL (
           SELECT * FROM outcome
            WHERE outcome.household_id = wanted.household_id
              AND outcome.programme = asked.programme
            ORDER BY version DESC LIMIT 1) AS newest
     ORDER BY ordinality
"""


async def read_standings(
    tx: Transaction, ids: Sequence[UUID], *, programmes: Sequence[str]
) -> Standings:
    """Return the newest assessment and outcomes of households, by their place in `ids`."""
    parameters = {"ids": list(ids), "programmes": list(programmes)}
    async with tx.cursor(row_factory=tuple_row) as cursor:
        await cursor.execute(_STANDING_ASSESSMENTS, parameters)
        assessments = await cursor.fetchall()
        await cursor.execute(_STANDING_OUTCOMES, parameters)
        outcomes = await cursor.fetchall()
    return Standings(
        assessments=pl.DataFrame(assessments, schema=Standings.ASSESSMENT_COLUMNS, orient="row"),
        outcomes=pl.DataFrame(outcomes, schema=Standings.OUTCOME_COLUMNS, orient="row"),
    )


async def append_assessments(tx: Transaction, rows: Iterable[Mapping[str, Any]]) -> None:
    """Append assessments, given by column name."""
    values = ([row[column] for column in ASSESSMENT_COLUMNS] for row in rows)
    await copy_rows(tx, "assessment", ASSESSMENT_COLUMNS, values)


async def append_outcomes(tx: Transaction, rows: Iterable[Mapping[str, Any]]) -> None:
    """Append outcomes, given by column name; `components` is JSON text."""
    values = (
        [*(row[column] for column in _SCALAR_OUTCOME_COLUMNS), array_literal(row["reasons"])]
        for row in rows
    )
    await copy_rows(tx, "outcome", (*_SCALAR_OUTCOME_COLUMNS, "reasons"), values)


@cache
def array_literal(codes: tuple[str, ...]) -> str:
    """Return an array of codes as PostgreSQL writes one.

    Why: adapting a list for every row costs more than all its other columns together.
    """
    return "{" + ",".join(codes) + "}"
