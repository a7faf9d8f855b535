"""Exact arithmetic on whole numbers, for columns: no float stands between a fact and a right."""

from decimal import Decimal

import polars as pl

INDEX_PLACES = 10
INDEX_UNITS_PER_POINT = 10**INDEX_PLACES
SHARE_PLACES = 6
SHARE_UNITS = 10**SHARE_PLACES
SPENDING_PLACES = 2


def half_even_quotient(numerator: pl.Expr, denominator: pl.Expr) -> pl.Expr:
    """Return the quotient of whole numbers, rounded to the nearest and from halfway to the even.

    Both are Int64; the numerator is not negative and the denominator is positive.
    """
    quotient = numerator // denominator
    twice_remainder = 2 * (numerator % denominator)
    is_odd = quotient % 2 == 1
    rounds_up = (twice_remainder > denominator) | ((twice_remainder == denominator) & is_odd)
    return quotient + rounds_up.cast(pl.Int64)


def share_units(count: pl.Expr, size: pl.Expr) -> pl.Expr:
    """Return count / size in millionths, half-even."""
    return half_even_quotient(count.cast(pl.Int64) * SHARE_UNITS, size)


def index_units(points: Decimal) -> int:
    """Return index points in units of 10^-10.

    Raises:
        ValueError: They have more than ten places.
    """
    scaled = points.scaleb(INDEX_PLACES)
    if scaled != scaled.to_integral_value():
        message = "An index has more than ten places."
        raise ValueError(message)
    return int(scaled)


def index_points(units: int) -> Decimal:
    """Return units of 10^-10 as index points with exactly ten places."""
    return Decimal(units).scaleb(-INDEX_PLACES)
