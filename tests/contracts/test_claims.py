"""Where one process is alone, nothing that an earlier one claimed is waited for."""

import pytest
from sqlalchemy import DateTime

from tests.contracts.house import SERVICES, main_of

# Ended for every service, beside its leases.
OUTBOX = ("outbox", "claimed_until")
# Whoever binds to the SMS centre settles what was submitted under an older fence.
FENCED = {"notifications": {("message", "leased_until")}}


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_names_every_column_by_which_rows_are_claimed(service: str) -> None:
    main = main_of(service)
    columns = {
        (table.name, column.name)
        for table in main.METADATA.tables.values()
        for column in table.columns
        if isinstance(column.type, DateTime)
        and column.name.endswith(("claimed_until", "lease_until", "leased_until"))
    }
    named = set(getattr(main, "CLAIMS", ()))
    assert columns == named | {OUTBOX} | FENCED.get(service, set())
