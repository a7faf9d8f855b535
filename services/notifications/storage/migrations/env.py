"""Alembic's door to the notifications service's tables."""

from services.notifications.storage.tables import NotificationsTable
from shared.storage.migrations import run_environment

run_environment(NotificationsTable.metadata)
