"""The registry's tables, as rows; the migrations make them, the queries name their columns."""

from services.registry.storage.tables.access import AccessLogRow
from services.registry.storage.tables.columns import RegistryTable
from services.registry.storage.tables.households import (
    HouseholdMemberRow,
    HouseholdRow,
    HouseholdVersionRow,
    ResidenceRow,
)
from services.registry.storage.tables.imports import ImportBlockRow, ImportJobRow, ImportRejectRow
from services.registry.storage.tables.persons import PersonRow, PersonVersionRow

__all__ = [
    "AccessLogRow",
    "HouseholdMemberRow",
    "HouseholdRow",
    "HouseholdVersionRow",
    "ImportBlockRow",
    "ImportJobRow",
    "ImportRejectRow",
    "PersonRow",
    "PersonVersionRow",
    "RegistryTable",
    "ResidenceRow",
]
