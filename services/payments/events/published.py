"""What this service promises to others."""

from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from shared.messaging.envelope import PublishedItem

SOURCE = "/payments"
MONTH = r"^\d{4}-(0[1-9]|1[0-2])$"


class InstructionChanged(PublishedItem):
    """An instruction was released to the bank, settled by it, or refused.

    Amounts are centimes of MAD. `fee_cap_centimes` is the most that drawing the sum in cash may
    cost. `public_reason` is a code that whoever tells the household words in Arabic and French.
    """

    TYPE: ClassVar[str] = "payments.instructions-changed.v1"
    SUBJECT: ClassVar[str] = "instruction_id"

    instruction_id: UUID
    household_id: UUID
    version: int = Field(ge=1)
    region_code: str
    programme: str
    month: str = Field(pattern=MONTH)
    kind: Literal["MONTHLY"]
    state: str
    net_centimes: int = Field(gt=0)
    fee_cap_centimes: int = Field(ge=0)
    rail: Literal["rib"]
    public_reason: str | None
