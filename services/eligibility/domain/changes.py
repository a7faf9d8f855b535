"""What is new: assessments and outcomes compared with those that stand."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import ClassVar

import polars as pl

from services.eligibility.domain.dissolution import no_longer_standing
from services.eligibility.domain.outcomes import Outcomes, Terms
from services.eligibility.domain.vocabulary import Programme


@dataclass(frozen=True, slots=True)
class Standings:
    """What stands for a chunk of households; `household` is a place in the chunk.

    `assessments` has a row for every household on file (version 0: never assessed), with the
    newest version of its facts; `outcomes` one per household and programme that was ever decided.
    """

    assessments: pl.DataFrame
    outcomes: pl.DataFrame

    ASSESSMENT_COLUMNS: ClassVar[Mapping[str, type[pl.DataType]]] = MappingProxyType(
        {
            "household": pl.Int64,
            "fact_version": pl.Int64,
            "version": pl.Int64,
            "assessed_fact_version": pl.Int64,
            "assessed_milieu": pl.String,
            "assessed_formula_version": pl.String,
            "assessed_index_units": pl.Int64,
        }
    )
    OUTCOME_COLUMNS: ClassVar[Mapping[str, type[pl.DataType]]] = MappingProxyType(
        {
            "household": pl.Int64,
            "programme": pl.String,
            "version": pl.Int64,
            "terms_digest": pl.Binary,
            "effective_month": pl.Date,
        }
    )


@dataclass(frozen=True, slots=True)
class Changes:
    """The rows to append.

    `assessments`: `household`, `region_code`, `version`, `fact_version`, `milieu`,
    `formula_version`, `index_units`. `outcomes`: `household`, `region_code`, `programme`,
    `version`, `terms` (place in `terms`), `fact_version`, `assessment_version`.
    """

    assessments: pl.DataFrame
    outcomes: pl.DataFrame
    terms: tuple[Terms, ...]


def changes(
    assessed: pl.DataFrame,
    outcomes: Outcomes,
    standings: Standings,
    *,
    dissolved: pl.DataFrame,
    months: Mapping[Programme, date],
) -> Changes:
    """Return the assessments and outcomes that differ from those that stand.

    A household whose outcome already takes effect later than the month decided for is left as it
    is: it was decided after that month's cutoff, and stands for the month by what was decided
    before.

    Args:
        assessed: The result of `index.assess`.
        outcomes: The result of `outcomes.decide` on it, with those of `dissolved`.
        standings: What stands for the same chunk.
        dissolved: Columns `DISSOLVED_COLUMNS`: households that have an outcome and no new index.
        months: The first month of effect for each programme decided.
    """
    compared = assessed.join(standings.assessments, on="household", how="inner")
    is_new_index = pl.any_horizontal(
        pl.col("fact_version").ne_missing(pl.col("assessed_fact_version")),
        pl.col("milieu").ne_missing(pl.col("assessed_milieu")),
        pl.col("formula_version").ne_missing(pl.col("assessed_formula_version")),
        pl.col("index_units").ne_missing(pl.col("assessed_index_units")),
    )
    compared = compared.with_columns(
        is_new=is_new_index, version=pl.col("version") + is_new_index.cast(pl.Int64)
    )
    return Changes(
        assessments=compared.filter("is_new")
        .sort("household")
        .select(
            "household",
            "region_code",
            "version",
            "fact_version",
            "milieu",
            "formula_version",
            "index_units",
        ),
        outcomes=_changed_outcomes(
            _grounds(compared, dissolved, standings), outcomes, standings, months=months
        ),
        terms=outcomes.terms,
    )


def _grounds(compared: pl.DataFrame, dissolved: pl.DataFrame, standings: Standings) -> pl.DataFrame:
    """Return which version of the facts, and which index, the outcome of a household rests on."""
    assessed = compared.select(
        "household", "region_code", "fact_version", pl.col("version").alias("assessment_version")
    )
    return pl.concat([assessed, no_longer_standing(dissolved, standings.assessments)])


def _changed_outcomes(
    grounds: pl.DataFrame,
    outcomes: Outcomes,
    standings: Standings,
    *,
    months: Mapping[Programme, date],
) -> pl.DataFrame:
    digests = pl.DataFrame(
        {
            "terms": range(len(outcomes.terms)),
            "new_digest": [terms.digest for terms in outcomes.terms],
        },
        schema={"terms": pl.Int64, "new_digest": pl.Binary},
    )
    first_months = pl.DataFrame(
        {"programme": [str(programme) for programme in months], "month": list(months.values())},
        schema={"programme": pl.String, "month": pl.Date},
    )
    keys = ["household", "programme"]
    return (
        outcomes.rows.join(digests, on="terms")
        .join(first_months, on="programme")
        .join(standings.outcomes, on=keys, how="left")
        .filter(
            pl.col("new_digest").ne_missing(pl.col("terms_digest"))
            & (pl.col("effective_month").is_null() | (pl.col("effective_month") <= pl.col("month")))
        )
        .join(grounds, on="household")
        .sort(keys)
        .select(
            *keys,
            "region_code",
            pl.col("version").fill_null(0) + 1,
            "terms",
            "fact_version",
            "assessment_version",
        )
    )
