"""All that the records of a page need, in as many statements as there are kinds of row."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from services.registry.storage.dci_expressions import MARRIED, Parameters, regions_sql
from services.registry.storage.dci_search import row_of
from services.registry.storage.persons import PersonVersion
from shared.storage.database import Transaction

_VERSION_PREFIX = "version_"
_PERSON_COLUMNS = f"""
       per.idcs_sealed, per.registered_on, per.status, first_dead.valid_from AS died_on,
       {", ".join(f"pv.{name} AS {_VERSION_PREFIX}{name}" for name in PersonVersion._fields)}
"""
# The first day on which the register has a person as dead, if it has.
_PERSON_JOINS = """
      LEFT JOIN person_version AS pv
        ON pv.person_id = per.person_id AND pv.version = per.version
      LEFT JOIN LATERAL (
           SELECT min(dead.valid_from) AS valid_from FROM person_version AS dead
            WHERE dead.person_id = per.person_id AND dead.status = 'deceased'
              AND per.status = 'deceased') AS first_dead ON true
"""


async def read_groups(
    tx: Transaction, household_ids: Sequence[UUID], *, regions: Collection[str]
) -> list[dict[str, Any]]:
    """Return the current versions of those of these households that live in some regions.

    Each comes with its index and its first recording.
    """
    parameters = Parameters(ids=list(household_ids))
    within = regions_sql(regions, "grp.region_code", parameters)
    cursor = await tx.execute(
        f"""
        SELECT grp.household_id, grp.region_code, grp.reference_sealed, grp.version,
               ver.province_code, ver.commune_code, ver.milieu, ver.recorded_at AS updated_at,
               coalesce(first.recorded_at, ver.recorded_at) AS registered_at,
               idx.index_points, idx.assessed_on, idx.formula_version,
               cardinality(listed.ids) AS size, listed.ids AS member_ids
          FROM household AS grp
          JOIN household_version AS ver
            ON ver.household_id = grp.household_id AND ver.version = grp.version
          LEFT JOIN household_version AS first
            ON first.household_id = grp.household_id AND first.version = 1
          LEFT JOIN household_index AS idx ON idx.household_id = grp.household_id
         CROSS JOIN LATERAL (
               SELECT coalesce(array_agg(person_id), '{{}}') AS ids FROM household_member AS member
                WHERE member.household_id = grp.household_id
                  AND member.version = grp.version) AS listed
         WHERE grp.household_id = ANY(%(ids)s) AND {within}
        """.encode(),  # noqa: S608 -- expressions of ours; values are bound
        parameters.values,
    )
    return await cursor.fetchall()


async def read_members(
    tx: Transaction,
    *,
    household_ids: Sequence[UUID] = (),
    person_ids: Sequence[UUID] = (),
    regions: Collection[str],
) -> list[dict[str, Any]]:
    """Return the members of households, or single members, the head of each household first.

    A member whose own row lies outside the regions has a place in the household and no person: the
    columns of the person are null.
    """
    parameters = Parameters(households=list(household_ids), persons=list(person_ids))
    within = regions_sql(regions, "per.region_code", parameters)
    cursor = tx.cursor(binary=True)
    await cursor.execute(
        f"""
        SELECT mem.household_id, mem.person_id, grp.region_code, mem.kinship, mem.head, mem.facts,
               {MARRIED} AS married, {_PERSON_COLUMNS}
          FROM residence AS res
          JOIN household AS grp ON grp.household_id = res.household_id
          JOIN household_member AS mem
            ON mem.household_id = grp.household_id AND mem.version = grp.version
           AND mem.person_id = res.person_id
          LEFT JOIN person AS per ON per.person_id = res.person_id AND {within}
          {_PERSON_JOINS}
         WHERE res.household_id = ANY(%(households)s) OR res.person_id = ANY(%(persons)s)
         ORDER BY mem.household_id, mem.head DESC, mem.birth_date, mem.person_id
        """.encode(),  # noqa: S608 -- expressions of ours; values are bound
        parameters.values,
    )
    return await cursor.fetchall()


async def read_persons(
    tx: Transaction, person_ids: Sequence[UUID], *, regions: Collection[str]
) -> list[dict[str, Any]]:
    """Return the current versions of those of these persons who live in some regions."""
    parameters = Parameters(ids=list(person_ids))
    within = regions_sql(regions, "per.region_code", parameters)
    cursor = tx.cursor(binary=True)
    await cursor.execute(
        f"""
        SELECT per.person_id, per.region_code, {_PERSON_COLUMNS}
          FROM person AS per {_PERSON_JOINS}
         WHERE per.person_id = ANY(%(ids)s) AND {within}
        """.encode(),  # noqa: S608 -- expressions of ours; values are bound
        parameters.values,
    )
    return await cursor.fetchall()


async def read_parents(
    tx: Transaction, person_ids: Sequence[UUID], *, on: date, regions: Collection[str]
) -> list[dict[str, Any]]:
    """Return the registered fathers and mothers of persons on a day, the father of each first.

    Parents who live beyond the regions are left out.
    """
    parameters = Parameters(ids=list(person_ids), on=on)
    within = regions_sql(regions, "guardian.region_code", parameters)
    cursor = await tx.execute(
        f"""
        SELECT standing.person_id, standing.guardian_id, guardian.idcs_sealed,
               guardian.region_code
          FROM (SELECT DISTINCT ON (guardianship_id) guardianship.*
                  FROM guardianship WHERE person_id = ANY(%(ids)s)
                 ORDER BY guardianship_id, version DESC) AS standing
          JOIN person AS guardian ON guardian.person_id = standing.guardian_id
         WHERE standing.relation IN ('father', 'mother') AND standing.valid_from <= %(on)s
           AND (standing.valid_to IS NULL OR standing.valid_to >= %(on)s) AND {within}
         ORDER BY standing.person_id, standing.relation
        """.encode(),  # noqa: S608 -- expressions of ours; values are bound
        parameters.values,
    )
    return await cursor.fetchall()


def version_of(row: Mapping[str, Any]) -> PersonVersion | None:
    """Return the person's version in a row of `read_members` or `read_persons`, if it has one."""
    columns = row_of(row, _VERSION_PREFIX)
    return None if columns["person_id"] is None else PersonVersion(**columns)
