"""What Direct Social Aid pays a household: amounts per child, a monthly minimum, a lump sum.

Source: law 58.23 and decree 2.23.1067; the amounts stand in `policy/programmes.toml`.
"""

from collections.abc import Mapping
from datetime import date
from functools import cache
from types import MappingProxyType

import polars as pl

from services.eligibility.domain.law import centimes, programme_parameters
from services.eligibility.domain.variables import with_ages
from services.eligibility.domain.vocabulary import Kinship, Programme, Schooling, Sex

CHILD_AGE_YEARS_MAX = 20  # "0 to 20 inclusive": until the day before the 21st birthday
SMALL_CHILD_AGE_YEARS_MAX = 5
CHILDREN_MAX = 6
EARLY_RANK_MAX = 3  # ranks 1 to 3 get the full amounts, ranks 4 to 6 the later ones

PER_CHILD = (
    "child_aged_0_5",
    "child_in_school",
    "child_not_in_school",
    "orphan",
    "later_child",
    "later_child_not_in_school",
    "severe_disability",
)
LUMP_SUM = "lump_sum"
TOP_UP = "minimum_top_up"
COUNTS = (*PER_CHILD, LUMP_SUM)


@cache
def schedule_on(month: date) -> Mapping[str, int]:
    """Return the monthly amounts in centimes, by parameter, applied in a month.

    Raises:
        NoValueInForceError: The month is earlier than the programme.
    """
    parameters = programme_parameters()[Programme.ASD]
    names = (*COUNTS, "monthly_minimum")
    return MappingProxyType({name: centimes(parameters[name].on(month).value) for name in names})


def entitle(
    measured: pl.DataFrame, members: pl.DataFrame, *, on: date, month: date
) -> pl.DataFrame:
    """Return what each household would get of Direct Social Aid if it is eligible.

    Args:
        measured: The result of `variables.measure` for the same chunk.
        members: Columns `MEMBER_COLUMNS`.
        on: The day on which ages are counted.
        month: The first day of the month whose amounts apply.

    Returns:
        One row per household: how many times each of `COUNTS` is paid, `minimum_top_up` in
        centimes, and `amount_centimes` a month. All Int64.
    """
    amounts = schedule_on(month)
    counts = _count_children(measured, members, on=on)
    per_child = pl.sum_horizontal(pl.col(name) * amounts[name] for name in PER_CHILD)
    has_children = pl.col("children") > 0
    top_up = pl.max_horizontal(pl.lit(0, pl.Int64), amounts["monthly_minimum"] - per_child)
    return counts.with_columns(
        (~has_children).cast(pl.Int64).alias(LUMP_SUM),
        pl.when(has_children).then(top_up).otherwise(0).alias(TOP_UP),
        per_child.alias("per_child"),
    ).select(
        "household",
        *COUNTS,
        TOP_UP,
        (pl.col("per_child") + pl.col(TOP_UP) + pl.col(LUMP_SUM) * amounts[LUMP_SUM]).alias(
            "amount_centimes"
        ),
    )


def _count_children(measured: pl.DataFrame, members: pl.DataFrame, *, on: date) -> pl.DataFrame:
    """Return per household how many of its children fall under each amount."""
    widowed = (pl.col("head_sex") == Sex.FEMALE) & (pl.col("spouses") == 0)
    children = (
        with_ages(members, on=on)
        .filter(
            pl.col("kinship").is_in([Kinship.CHILD, Kinship.GRANDCHILD])
            & ~pl.col("head")
            & pl.col("age").is_between(0, CHILD_AGE_YEARS_MAX)
        )
        .sort("household", "birth_date", "birth_rank", "position", nulls_last=True)
        .with_columns(rank=pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over("household"))
        .filter(pl.col("rank") <= CHILDREN_MAX)
        .join(measured.select("household", widowed.alias("mother_widowed")), on="household")
    )
    counts = children.group_by("household").agg(
        pl.len().cast(pl.Int64).alias("children"),
        *(condition.sum().cast(pl.Int64).alias(name) for name, condition in _conditions().items()),
    )
    return (
        measured.select("household")
        .join(counts, on="household", how="left", maintain_order="left")
        .with_columns(pl.exclude("household").fill_null(0))
    )


def _conditions() -> dict[str, pl.Expr]:
    is_small = pl.col("age") <= SMALL_CHILD_AGE_YEARS_MAX
    is_schooled = pl.col("schooling") != Schooling.NONE
    is_early = pl.col("rank") <= EARLY_RANK_MAX
    # An orphan aged 6 to 20 not in school has no amount of its own in any source.
    is_orphan = pl.col("orphan_of_father") & pl.col("mother_widowed") & (is_small | is_schooled)
    return {
        "orphan": is_early & is_orphan,
        "child_aged_0_5": is_early & ~is_orphan & is_small,
        "child_in_school": is_early & ~is_orphan & ~is_small & is_schooled,
        "child_not_in_school": is_early & ~is_small & ~is_schooled,
        "later_child": ~is_early & (is_small | is_schooled),
        "later_child_not_in_school": ~is_early & ~is_small & ~is_schooled,
        "severe_disability": pl.col("severe_disability"),
    }
