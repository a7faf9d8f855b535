"""From claimed messages to the very parts that go over the wire."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from services.notifications.domain.messages import Stage
from services.notifications.domain.phones import digits
from services.notifications.domain.segmentation import REFERENCE_MAX, Encoding, segment
from services.notifications.domain.sending_rules import sending_rules
from services.notifications.integrations.smpp.pdu import Address, SubmitSm
from services.notifications.storage import contacts
from services.notifications.storage.messages import TABLE, TEXT_COLUMN
from services.notifications.storage.sending import ClaimedMessage
from shared.storage.sealed import SealedColumns

VALIDITY_SECONDS_MIN = 60
_TON_INTERNATIONAL, _TON_ALPHANUMERIC = 1, 5
_NPI_UNKNOWN, _NPI_ISDN = 0, 1
_STAGES = tuple(Stage)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A claimed message and its parts still to be submitted; no parts when it has no phone."""

    message: ClaimedMessage
    parts: tuple[tuple[int, SubmitSm], ...]


def prepare_parts(
    claimed: Sequence[ClaimedMessage],
    phones: Mapping[UUID, bytes],
    *,
    sealed: SealedColumns,
    sender: str,
    now: datetime,
) -> list[Outgoing]:
    """Open texts and phones, and cut each message as it was cut before, if it was.

    The same message always gives the same parts under the same reference, so a part that is
    submitted again completes what a handset may hold already.
    """
    source = sender_address(sender)
    time_left = sending_rules().time_left(now)
    return [
        Outgoing(
            message,
            _parts(
                message,
                phones.get(message.household_id),
                sealed=sealed,
                source=source,
                validity=validity_period(min(time_left, message.expires_at - now)),
            ),
        )
        for message in claimed
    ]


def sender_address(sender: str) -> Address:
    """Return a sender name or number as SMPP addresses it."""
    if sender.removeprefix("+").isdigit():
        return Address(digits(sender), ton=_TON_INTERNATIONAL, npi=_NPI_ISDN)
    return Address(sender, ton=_TON_ALPHANUMERIC, npi=_NPI_UNKNOWN)


def validity_period(time_left: timedelta) -> str:
    """Return how long the SMS centre may try, as a relative period of less than a day."""
    day = timedelta(hours=23, minutes=59, seconds=59)
    seconds = int(max(timedelta(seconds=VALIDITY_SECONDS_MIN), min(day, time_left)).total_seconds())
    return f"000000{seconds // 3600:02d}{seconds // 60 % 60:02d}{seconds % 60:02d}000R"


def concatenation_reference(message: ClaimedMessage) -> int:
    """Return a reference that stages of one household never share, so parts never mix."""
    stage = _STAGES.index(Stage(message.stage))
    return ((message.key.message_id.int << 2) | stage) & REFERENCE_MAX


def _parts(
    message: ClaimedMessage,
    phone_sealed: bytes | None,
    *,
    sealed: SealedColumns,
    source: Address,
    validity: str,
) -> tuple[tuple[int, SubmitSm], ...]:
    if phone_sealed is None:
        return ()
    phone = sealed.unseal(
        phone_sealed,
        table=contacts.TABLE,
        column=contacts.PHONE_COLUMN,
        row_id=message.household_id,
    )
    text = sealed.unseal(
        message.text_sealed, table=TABLE, column=TEXT_COLUMN, row_id=message.key.message_id
    )
    destination = Address(digits(phone), ton=_TON_INTERNATIONAL, npi=_NPI_ISDN)
    return tuple(
        (
            part.sequence,
            SubmitSm(
                source=source,
                destination=destination,
                header=part.header,
                payload=part.payload,
                is_ucs2=part.encoding is Encoding.UCS2,
                validity=validity,
            ),
        )
        for part in segment(text, reference=concatenation_reference(message))
        if part.sequence not in message.answered
    )
