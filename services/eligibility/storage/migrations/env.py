"""Runs this service's migrations on the connection it is given."""

from services.eligibility.storage.tables import EligibilityTable
from shared.storage.migrations import run_environment

run_environment(EligibilityTable.metadata)
