"""What this service answers over HTTP."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field

from services.notifications.domain.messages import MessageState, Stage
from services.notifications.domain.transforms import Language
from services.notifications.storage.views import MessageShown
from services.notifications.use_cases.show_statistics import StageCount, Statistics


class MessageView(BaseModel):
    """One message: what it was about and how far it got; neither its text nor its number."""

    message_id: UUID
    stage: Stage
    state: MessageState
    language: Language | None = Field(description="Unknown until the contact is.")
    topics: list[str] = Field(description="Programmes, `index`, or an instruction id.")
    templates: list[str] = Field(description="Template versions, as `key@version`.")
    parts_count: int | None
    parts_delivered: int
    created_at: datetime
    submitted_at: datetime | None
    changed_at: datetime

    @classmethod
    def of(cls, shown: MessageShown) -> "MessageView":
        """Return the view of a stored message."""
        return cls(
            message_id=shown.message_id,
            stage=Stage(shown.stage),
            state=MessageState(shown.state),
            language=None if shown.language is None else Language(shown.language),
            topics=shown.topics,
            templates=shown.templates,
            parts_count=shown.parts_count,
            parts_delivered=shown.parts_delivered,
            created_at=shown.created_at,
            submitted_at=shown.submitted_at,
            changed_at=shown.changed_at,
        )


class MessagePage(BaseModel):
    """A page of a household's messages, newest first."""

    items: list[MessageView]
    next_cursor: str | None


class StageCountView(BaseModel):
    """How many messages of a stage are in a state; null where that is hidden."""

    stage: Stage
    state: MessageState
    messages: int | None

    @classmethod
    def of(cls, count: StageCount) -> "StageCountView":
        """Return the view of a count."""
        return cls(
            stage=Stage(count.stage), state=MessageState(count.state), messages=count.messages
        )


class StatisticsView(BaseModel):
    """Messages by stage and state, within the caller's regions; null where hidden."""

    messages: list[StageCountView]
    awaiting_contact: int | None
    cell_min: int = Field(
        description="Of single regions, counts from 1 up to this one, and what would reveal them,"
        " are null."
    )
    as_of: datetime

    @classmethod
    def of(cls, statistics: Statistics) -> "StatisticsView":
        """Return the view of statistics."""
        return cls(
            messages=[StageCountView.of(count) for count in statistics.messages],
            awaiting_contact=statistics.awaiting_contact,
            cell_min=statistics.cell_min,
            as_of=statistics.as_of,
        )
