"""Telling households the index that was computed for them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from uuid import UUID

from services.notifications.domain.messages import Stage
from services.notifications.domain.sentences import assessment_sentences
from services.notifications.storage.standing import AssessmentNews, store_assessments
from services.notifications.use_cases.collaborators import Collaborators
from services.notifications.use_cases.tell_households import Telling, tell_households
from shared.storage.database import Transaction

TOPIC = "index"


@dataclass(frozen=True, slots=True)
class Assessment:
    """A household's exact index, at one version."""

    household_id: UUID
    region_code: str
    version: int
    index_value: Decimal
    assessed_on: date


async def tell_assessments(
    tx: Transaction, assessments: Sequence[Assessment], *, collaborators: Collaborators
) -> None:
    """Tell each household whose index is news; an older version or the same index is none."""
    newest: dict[UUID, Assessment] = {}
    for item in assessments:
        known = newest.get(item.household_id)
        if known is None or item.version > known.version:
            newest[item.household_id] = item
    news = [
        AssessmentNews(item.household_id, item.region_code, item.version, item.index_value)
        for item in newest.values()
    ]
    changed = await store_assessments(tx, news)
    await tell_households(
        tx,
        [_telling(item) for item in newest.values() if item.household_id in changed],
        collaborators=collaborators,
    )


def _telling(item: Assessment) -> Telling:
    return Telling(
        stage=Stage.ASSESSMENT,
        household_id=item.household_id,
        region_code=item.region_code,
        event=str(item.version),
        topics=(TOPIC,),
        sentences=assessment_sentences(index=f"{item.index_value:f}", assessed_on=item.assessed_on),
    )
