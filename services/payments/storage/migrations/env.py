"""Runs this service's migrations on the connection it is given."""

from services.payments.storage.bank_tables import BankReportRow
from shared.storage.migrations import run_environment

run_environment(BankReportRow.metadata)
