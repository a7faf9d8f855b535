"""Recording where a household's aid goes: opened once, checked, and sealed again."""

from services.payments.domain.bank_names import NameUnwritableError, bank_name
from services.payments.domain.programmes import RAIL
from services.payments.domain.reasons import (
    ACCOUNT_INVALID,
    ACCOUNT_KIND_UNSUPPORTED,
    ACCOUNT_NAME_UNWRITABLE,
)
from services.payments.domain.rib import Rib, RibKeyWrongError, RibMalformedError
from services.payments.events.consumed import PayeeRecorded
from services.payments.storage.accounts import TABLE, SealedAccount, add_accounts
from services.payments.use_cases.collaborators import Collaborators
from shared.messaging.consuming import Batch
from shared.messaging.sealed_fields import UnsealFieldError
from shared.runtime.ids import new_id
from shared.storage.database import Transaction

SEALED_FIELD_UNREADABLE = "payments.sealed-field-unreadable"
BLIND_FIELD = "payee_account.account"
SENDER = "registry"


async def record_payees(using: Collaborators, tx: Transaction, batch: Batch[PayeeRecorded]) -> None:
    """Keep each account, also one that cannot be paid to: then its instructions are held."""
    accounts = []
    for item in batch.items:
        try:
            accounts.append(_sealed_again(using, item))
        except UnsealFieldError:
            batch.reject(item, SEALED_FIELD_UNREADABLE)
    await add_accounts(tx, accounts, at=using.clock.now())


def _sealed_again(using: Collaborators, item: PayeeRecorded) -> SealedAccount:
    account, name = _opened(using, item, "account"), _opened(using, item, "name")
    written, fault = _checked(item.kind, account=account, name=name)
    account_id = new_id()
    return SealedAccount(
        account_id=account_id,
        household_id=item.household_id,
        version=item.version,
        region_code=item.region_code,
        collector_id=item.collector_id,
        kind=item.kind,
        account=using.sealed.seal(account, table=TABLE, column="account", row_id=account_id),
        account_blind=using.sealed.blind(BLIND_FIELD, account),
        name=using.sealed.seal(written, table=TABLE, column="name", row_id=account_id),
        bank_code=None if fault else Rib(account).bank_code,
        fault=fault,
    )


def _opened(using: Collaborators, item: PayeeRecorded, field: str) -> str:
    sealed: str = getattr(item, field)
    return using.sealed_fields.unseal(
        sealed, sender=SENDER, event_type=item.TYPE, subject=item.household_id, field=field
    )


def _checked(kind: str, *, account: str, name: str) -> tuple[str, str | None]:
    """Return the name as a bank takes it, and why the account cannot be paid to, if so."""
    if kind != RAIL:
        return name, ACCOUNT_KIND_UNSUPPORTED
    try:
        Rib(account)
        return bank_name(name), None
    except (RibMalformedError, RibKeyWrongError):
        return name, ACCOUNT_INVALID
    except NameUnwritableError:
        return name, ACCOUNT_NAME_UNWRITABLE
