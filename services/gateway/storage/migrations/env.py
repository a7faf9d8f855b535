"""Runs this service's migrations."""

from services.gateway.storage.tables import GatewayTable
from shared.storage.migrations import run_environment

run_environment(GatewayTable.metadata)
