"""Read a receipt again, by its id or by the number that stands on it."""

from typing import ClassVar
from uuid import UUID

from services.registry.domain.receipts import read_receipt_number
from services.registry.storage.access_log import Disclosed, log_access, residents
from services.registry.storage.declarations import (
    Declaration,
    find_declaration,
    read_declaration,
    read_subjects,
)
from services.registry.use_cases.collaborators import Collaborators
from services.registry.use_cases.give_receipt import DECLARED, Receipt, Subject, receipt_of
from services.registry.use_cases.look_up import LookUp
from shared.kernel.errors import DomainError, ErrorKind
from shared.runtime.ids import new_id
from shared.storage.database import Transaction


class ReceiptNotFoundError(DomainError):
    """No such receipt was given within the caller's regions."""

    code: ClassVar[str] = "registry.receipt-not-found"
    kind: ClassVar[ErrorKind] = ErrorKind.NOT_FOUND


class ReceiptNumberError(DomainError):
    """What was typed is no receipt number: its digits do not fit one another."""

    code: ClassVar[str] = "registry.receipt-number"
    kind: ClassVar[ErrorKind] = ErrorKind.INVALID


async def read_receipt(receipt_id: UUID, look_up: LookUp, *, using: Collaborators) -> Receipt:
    """Return a receipt; the access log rows are committed before that.

    Raises:
        ReceiptNotFoundError: There is none within the caller's regions.
    """
    async with using.database.snapshot(look_up.scope) as tx:
        found = await read_declaration(tx, receipt_id)
        return await _disclosed(tx, found, look_up, using=using)


async def find_receipt(number: str, look_up: LookUp, *, using: Collaborators) -> Receipt:
    """Return the receipt with a number, spaces and hyphens aside.

    Raises:
        ReceiptNumberError: A digit is wrong or missing.
        ReceiptNotFoundError: There is none within the caller's regions.
    """
    digits = read_receipt_number(number)
    if digits is None:
        message = "This is no receipt number: look at its 16 digits again."
        raise ReceiptNumberError(message)
    async with using.database.snapshot(look_up.scope) as tx:
        found = await find_declaration(tx, digits)
        return await _disclosed(tx, found, look_up, using=using)


async def _disclosed(
    tx: Transaction, found: Declaration | None, look_up: LookUp, *, using: Collaborators
) -> Receipt:
    if found is None:
        message = "There is no such receipt within your regions."
        raise ReceiptNotFoundError(message)
    subjects = tuple(
        Subject(row.part, row.region_code, row.person_id, row.household_id, row.version)
        for row in await read_subjects(tx, found.declaration_id)
    ) or _household_of(found)
    access = look_up.as_access("read-receipt", attributes=DECLARED, clock=using.clock)
    told = [(one.region_code, one.person_id, one.household_id) for one in subjects]
    if not any(person_id for _, person_id, _ in told):
        # A line of an import names nobody: then it is told of whoever lives there.
        told += [
            (found.region_code, person_id, household_id)
            for person_id, household_id in await residents(tx, [own for _, _, own in told if own])
        ]
    await log_access(tx, access, [Disclosed(new_id(), *one) for one in told])
    return receipt_of(found, subjects)


def _household_of(declaration: Declaration) -> tuple[Subject, ...]:
    """Return whom a line of an import is about: its household alone."""
    return (
        Subject(
            "household",
            declaration.region_code,
            None,
            declaration.household_id,
            declaration.version,
        ),
    )
