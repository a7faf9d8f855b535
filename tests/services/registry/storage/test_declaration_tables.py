"""What is declared, attested and vouched for stays as it was recorded, and within its region."""

from datetime import date

import pytest
from psycopg.errors import InsufficientPrivilege

from services.registry.domain.attestations import ReportedFact
from services.registry.use_cases.agree import Identifier
from services.registry.use_cases.record_attestations import Report
from shared.storage.database import RowScope
from tests.services.registry.changing import a_declaration, a_newborn, declared, on_file
from tests.services.registry.conftest import Registry
from tests.services.registry.declaring import an_idcs
from tests.services.registry.partners import reported

HISTORY = ("declaration", "declaration_subject", "guardianship", "attestation")
GUARDED = (*HISTORY, "attestation_due")


async def everything(registry: Registry) -> None:
    """Leave a row in every table."""
    first, _ = await on_file(registry)
    await declared(
        registry,
        a_declaration(
            "birth",
            household_id=str(first),
            newborn=a_newborn(6),
            member={"health_cover": "none"},
            mother=an_idcs(1),
        ),
    )
    said = ReportedFact("cnss", "pension", True, date(2026, 1, 1), None)  # noqa: FBT003 -- a value
    await reported(registry, Report(Identifier(an_idcs(1)), said))


async def test_nobody_rewrites_what_was_declared(registry: Registry) -> None:
    for database in (registry.databases.api, registry.databases.worker):
        for table in HISTORY:
            for change in ("UPDATE {} SET region_code = '04'", "DELETE FROM {}"):
                with pytest.raises(InsufficientPrivilege):
                    async with database.transaction(RowScope.everything()) as tx:
                        await tx.execute(change.format(table).encode())


async def test_an_api_sees_the_declarations_of_its_callers_regions_only(
    registry: Registry,
) -> None:
    await everything(registry)
    for table in GUARDED:
        seen = {}
        for regions in (("01",), ("04",), ()):
            async with registry.databases.api.transaction(RowScope(regions, ("*",))) as tx:
                cursor = await tx.execute(f"SELECT 1 FROM {table} LIMIT 1".encode())  # noqa: S608 -- a name above
                seen[regions] = len(await cursor.fetchall())
        assert seen == {("01",): 1, ("04",): 0, (): 0}, table
