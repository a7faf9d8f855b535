"""Where households live by their newest version, in whatever order versions arrive."""

from collections.abc import Sequence
from uuid import UUID

from services.notifications.storage.arrays import array
from shared.storage.database import Transaction


async def keep_regions(tx: Transaction, told: Sequence[tuple[UUID, str, int]]) -> None:
    """Keep each household's region, with its version, unless a newer one is held.

    In the order of their ids, so that two events about the same households never wait in a circle.
    """
    await tx.execute(
        """
        INSERT INTO household_region AS held (household_id, region_code, version)
        SELECT DISTINCT ON (household_id) household_id, region_code, version
          FROM unnest(%(households)s::uuid[], %(regions)s::text[], %(versions)s::bigint[])
               AS told (household_id, region_code, version)
         ORDER BY household_id, version DESC
        ON CONFLICT (household_id) DO UPDATE
           SET region_code = excluded.region_code, version = excluded.version
         WHERE held.version < excluded.version
        """,
        {
            "households": array([household_id for household_id, _, _ in told]),
            "regions": array([region_code for _, region_code, _ in told]),
            "versions": array([version for _, _, version in told]),
        },
    )
