"""What is kept of DCI messages, sealed: names and references are whatever a partner writes."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from services.registry.domain.dci_answers import Outcome
from services.registry.domain.dci_contract import JsonObject, Reason
from services.registry.domain.dci_envelope import Status, instant_text
from services.registry.domain.dci_json import Canonical, canonical_json, read_json, write_json
from services.registry.domain.dci_reading import a_text, an_array, an_instant, an_object
from services.registry.use_cases.collaborators import Collaborators

MESSAGE_FIELD = "dci.message"
TRANSACTION_FIELD = "dci.transaction"
REFERENCE_FIELD = "dci.reference"

_MESSAGES = "dci_message"
_CALLBACKS = "dci_callback"


@dataclass(frozen=True, slots=True)
class Remembered:
    """What is told to somebody who asks what became of a message."""

    transaction_id: str
    outcomes: tuple[Outcome, ...]


def seal_request(signed: JsonObject, *, message_key: UUID, using: Collaborators) -> bytes:
    """Seal header and message of a request that is answered later."""
    body = canonical_json(signed, Canonical.PYTHON)
    return using.sealed.seal_bytes(
        body, table=_MESSAGES, column="request_sealed", row_id=message_key
    )


def open_request(sealed: bytes, *, message_key: UUID, using: Collaborators) -> bytes:
    """Return a request as JSON."""
    return using.sealed.unseal_bytes(
        sealed, table=_MESSAGES, column="request_sealed", row_id=message_key
    )


def seal_outcomes(
    transaction_id: str, outcomes: Sequence[Outcome], *, message_key: UUID, using: Collaborators
) -> bytes:
    """Seal what became of a message's items."""
    body = write_json(
        {
            "transaction_id": transaction_id,
            "items": [
                {
                    "reference_id": outcome.reference_id,
                    "status": outcome.status,
                    "at": instant_text(outcome.at),
                    "reason": outcome.reason,
                }
                for outcome in outcomes
            ],
        }
    )
    return using.sealed.seal_bytes(
        body, table=_MESSAGES, column="outcome_sealed", row_id=message_key
    )


def open_outcomes(sealed: bytes, *, message_key: UUID, using: Collaborators) -> Remembered:
    """Return what became of a message's items."""
    body = using.sealed.unseal_bytes(
        sealed, table=_MESSAGES, column="outcome_sealed", row_id=message_key
    )
    kept = an_object(read_json(body), "outcome")
    items = [an_object(item, "item") for item in an_array(kept["items"], "items")]
    return Remembered(
        a_text(kept, "transaction_id", "outcome"), tuple(_outcome(item) for item in items)
    )


def seal_callback(body: bytes, uri: str, *, callback_id: UUID, using: Collaborators) -> list[bytes]:
    """Seal a message of ours and the address it goes to, in this order."""
    places = (("body_sealed", body), ("uri_sealed", uri.encode()))
    return [
        using.sealed.seal_bytes(value, table=_CALLBACKS, column=column, row_id=callback_id)
        for column, value in places
    ]


def open_callback(
    body_sealed: bytes, uri_sealed: bytes, *, callback_id: UUID, using: Collaborators
) -> tuple[JsonObject, str]:
    """Return header and message of a callback, and the address it goes to."""
    body = using.sealed.unseal_bytes(
        body_sealed, table=_CALLBACKS, column="body_sealed", row_id=callback_id
    )
    uri = using.sealed.unseal(uri_sealed, table=_CALLBACKS, column="uri_sealed", row_id=callback_id)
    return an_object(read_json(body), "callback"), uri


def _outcome(item: JsonObject) -> Outcome:
    at = an_instant(item["at"])
    if at is None:
        message = "A kept outcome has no instant."
        raise ValueError(message)
    reason = item["reason"]
    return Outcome(
        reference_id=a_text(item, "reference_id", "item"),
        status=Status(str(item["status"])),
        at=at,
        reason=Reason(reason) if isinstance(reason, str) else None,
    )
