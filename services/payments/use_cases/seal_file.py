"""Sealing a file: its bytes are made once, recounted, and kept before anybody sends them."""

import zlib
from datetime import date, datetime
from hashlib import sha256
from uuid import UUID

from services.payments.domain.rib import Rib
from services.payments.integrations.pain001 import (
    FORMAT,
    Credit,
    FileDisagreesError,
    FileTotals,
    PaymentFile,
    check_payment_file,
    write_payment_file,
)
from services.payments.storage.accounts import TABLE as ACCOUNT_TABLE
from services.payments.storage.transmissions import (
    FILE_TABLE,
    SealedCredit,
    SealedFile,
    Transmission,
)
from services.payments.use_cases.collaborators import Bank, Collaborators
from services.payments.use_cases.record_payees import BLIND_FIELD

FILE_BYTES_MAX = 64 * 1024 * 1024


def write_file(
    using: Collaborators,
    bank: Bank,
    transmission: Transmission,
    credits_in_order: list[SealedCredit],
    *,
    at: datetime,
    on: date,
) -> bytes:
    """Return the bytes of a file; the same rows, instant and day always give the same ones.

    Raises:
        FileDisagreesError: An account is not the approved one, or
            the bytes do not come to the file's count and sum.
    """
    file = PaymentFile(
        msg_id=transmission.msg_id,
        created_at=at,
        execute_on=on,
        debtor=bank.debtor,
        credits=[_credit(using, sealed) for sealed in credits_in_order],
    )
    body = write_payment_file(file)
    expected = FileTotals(transmission.attempts, transmission.amount_centimes)
    check_payment_file(body, msg_id=transmission.msg_id, expected=expected)
    if len(body) > FILE_BYTES_MAX:
        message = "A file is larger than a bank takes; put fewer transfers into one."
        raise FileDisagreesError(message)
    return body


def seal_file(
    using: Collaborators, transmission_id: UUID, body: bytes, *, at: datetime, on: date
) -> SealedFile:
    """Return the bytes deflated and sealed for their row, beside their hash."""
    return SealedFile(
        format=FORMAT,
        created_at=at,
        execute_on=on,
        size_bytes=len(body),
        sha256=sha256(body).digest(),
        body=using.sealed.seal_bytes(
            zlib.compress(body), table=FILE_TABLE, column="body", row_id=transmission_id
        ),
    )


def open_file(using: Collaborators, transmission_id: UUID, file: SealedFile) -> bytes:
    """Return the very bytes that were sealed.

    Raises:
        FileDisagreesError: What opens is not what was hashed when it was sealed.
    """
    deflated = using.sealed.unseal_bytes(
        file.body, table=FILE_TABLE, column="body", row_id=transmission_id
    )
    body = zlib.decompress(deflated)
    if sha256(body).digest() != file.sha256:
        message = "The kept bytes of a file do not have the hash they were sealed with."
        raise FileDisagreesError(message)
    return body


def _credit(using: Collaborators, sealed: SealedCredit) -> Credit:
    account = using.sealed.unseal(
        sealed.account, table=ACCOUNT_TABLE, column="account", row_id=sealed.account_id
    )
    # The approved content names accounts by their blind index; what opens must have the same one.
    if using.sealed.blind(BLIND_FIELD, account) != bytes(sealed.account_blind):
        message = "An account is not the one that was approved."
        raise FileDisagreesError(message)
    name = using.sealed.unseal(
        sealed.name, table=ACCOUNT_TABLE, column="name", row_id=sealed.account_id
    )
    return Credit(
        end_to_end_id=sealed.end_to_end_id,
        amount_centimes=sealed.amount_centimes,
        rib=Rib(account),
        name=name,
    )
