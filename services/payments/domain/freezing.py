"""When a cycle may freeze: what was received, and what stands, equals the totals of its run."""

from dataclasses import dataclass

from services.payments.domain.money import decimal_text

RUN_OF_ANOTHER_MONTH = "The run was made for another programme or month."


@dataclass(frozen=True, slots=True)
class RunTotals:
    """What a run says it emitted, and what stands for its month."""

    programme: str
    month: str
    items: int
    households: int
    amount_centimes: int

    def is_for(self, *, programme: str, month: str) -> bool:
        """Return whether a cycle of this programme and month may freeze on this run."""
        return (self.programme, self.month) == (programme, month)


@dataclass(frozen=True, slots=True)
class Standing:
    """The eligible entitlements that stand here for a month."""

    households: int
    amount_centimes: int


def what_is_missing(
    totals: RunTotals | None, *, programme: str, month: str, received: int, standing: Standing
) -> str | None:
    """Return a sentence about what a cycle still waits for; None when it may freeze.

    Args:
        totals: What the run said, None as long as it has not.
        programme: The cycle's programme.
        month: The cycle's month, as "2026-11".
        received: Decisions of the run that arrived here, of every programme.
        standing: What this service would pay.
    """
    if totals is None:
        return "The totals of the run have not arrived."
    if not totals.is_for(programme=programme, month=month):
        return RUN_OF_ANOTHER_MONTH
    if received != totals.items:
        return f"{received} of the run's {totals.items} decisions have arrived."
    if standing != Standing(totals.households, totals.amount_centimes):
        return (
            f"{standing.households} entitlements of {decimal_text(standing.amount_centimes)} MAD"
            f" stand here; the run counted {totals.households} of"
            f" {decimal_text(totals.amount_centimes)} MAD."
        )
    return None
