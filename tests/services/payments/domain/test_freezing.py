from services.payments.domain.freezing import RunTotals, Standing, what_is_missing

TOTALS = RunTotals(
    programme="asd", month="2026-11", items=10, households=4, amount_centimes=300_000
)
STANDING = Standing(households=4, amount_centimes=300_000)


def missing(
    totals: RunTotals | None = TOTALS,
    *,
    month: str = "2026-11",
    received: int = 10,
    standing: Standing = STANDING,
) -> str | None:
    return what_is_missing(
        totals, programme="asd", month=month, received=received, standing=standing
    )


def test_a_cycle_whose_totals_agree_may_freeze() -> None:
    assert missing() is None


def test_a_cycle_waits_for_the_totals_of_its_run() -> None:
    assert missing(None) == "The totals of the run have not arrived."


def test_a_run_of_another_month_freezes_nothing() -> None:
    assert missing(month="2026-12") == "The run was made for another programme or month."


def test_missing_decisions_are_counted() -> None:
    assert missing(received=9) == "9 of the run's 10 decisions have arrived."


def test_more_decisions_than_the_run_made_are_as_wrong_as_fewer() -> None:
    assert missing(received=11) is not None


def test_a_centime_of_difference_is_named() -> None:
    sentence = missing(standing=Standing(4, 299_999))

    assert sentence is not None
    assert "2999.99 MAD" in sentence
    assert "3000.00 MAD" in sentence
