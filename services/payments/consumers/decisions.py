"""Decisions and totals of runs, from eligibility."""

from functools import partial

from services.payments.events.consumed import DecisionMade, RunCompleted
from services.payments.use_cases.collaborators import Collaborators
from services.payments.use_cases.record_decisions import record_decisions, record_run_totals
from shared.messaging.consuming import Subscription


def on_decisions_made(using: Collaborators) -> Subscription[DecisionMade]:
    """Return what keeps entitlements and receipts."""
    return Subscription(item=DecisionMade, handle=partial(record_decisions, using))


def on_runs_completed(using: Collaborators) -> Subscription[RunCompleted]:
    """Return what keeps the totals that cycles freeze on."""
    return Subscription(item=RunCompleted, handle=partial(record_run_totals, using))
