"""Recording what eligibility decided, and what its runs said about themselves."""

from services.payments.domain.programmes import is_paid
from services.payments.events.consumed import DecisionMade, RunCompleted
from services.payments.storage.entitlements import add_entitlements, add_receipts, add_run_totals
from services.payments.use_cases.collaborators import Collaborators
from shared.messaging.consuming import Batch
from shared.storage.database import Transaction

COMPONENTS_DISAGREE = "payments.components-disagree"


async def record_decisions(
    using: Collaborators, tx: Transaction, batch: Batch[DecisionMade]
) -> None:
    """Keep entitlements of paid programmes, and note every decision of a run as received.

    Versions are kept whatever order they arrive in; the highest is the one that stands. A decision
    whose components do not come to its amount is refused, and is then missing from its run.
    """
    readable = []
    for item in batch.items:
        if sum(component.amount_centimes for component in item.components) == item.amount_centimes:
            readable.append(item)
        else:
            batch.reject(item, COMPONENTS_DISAGREE)
    paid = [item for item in readable if is_paid(item.programme)]
    await add_entitlements(tx, paid, at=using.clock.now())
    await add_receipts(tx, readable)


async def record_run_totals(
    using: Collaborators, tx: Transaction, batch: Batch[RunCompleted]
) -> None:
    """Keep what runs said; a cycle compares it with what was received."""
    await add_run_totals(tx, batch.items, at=using.clock.now())
