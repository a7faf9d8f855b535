from datetime import date

import pytest

from services.payments.domain.dated_values import NoValueInForceError, load_law
from services.payments.domain.fees import fee_bands, fee_cap_centimes
from services.payments.domain.programmes import is_paid, monthly_ceiling_centimes
from services.payments.domain.reasons import REFUSED_BY_BANK, public_reason

TODAY = date(2026, 11, 20)


@pytest.mark.parametrize(
    ("amount", "cap"),
    [
        (1, 800),
        (50_000, 800),
        (50_001, 1_600),
        (100_000, 1_600),
        (100_001, 2_400),
        (200_000, 2_400),
    ],
)
def test_the_fee_cap_is_that_of_the_band_the_amount_lies_in(amount: int, cap: int) -> None:
    assert fee_cap_centimes(amount, on=TODAY) == cap


def test_no_cap_is_published_above_the_last_band() -> None:
    assert fee_cap_centimes(200_001, on=TODAY) is None


def test_every_amount_that_may_be_paid_has_a_fee_cap() -> None:
    ceiling = monthly_ceiling_centimes("asd", on=TODAY)

    assert ceiling <= fee_bands(on=TODAY)[-1].up_to_centimes


def test_nothing_was_in_force_before_aid_was_paid() -> None:
    with pytest.raises(NoValueInForceError):
        fee_bands(on=date(2023, 11, 30))


def test_health_cover_is_no_payment() -> None:
    assert is_paid("asd")
    assert not is_paid("amo_tadamon")


def test_a_reason_nobody_knows_says_only_that_the_bank_refused() -> None:
    assert public_reason("AC04") == "payments.account-closed"
    assert public_reason("ZZ99") == public_reason(None) == REFUSED_BY_BANK
    banks_codes = load_law("reasons.toml")["bank"]
    assert all(public_reason(code).startswith("payments.") for code in banks_codes)
