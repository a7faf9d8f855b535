"""What became of earlier DCI messages, told to the partner that sent them and to nobody else."""

from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType
from uuid import UUID

from services.registry.domain.dci_answers import Outcome
from services.registry.domain.dci_contract import Register
from services.registry.domain.dci_envelope import Action
from services.registry.domain.dci_requests import StatusMessage, TxnAttribute, TxnType
from services.registry.storage.dci_messages import Earlier, read_earlier
from services.registry.use_cases.collaborators import Collaborators
from services.registry.use_cases.dci_sealing import (
    REFERENCE_FIELD,
    TRANSACTION_FIELD,
    open_outcomes,
)
from shared.storage.database import Transaction

MESSAGES_MAX = 20

_ACTIONS = MappingProxyType(
    {
        TxnType.SEARCH: (Action.SEARCH,),
        TxnType.SUBSCRIBE: (Action.SUBSCRIBE, Action.UNSUBSCRIBE),
        TxnType.UNSUBSCRIBE: (Action.UNSUBSCRIBE,),
        # This house pays nobody and keeps no receipts of payments.
        TxnType.RECEIPT: (),
    }
)


@dataclass(frozen=True, slots=True)
class Found:
    """What became of the messages asked about, the newest first."""

    transaction_id: str
    correlation_id: str
    outcomes: tuple[Outcome, ...]


async def find_outcomes(
    tx: Transaction, register: Register, asked: StatusMessage, *, client: str, using: Collaborators
) -> Found | None:
    """Return what became of the messages that a client asks about; None if it sent none such."""
    sought = _sought(register, asked, client=client, using=using)
    if sought is None:
        return None
    earlier = await read_earlier(tx, sought, limit=MESSAGES_MAX)
    outcomes: list[Outcome] = []
    transaction_id = ""
    for message in earlier:
        kept = open_outcomes(message.outcome_sealed, message_key=message.message_key, using=using)
        transaction_id = transaction_id or kept.transaction_id
        outcomes += _asked_about(kept.outcomes, asked)
    if not earlier:
        return None
    return Found(transaction_id, earlier[0].message_key.hex, tuple(outcomes))


def _asked_about(outcomes: Sequence[Outcome], asked: StatusMessage) -> list[Outcome]:
    if asked.attribute is not TxnAttribute.REFERENCE_IDS:
        return list(outcomes)
    return [outcome for outcome in outcomes if outcome.reference_id in asked.values]


def _sought(
    register: Register, asked: StatusMessage, *, client: str, using: Collaborators
) -> Earlier | None:
    actions = _ACTIONS[asked.txn_type]
    if asked.attribute is TxnAttribute.CORRELATION_ID:
        keys = [key for key in map(_message_key, asked.values) if key is not None]
        return Earlier(client, register, actions, message_keys=keys) if keys else None
    if asked.attribute is TxnAttribute.TRANSACTION_ID:
        blinds = _blinds(TRANSACTION_FIELD, asked.values, using=using)
        return Earlier(client, register, actions, transaction_blinds=blinds)
    blinds = _blinds(REFERENCE_FIELD, asked.values, using=using)
    return Earlier(client, register, actions, reference_blinds=blinds)


def _blinds(field: str, values: Sequence[str], *, using: Collaborators) -> list[bytes]:
    return [blind for value in values for blind in using.sealed.blinds(field, value)]


def _message_key(correlation_id: str) -> UUID | None:
    try:
        return UUID(hex=correlation_id)
    except ValueError:
        return None
