"""What is read to explain a household: its index with the pinned facts, its outcomes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

from psycopg import sql

from services.eligibility.storage.tables import (
    AttestationRow,
    HouseholdFactVersionRow,
    MemberFactRow,
)
from shared.storage.copy import column_names
from shared.storage.database import Transaction


@dataclass(frozen=True, slots=True)
class StandingAssessment:
    """A household's newest index, and the facts it was computed from."""

    version: int
    region_code: str
    fact_version: int
    milieu: str
    formula_version: str
    index_points: Decimal
    assessed_on: date


@dataclass(frozen=True, slots=True)
class StandingOutcome:
    """A household's newest outcome on one programme."""

    programme: str
    version: int
    decision_id: UUID
    standing: str
    outcome: str
    reasons: Sequence[str]
    components: Sequence[Mapping[str, Any]]
    amount_centimes: int
    threshold_points: Decimal
    fact_version: int
    effective_month: date
    decided_on: date


@dataclass(frozen=True, slots=True)
class FactVersion:
    """What was declared and attested of a household at one time; members in their order."""

    household: Mapping[str, Any]
    members: Sequence[Mapping[str, Any]]
    attestations: Sequence[Mapping[str, Any]]


async def read_assessment(tx: Transaction, household_id: UUID) -> StandingAssessment | None:
    """Return the newest assessment of a household that the caller may see."""
    cursor = await tx.execute(
        """
        SELECT version, region_code, fact_version, milieu, formula_version, index_points,
               assessed_on
          FROM assessment WHERE household_id = %(household_id)s
         ORDER BY version DESC LIMIT 1
        """,
        {"household_id": household_id},
    )
    row = await cursor.fetchone()
    return None if row is None else StandingAssessment(**row)


async def read_outcomes(tx: Transaction, household_id: UUID) -> list[StandingOutcome]:
    """Return the newest outcome of a household on each programme that the caller may see."""
    cursor = await tx.execute(
        """
        SELECT DISTINCT ON (programme)
               programme, version, decision_id, standing, outcome, reasons, components,
               amount_centimes, threshold_points, fact_version, effective_month, decided_on
          FROM outcome WHERE household_id = %(household_id)s
         ORDER BY programme, version DESC
        """,
        {"household_id": household_id},
    )
    return [StandingOutcome(**row) for row in await cursor.fetchall()]


async def read_fact_version(tx: Transaction, household_id: UUID, *, version: int) -> FactVersion:
    """Return one version of a household's facts, with what was attested of its members."""
    parameters = {"household_id": household_id, "version": version}
    households = await tx.execute(
        _select("household_fact_version", column_names(HouseholdFactVersionRow)), parameters
    )
    members = await tx.execute(
        _select("household_member_fact", column_names(MemberFactRow))
        + sql.SQL(" ORDER BY position"),
        parameters,
    )
    attestations = await tx.execute(
        _select("attestation", column_names(AttestationRow)) + sql.SQL(" ORDER BY position"),
        parameters,
    )
    (household,) = await households.fetchall()
    return FactVersion(household, await members.fetchall(), await attestations.fetchall())


def _select(table: str, columns: Sequence[str]) -> sql.Composed:
    return sql.SQL(
        "SELECT {columns} FROM {table}"
        " WHERE household_id = %(household_id)s AND version = %(version)s"
    ).format(columns=sql.SQL(", ").join(map(sql.Identifier, columns)), table=sql.Identifier(table))
