"""Settings and wiring: what must be said before anybody is paid."""

from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from services.payments.main import Settings, create_worker
from shared.testing.fixed_clock import FixedClock
from shared.testing.platforms import platform_for_tests
from shared.testing.tokens import Issuer
from tests.services.payments.paying import Payments, a_rib


def test_production_reaches_the_bank_by_https() -> None:
    with pytest.raises(ValidationError, match="https"):
        Settings(bank_url="http://bank.example")
    Settings(bank_url="https://bank.example")


def test_production_has_no_account_made_up_for_a_demonstration() -> None:
    with pytest.raises(ValueError, match="DEBTOR_ACCOUNT"):
        _ = Settings().debited_account
    given = Settings(debtor_account=SecretStr(a_rib(3)))
    assert given.debited_account == a_rib(3)
    assert a_rib(3) not in repr(given)


async def test_a_worker_hears_and_does_everything_that_payments_needs(
    payments: Payments, clock: FixedClock, keys: Path, issuer: Issuer
) -> None:
    platform = platform_for_tests(
        "payments", payments.databases.worker, clock=clock, keys=keys, verifier=issuer.verifier()
    )
    worker = create_worker(Settings(sanad_profile="demo"), platform)

    assert {subscription.item.TYPE for subscription in worker.subscriptions} == {
        "eligibility.decisions-made.v1",
        "eligibility.runs-completed.v1",
        "registry.payees-recorded.v1",
        "registry.contacts-recorded.v1",
    }
    for loop in worker.loops[:2]:
        assert await loop.step() is False
