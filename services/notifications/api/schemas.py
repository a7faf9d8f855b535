"""What this service answers over HTTP."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field

from services.notifications.domain.messages import MessageState, Stage
from services.notifications.domain.transforms import Language
from services.notifications.storage.views import MessageShown, StageCount


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
    """How many messages of a stage are in a state."""

    stage: Stage
    state: MessageState
    messages: int

    @classmethod
    def of(cls, count: StageCount) -> "StageCountView":
        """Return the view of a stored count."""
        return cls(
            stage=Stage(count.stage), state=MessageState(count.state), messages=count.messages
        )


class StatisticsView(BaseModel):
    """Messages by stage and state, within the caller's regions."""

    messages: list[StageCountView]
    awaiting_contact: int
    as_of: datetime
