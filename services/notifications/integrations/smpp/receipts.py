"""Delivery receipts: which message part they are about, and what became of it.

Receipts are text by custom (SMPP v3.4, appendix B) or optional parameters by rule (5.3.2.12,
5.3.2.35); parameters win. Centres disagree on how they write ids, hence `IdForm`.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from services.notifications.domain.messages import PartState
from services.notifications.integrations.smpp.pdu import (
    TAG_MESSAGE_STATE,
    TAG_RECEIPTED_MESSAGE_ID,
    DeliverSm,
)

PROVIDER_ID_CHARACTERS_MAX = 64
_TEXT_STATES = MappingProxyType(
    {
        "ENROUTE": PartState.ENROUTE,
        "ACCEPTD": PartState.ENROUTE,
        "UNKNOWN": PartState.ENROUTE,
        "EXPIRED": PartState.EXPIRED,
        "DELETED": PartState.UNDELIVERED,
        "UNDELIV": PartState.UNDELIVERED,
        "REJECTD": PartState.REJECTED,
        "DELIVRD": PartState.DELIVERED,
    }
)
_PARAMETER_STATES = MappingProxyType(
    {1: "ENROUTE", 2: "DELIVRD", 3: "EXPIRED", 4: "DELETED", 5: "UNDELIV", 6: "ACCEPTD"}
    | {7: "UNKNOWN", 8: "REJECTD"}
)
_ID = re.compile(r"\bid:(\S{1,64})", re.IGNORECASE | re.ASCII)
_STATE = re.compile(r"\bstat:([A-Za-z]{1,10})", re.IGNORECASE | re.ASCII)


class IdForm(StrEnum):
    """How a centre's receipts write the ids that its submit answers gave.

    `HEX_RECEIPTS`: answers are decimal, receipts hexadecimal. `DECIMAL_RECEIPTS`: the other way
    round.
    """

    EXACT = "exact"
    FOLDED = "folded"
    HEX_RECEIPTS = "hex-receipts"
    DECIMAL_RECEIPTS = "decimal-receipts"


@dataclass(frozen=True, slots=True)
class Notice:
    """A receipt as far as it can be read; `state` is None when its word is unknown to us."""

    provider_message_id: str
    word: str
    state: PartState | None


def read_receipt(delivered: DeliverSm, *, id_form: IdForm) -> Notice | None:
    """Return what a receipt says, None when it names no message."""
    text = delivered.short_message.decode("ascii", errors="replace")
    parameter = delivered.tlvs.get(TAG_RECEIPTED_MESSAGE_ID)
    if parameter is not None:
        identifier = parameter.rstrip(b"\0").decode("ascii", errors="replace")
    else:
        found = _ID.search(text)
        identifier = found.group(1) if found else ""
    if not identifier or len(identifier) > PROVIDER_ID_CHARACTERS_MAX:
        return None
    word = _word(delivered, text)
    return Notice(
        provider_message_id=_in_answer_form(identifier, id_form),
        word=word,
        state=_TEXT_STATES.get(word),
    )


def answered_id(identifier: str, *, id_form: IdForm) -> str:
    """Return the id of a submit answer in the form in which it is stored."""
    return identifier if id_form is IdForm.EXACT else _folded(identifier)


def _word(delivered: DeliverSm, text: str) -> str:
    parameter = delivered.tlvs.get(TAG_MESSAGE_STATE)
    if parameter:
        return _PARAMETER_STATES.get(parameter[0], "")
    found = _STATE.search(text)
    return found.group(1).upper() if found else ""


def _in_answer_form(identifier: str, id_form: IdForm) -> str:
    if id_form is IdForm.FOLDED:
        return _folded(identifier)
    try:
        if id_form is IdForm.HEX_RECEIPTS:
            return str(int(identifier, 16))
        if id_form is IdForm.DECIMAL_RECEIPTS:
            return f"{int(identifier):x}"
    except ValueError:
        return identifier
    return identifier


def _folded(identifier: str) -> str:
    return identifier.lower().lstrip("0") or "0"
