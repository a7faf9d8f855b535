"""The index of a chunk of households: an exact whole number in units of 10^-10."""

from datetime import date

import polars as pl

from services.eligibility.domain.formula import Formula, Model, formula_on
from services.eligibility.domain.variables import measure, variables_of


def score(variables: pl.DataFrame, model: Model) -> pl.DataFrame:
    """Return `household` and `index_units` (10^-10) of households of one milieu.

    Args:
        variables: `household`, `region_code` and every variable of the model, in Int64 units.
        model: The model of that milieu.

    Raises:
        polars.exceptions.InvalidOperationError: A region has no term in the model.
    """
    terms = [
        pl.col(variable.code) * variable.units_per_step
        for variable in model.variables
        if variable.coefficient is not None
    ]
    region = pl.col("region_code").replace_strict(dict(model.region_units), return_dtype=pl.Int64)
    total = pl.sum_horizontal(pl.lit(model.constant_units, pl.Int64), region, *terms)
    return variables.select("household", total.alias("index_units"))


def assess(households: pl.DataFrame, members: pl.DataFrame, *, on: date) -> pl.DataFrame:
    """Return what was measured of every household, with its `index_units` and `formula_version`.

    Args:
        households: Columns `HOUSEHOLD_COLUMNS`.
        members: Columns `MEMBER_COLUMNS`; every household has at least one, and one head.
        on: The day of assessment, in Casablanca.

    Raises:
        NoValueInForceError: No formula is known for that day.
    """
    formula = formula_on(on)
    measured = measure(households, members, on=on)
    return measured.join(
        _scores(measured, formula), on="household", how="inner", maintain_order="left"
    ).with_columns(formula_version=pl.lit(formula.version))


def _scores(measured: pl.DataFrame, formula: Formula) -> pl.DataFrame:
    return pl.concat(
        [score(variables_of(measured, milieu), model) for milieu, model in formula.models.items()]
    )
