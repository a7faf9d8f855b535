"""What is on file of two people who are to marry."""

from datetime import date
from uuid import UUID

from psycopg.rows import tuple_row

from services.registry.domain.marriages import Ties
from shared.storage.database import Transaction


async def ties_between(tx: Transaction, one: UUID, other: UUID, *, on: date) -> Ties:
    """Return whether one is the other's parent or guardian, and whether they are married.

    Args:
        tx: The open transaction; it must see every region.
        one: The one of them.
        other: The other.
        on: The day on which they marry.
    """
    cursor = tx.cursor(row_factory=tuple_row)
    await cursor.execute(
        """
        SELECT EXISTS (
               SELECT FROM (SELECT DISTINCT ON (guardianship_id) * FROM guardianship
                             WHERE person_id = ANY(%(both)s) AND guardian_id = ANY(%(both)s)
                             ORDER BY guardianship_id, version DESC) AS latest
                WHERE relation IN ('mother', 'father')
                   OR %(on)s BETWEEN valid_from AND coalesce(valid_to, 'infinity')),
               EXISTS (
               SELECT FROM declaration AS marriage
                 JOIN declaration_subject AS one USING (declaration_id)
                 JOIN declaration_subject AS other USING (declaration_id)
                WHERE marriage.verb = 'marriage'
                  AND one.part = 'spouse' AND one.person_id = %(one)s
                  AND other.part = 'spouse' AND other.person_id = %(other)s
                  AND NOT EXISTS (
                      SELECT FROM declaration AS divorce
                        JOIN declaration_subject AS parted USING (declaration_id)
                       WHERE divorce.verb = 'separation'
                         AND divorce.evidence_kind = 'divorce_judgment'
                         AND divorce.recorded_at > marriage.recorded_at
                         AND parted.part = 'separated'
                         AND parted.person_id = ANY(%(both)s)))
        """,
        {"one": one, "other": other, "both": [one, other], "on": on},
    )
    (row,) = await cursor.fetchall()
    return Ties(*row)
