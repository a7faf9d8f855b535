"""What is decided on a household in which nobody lives any more: its rights end."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

import polars as pl

from services.eligibility.domain.outcomes import Outcomes, Terms
from services.eligibility.domain.vocabulary import DISSOLVED_COLUMNS, Outcome, Programme, Standing

DISSOLVED_REASONS: Mapping[Programme, str] = MappingProxyType(
    {programme: f"{programme}.household-dissolved" for programme in Programme}
)


def with_dissolved(
    outcomes: Outcomes,
    dissolved: pl.DataFrame,
    applications: pl.DataFrame,
    *,
    programmes: Iterable[Programme],
) -> Outcomes:
    """Return the outcomes of a chunk, and a refusal for each of its dissolved households.

    It is a decision where the household applied, and else ends the prospect.

    Args:
        outcomes: The result of `outcomes.decide` on the households that stand.
        dissolved: Columns `DISSOLVED_COLUMNS`.
        applications: `household` and `programme` of every application filed.
        programmes: The programmes to decide.
    """
    if dissolved.is_empty():
        return outcomes
    frames, terms = [outcomes.rows], list(outcomes.terms)
    for programme in programmes:
        applicants = applications.filter(pl.col("programme") == programme)["household"]
        applied = pl.col("household").is_in(applicants.implode())
        decision = len(terms)
        terms += [_refusal(programme, Standing.DECISION), _refusal(programme, Standing.PROSPECT)]
        frames.append(
            dissolved.select(
                "household",
                pl.lit(programme.value).alias("programme"),
                (pl.lit(decision, pl.Int64) + (~applied).cast(pl.Int64)).alias("terms"),
            )
        )
    return Outcomes(pl.concat(frames), tuple(terms))


def no_longer_standing(dissolved: pl.DataFrame, standing: pl.DataFrame) -> pl.DataFrame:
    """Return `household`, `region_code`, `fact_version`, `assessment_version` of the dissolved.

    Args:
        dissolved: Columns `DISSOLVED_COLUMNS`.
        standing: Columns `Standings.ASSESSMENT_COLUMNS` of the same chunk: the last index of a
            household stays its last.
    """
    return dissolved.join(standing, on="household", how="inner").select(
        *DISSOLVED_COLUMNS, "fact_version", pl.col("version").alias("assessment_version")
    )


def _refusal(programme: Programme, standing: Standing) -> Terms:
    return Terms(
        programme=programme,
        standing=standing,
        outcome=Outcome.REFUSED,
        reasons=(DISSOLVED_REASONS[programme],),
        components=(),
        amount_centimes=0,
    )
