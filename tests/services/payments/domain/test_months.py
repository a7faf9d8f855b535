from datetime import date

import pytest

from services.payments.domain.months import is_payable


@pytest.mark.parametrize(
    ("on", "months"),
    [
        (date(2026, 11, 20), ("2026-10", "2026-11", "2026-12")),
        (date(2026, 12, 31), ("2026-11", "2026-12", "2027-01")),
        (date(2027, 1, 1), ("2026-12", "2027-01", "2027-02")),
        (date(2027, 1, 31), ("2026-12", "2027-01", "2027-02")),
        (date(2028, 2, 29), ("2028-01", "2028-02", "2028-03")),
    ],
)
def test_the_business_month_and_its_neighbours_are_payable(
    on: date, months: tuple[str, ...]
) -> None:
    assert all(is_payable(month, on=on) for month in months)


@pytest.mark.parametrize(
    "month", ["2026-09", "2027-01", "2025-11", "9999-12", "0000-01", "٢٠٢٦-11"]
)
def test_every_other_month_is_not(month: str) -> None:
    assert not is_payable(month, on=date(2026, 11, 20))
