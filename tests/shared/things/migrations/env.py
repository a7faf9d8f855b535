"""Runs the migrations of the tests' own little service."""

from shared.storage.migrations import run_environment
from shared.storage.tables import platform_tables, service_metadata

metadata = service_metadata()
platform_tables(metadata)
run_environment(metadata)
