"""What is on file of two people who are to marry."""

from datetime import date
from uuid import UUID

from psycopg.rows import tuple_row

from services.registry.domain.marriages import Ties
from shared.storage.database import Transaction

_NO_DIVORCE_SINCE = """
    NOT EXISTS (
        SELECT FROM declaration AS divorce
          JOIN declaration_subject AS parted USING (declaration_id)
          JOIN declaration_subject AS home USING (declaration_id)
          JOIN household_member AS mem
            ON mem.household_id = home.household_id AND mem.version = home.version - 1
           AND mem.person_id = parted.person_id AND mem.kinship IN ('head', 'spouse')
         WHERE divorce.verb = 'separation' AND divorce.evidence_kind = 'divorce_judgment'
           AND divorce.recorded_at > marriage.recorded_at AND parted.part = 'separated'
           AND parted.person_id IN (marriage.one_id, marriage.other_id)
         GROUP BY declaration_id HAVING count(*) = 1)
    AND NOT EXISTS (
        SELECT FROM declaration AS following
          JOIN declaration_subject AS bride USING (declaration_id)
          JOIN person AS woman ON woman.person_id = bride.person_id AND woman.sex = 'F'
         WHERE following.verb = 'marriage' AND following.evidence_kind = 'divorce_judgment'
           AND following.recorded_at > marriage.recorded_at AND bride.part = 'spouse'
           AND bride.person_id IN (marriage.one_id, marriage.other_id))
"""
"""A divorce is of the head or a spouse who leaves the other, whoever goes along; or it was told by
the evidence of the wife's next marriage.
"""
_DECLARED = """
    SELECT one.person_id AS one_id, other.person_id AS other_id, declaration.recorded_at
      FROM declaration_subject AS one
      JOIN declaration USING (declaration_id)
      JOIN declaration_subject AS other USING (declaration_id)
     WHERE one.person_id = ANY(%(both)s) AND one.part = 'spouse'
       AND declaration.verb = 'marriage'
       AND other.person_id <> one.person_id AND other.part = 'spouse'
"""
_LISTED = """
    SELECT one_id, other_id, recorded_at
      FROM (SELECT DISTINCT ON (household_id, one.person_id, other.person_id)
                   one.person_id AS one_id, other.person_id AS other_id, listing.recorded_at,
                   one.kinship AS one_kinship, other.kinship AS other_kinship
              FROM household_member AS one
              JOIN household_member AS other USING (household_id, version)
              JOIN household_version AS listing USING (household_id, version)
             WHERE one.person_id = ANY(%(both)s) AND one.sex = 'F' AND other.sex = 'M'
             ORDER BY household_id, one.person_id, other.person_id, version DESC) AS last_told
     WHERE (one_kinship, other_kinship) IN (('head', 'spouse'), ('spouse', 'head'))
"""
"""Every couple of which a household said so in the last of its versions that lists both."""


async def ties_between(tx: Transaction, one: UUID, other: UUID, *, on: date) -> Ties:
    """Return what is on file of two people who are to marry.

    Args:
        tx: The open transaction; it must see every region.
        one: The one of them.
        other: The other.
        on: The day on which they marry.
    """
    cursor = tx.cursor(row_factory=tuple_row)
    await cursor.execute(
        f"""
        SELECT EXISTS (
               SELECT FROM (SELECT DISTINCT ON (guardianship_id) * FROM guardianship
                             WHERE person_id = ANY(%(both)s) AND guardian_id = ANY(%(both)s)
                             ORDER BY guardianship_id, version DESC) AS latest
                WHERE relation IN ('mother', 'father')
                   OR %(on)s BETWEEN valid_from AND coalesce(valid_to, 'infinity')),
               EXISTS (
               SELECT FROM ({_DECLARED}) AS marriage
                WHERE other_id = ANY(%(both)s) AND {_NO_DIVORCE_SINCE}),
               EXISTS (
               SELECT FROM ({_DECLARED} UNION ALL {_LISTED}) AS marriage
                 JOIN person AS wife ON wife.person_id = one_id AND wife.sex = 'F'
                 JOIN person AS husband ON husband.person_id = other_id
                WHERE other_id <> ALL(%(both)s) AND husband.status <> 'deceased'
                  AND {_NO_DIVORCE_SINCE})
        """,  # noqa: S608 -- our own expressions
        {"both": [one, other], "on": on},
    )
    (row,) = await cursor.fetchall()
    return Ties(*row)
