"""The registry's tables, as rows; the migrations make them, the queries name their columns."""

from services.registry.storage.tables.access import AccessLogRow
from services.registry.storage.tables.access_blocks import AccessBlockRow
from services.registry.storage.tables.columns import RegistryTable
from services.registry.storage.tables.dci_messages import DciCallbackRow, DciMessageRow
from services.registry.storage.tables.dci_subscriptions import (
    DciNotificationRow,
    DciSubscriptionRow,
    DciSubscriptionSubjectRow,
)
from services.registry.storage.tables.declarations import (
    AttestationDueRow,
    AttestationRow,
    DeceasedDueRow,
    DeclarationRow,
    DeclarationSubjectRow,
    GuardianshipRow,
)
from services.registry.storage.tables.exports import ExportBlockRow, ExportJobRow
from services.registry.storage.tables.household_index import (
    CommuneCountRow,
    CommuneDayCountRow,
    CountChangeRow,
    HouseholdIndexRow,
)
from services.registry.storage.tables.households import (
    HouseholdMemberRow,
    HouseholdRow,
    HouseholdVersionRow,
    ResidenceRow,
)
from services.registry.storage.tables.imports import ImportBlockRow, ImportJobRow, ImportRejectRow
from services.registry.storage.tables.matching import (
    DuplicateProposalRow,
    DuplicateSearchRow,
    RamedBlockRow,
    RamedMatchingRow,
    RamedRowRow,
)
from services.registry.storage.tables.partners import (
    ConsentRow,
    ConsentWithdrawalRow,
    PartnerPolicyRow,
    PartnerQuotaRow,
)
from services.registry.storage.tables.persons import PersonRow, PersonVersionRow
from services.registry.storage.tables.reindexing import ReindexingRow

__all__ = [
    "AccessBlockRow",
    "AccessLogRow",
    "AttestationDueRow",
    "AttestationRow",
    "CommuneCountRow",
    "CommuneDayCountRow",
    "ConsentRow",
    "ConsentWithdrawalRow",
    "CountChangeRow",
    "DciCallbackRow",
    "DciMessageRow",
    "DciNotificationRow",
    "DciSubscriptionRow",
    "DciSubscriptionSubjectRow",
    "DeceasedDueRow",
    "DeclarationRow",
    "DeclarationSubjectRow",
    "DuplicateProposalRow",
    "DuplicateSearchRow",
    "ExportBlockRow",
    "ExportJobRow",
    "GuardianshipRow",
    "HouseholdIndexRow",
    "HouseholdMemberRow",
    "HouseholdRow",
    "HouseholdVersionRow",
    "ImportBlockRow",
    "ImportJobRow",
    "ImportRejectRow",
    "PartnerPolicyRow",
    "PartnerQuotaRow",
    "PersonRow",
    "PersonVersionRow",
    "RamedBlockRow",
    "RamedMatchingRow",
    "RamedRowRow",
    "RegistryTable",
    "ReindexingRow",
    "ResidenceRow",
]
