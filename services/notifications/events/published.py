"""What this service tells the others."""

from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

from shared.messaging.envelope import PublishedItem


class MessageSettled(PublishedItem):
    """A message reached the handset, or never will as far as we know: proof of notice or of none.

    A later version may say `delivered` where an earlier one said `undeliverable`, when a receipt
    came after its time.
    """

    TYPE: ClassVar[str] = "notifications.messages-settled.v1"
    SUBJECT: ClassVar[str] = "message_id"

    message_id: UUID
    household_id: UUID
    version: int
    region_code: str
    stage: Literal["assessment", "decision", "payment"]
    outcome: Literal["delivered", "undeliverable"]
    at: datetime
