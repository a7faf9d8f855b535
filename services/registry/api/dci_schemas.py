"""DCI messages as the registry's own document describes them.

The standard's documents are the authority on what is inside; tests hold every answer against them.
"""

from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, Field

from services.registry.domain.dci_errors import AckCode, HeaderReason

JSON = "application/json"


class DciError(BaseModel):
    """A stable code of the standard, and a sentence for people."""

    code: AckCode
    message: str


class DciErrors(BaseModel):
    """Why a caller may not call; a message refused so may say more besides."""

    errors: list[DciError]


class DciAcknowledged(BaseModel):
    """What is said of a message at once; its answer comes as a callback."""

    ack_status: Literal["ACK", "NACK", "ERR"]
    timestamp: AwareDatetime
    correlation_id: str
    """The same in every answer to the message."""
    error: DciError | None = None


class DciAcknowledgement(BaseModel):
    """The acknowledgement of a message, or its refusal."""

    message: DciAcknowledged
    errors: list[DciError] | None = None


class DciHeader(BaseModel):
    """The header of every message of this house."""

    version: Literal["1.0.0"]
    message_id: str
    message_ts: AwareDatetime
    action: str
    status: Literal["rcvd", "pdng", "succ", "rjct"]
    status_reason_code: HeaderReason | None = None
    status_reason_message: str | None = None
    total_count: int
    completed_count: int
    sender_id: str
    receiver_id: str | None = None
    is_msg_encrypted: bool


class DciAnswer(BaseModel):
    """An answer that its caller waited for."""

    signature: str
    header: DciHeader
    message: dict[str, Any]


class DciAnswerRefused(BaseModel):
    """Why a message whose caller waits is not answered."""

    header: DciHeader
    errors: list[DciError]


class DciKey(BaseModel):
    """A public key (RFC 7517, RFC 8037)."""

    kty: Literal["OKP"]
    crv: Literal["Ed25519"]
    x: str
    kid: str
    """As signatures name it: our name, the key, and the algorithm, between bars."""
    use: Literal["sig"]
    alg: Literal["EdDSA"]


class DciKeys(BaseModel):
    """The keys that callbacks and answers are signed with."""

    keys: list[DciKey] = Field(min_length=1)


REQUEST_BODY = {
    "requestBody": {
        "required": True,
        "description": "Envelope of the DCI standard, version 1.0.0.",
        "content": {
            JSON: {
                "schema": {
                    "type": "object",
                    "required": ["header", "message"],
                    "properties": {
                        "signature": {"type": "string"},
                        "header": {"type": "object"},
                        "message": {"type": "object"},
                    },
                }
            }
        },
    }
}
