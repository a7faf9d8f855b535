"""Telling others what was assessed and decided, in events of bounded size."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from services.eligibility.domain.months import write_month
from services.eligibility.domain.outcomes import Terms
from services.eligibility.domain.vocabulary import Standing
from services.eligibility.events.published import (
    SOURCE,
    DecisionComponent,
    DecisionMade,
    HouseholdAssessed,
)
from shared.kernel.batches import batched
from shared.messaging.envelope import ITEMS_MAX
from shared.messaging.publishing import publish
from shared.storage.database import Transaction

Row = Mapping[str, Any]


async def tell_assessments(tx: Transaction, rows: Iterable[Row], *, at: datetime) -> None:
    """Publish the assessments in `rows`, given by column name."""
    items = (
        HouseholdAssessed(
            household_id=row["household_id"],
            version=row["version"],
            region_code=row["region_code"],
            milieu=row["milieu"],
            index=f"{row['index_points']:.10f}",
            formula_version=row["formula_version"],
            assessed_on=row["assessed_on"],
        )
        for row in rows
    )
    for batch in batched(items, ITEMS_MAX):
        await publish(tx, batch, source=SOURCE, at=at)


async def tell_decisions(
    tx: Transaction, rows: Iterable[tuple[Row, Terms]], *, at: datetime
) -> tuple[int, int]:
    """Publish the decisions among outcomes; return how many events and items.

    Args:
        tx: The transaction that appends them.
        rows: Each outcome by column name, with its terms; those of one household stand together,
            and travel together.
        at: The business instant, in UTC.
    """
    decided = [(row, terms) for row, terms in rows if terms.standing is Standing.DECISION]
    # Thousands of households share a few hundred terms: their lines are built once.
    components = {terms.digest: _components(terms) for _, terms in decided}
    items = [_decision(row, terms, components[terms.digest]) for row, terms in decided]
    events = 0
    for batch in whole_households(items, items_max=ITEMS_MAX):
        await publish(tx, batch, source=SOURCE, at=at)
        events += 1
    return events, len(items)


def whole_households(
    items: Sequence[DecisionMade], *, items_max: int
) -> Iterator[list[DecisionMade]]:
    """Yield batches of at most `items_max` items that never part one household's."""
    batch: list[DecisionMade] = []
    for _, of_household in groupby(items, key=lambda item: item.household_id):
        together = list(of_household)
        if len(batch) + len(together) > items_max:
            yield batch
            batch = []
        batch.extend(together)
    if batch:
        yield batch


def _decision(row: Row, terms: Terms, components: tuple[DecisionComponent, ...]) -> DecisionMade:
    return DecisionMade(
        household_id=row["household_id"],
        version=row["version"],
        region_code=row["region_code"],
        programme=terms.programme,
        decision_id=row["decision_id"],
        run_id=row["run_id"],
        outcome=terms.outcome,
        effective_month=write_month(row["effective_month"]),
        reasons=terms.reasons,
        components=components,
        amount_centimes=terms.amount_centimes,
        decided_on=row["decided_on"],
    )


def _components(terms: Terms) -> tuple[DecisionComponent, ...]:
    return tuple(
        DecisionComponent(
            code=line.code,
            count=line.count,
            unit_centimes=line.unit_centimes,
            amount_centimes=line.amount_centimes,
        )
        for line in terms.components
    )
