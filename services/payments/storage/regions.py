"""Where households live by their newest version, in whatever order versions arrive."""

from collections.abc import Sequence
from uuid import UUID

from shared.storage.database import Transaction

# In the order of their ids, so that two events about the same households never wait in a circle.
_KEEP = """
INSERT INTO household_region AS held (household_id, region_code, version)
SELECT DISTINCT ON (household_id) household_id, region_code, version
  FROM unnest(%(household_ids)s::uuid[], %(region_codes)s::text[], %(versions)s::integer[])
       AS told (household_id, region_code, version)
 ORDER BY household_id, version DESC
    ON CONFLICT (household_id) DO UPDATE
   SET region_code = excluded.region_code, version = excluded.version
 WHERE held.version < excluded.version
"""


async def keep_regions(tx: Transaction, told: Sequence[tuple[UUID, str, int]]) -> None:
    """Keep each household's region, with its version, unless a newer one is held."""
    await tx.execute(
        _KEEP,
        {
            "household_ids": [household_id for household_id, _, _ in told],
            "region_codes": [region_code for _, region_code, _ in told],
            "versions": [version for _, _, version in told],
        },
    )
