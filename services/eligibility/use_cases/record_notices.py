"""Keep the proof that a household was told, or could not be."""

from collections.abc import Sequence

from services.eligibility.events.consumed import MessageSettled
from services.eligibility.storage.notices import Notice, keep_notices
from shared.storage.database import Transaction

STAGES_OF_ELIGIBILITY = frozenset({"assessment", "decision"})


async def record_notices(tx: Transaction, items: Sequence[MessageSettled]) -> None:
    """Keep the newest word on each message about an assessment or a decision.

    Why: the delays of an appeal run from the notice, and a right does not end before one. What
    became of payment messages is no business of this service.
    """
    newest: dict[object, Notice] = {}
    for item in sorted(items, key=lambda item: item.version):
        if item.stage in STAGES_OF_ELIGIBILITY:
            newest[item.message_id] = Notice(
                item.message_id,
                item.household_id,
                item.region_code,
                item.stage,
                item.outcome,
                item.at,
                item.version,
            )
    if newest:
        await keep_notices(tx, list(newest.values()))
