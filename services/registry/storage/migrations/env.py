"""Runs the registry's migrations on the connection it is given."""

from services.registry.storage.tables import RegistryTable
from shared.storage.migrations import run_environment

run_environment(RegistryTable.metadata)
