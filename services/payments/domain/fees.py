"""What drawing the money may cost: the capped fee of a payment institution."""

from dataclasses import dataclass
from datetime import date

from services.payments.domain.dated_values import load_law, value_in_force


@dataclass(frozen=True, slots=True)
class FeeBand:
    """A cap for amounts up to and including a bound, above the bound of the band before."""

    up_to_centimes: int
    cap_centimes: int


def fee_bands(*, on: date) -> tuple[FeeBand, ...]:
    """Return the bands in force on a day, lowest first.

    Source:
        `fees.toml`; amounts and caps in centimes, VAT included.
    """
    entry = value_in_force(load_law("fees.toml")["cash_out_cap"]["values"], on=on)
    bands = (FeeBand(**band) for band in entry["bands"])
    return tuple(sorted(bands, key=lambda band: band.up_to_centimes))


def fee_cap_centimes(amount_centimes: int, *, on: date) -> int | None:
    """Return the highest lawful fee for drawing an amount; None above the last band."""
    for band in fee_bands(on=on):
        if amount_centimes <= band.up_to_centimes:
            return band.cap_centimes
    return None
