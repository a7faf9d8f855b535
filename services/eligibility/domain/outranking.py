"""Attestations before declarations, for a chunk of households as columns."""

from datetime import date

import polars as pl

from services.eligibility.domain.attestations import AttestedFact, Subject, attestation_policy
from services.eligibility.domain.vocabulary import HOUSEHOLD_COLUMNS, MEMBER_COLUMNS

_RULE_COLUMNS = {"fact": pl.String, "source": pl.String, "value": pl.String, "rank": pl.Int64}
_TRUE = "true"


def outrank(
    households: pl.DataFrame, members: pl.DataFrame, attestations: pl.DataFrame, *, on: date
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return households and members with the facts that attestations in force put in their place.

    Args:
        households: Columns `HOUSEHOLD_COLUMNS`.
        members: Columns `MEMBER_COLUMNS`.
        attestations: Columns `ATTESTATION_COLUMNS`.
        on: The day of assessment, whose rules apply.
    """
    if attestations.is_empty():
        return households, members
    chosen = _chosen(attestations, on=on)
    for fact in attestation_policy().facts.values():
        attested = chosen.filter(pl.col("fact") == fact.name)
        if attested.is_empty():
            continue
        if fact.subject is Subject.MEMBER:
            members = _replaced(members, attested, fact, keys=["household", "position"])
        else:
            households = _replaced(households, attested, fact, keys=["household"])
    return households, members


def _chosen(attestations: pl.DataFrame, *, on: date) -> pl.DataFrame:
    """Return the one attestation that counts for each fact of a member, if any does."""
    rules = pl.DataFrame(
        [
            {"fact": rule.fact, "source": rule.source, "value": value, "rank": rule.rank}
            for rule in attestation_policy().on(on)
            for value in rule.values
        ],
        schema=_RULE_COLUMNS,
    )
    is_in_force = (pl.col("valid_from") <= on) & (
        pl.col("valid_to").is_null() | (pl.col("valid_to") >= on)
    )
    return (
        attestations.filter(is_in_force)
        .join(rules, on=["fact", "source", "value"], how="inner")
        .sort("valid_from", "rank", "place", descending=[True, False, True])
        .unique(subset=["household", "position", "fact"], keep="first", maintain_order=True)
    )


def _replaced(
    rows: pl.DataFrame, attested: pl.DataFrame, fact: AttestedFact, *, keys: list[str]
) -> pl.DataFrame:
    columns = MEMBER_COLUMNS if fact.subject is Subject.MEMBER else HOUSEHOLD_COLUMNS
    is_truth = columns[fact.name] is pl.Boolean
    value = (pl.col("value") == _TRUE) if is_truth else pl.col("value")
    # A household's fact holds as soon as it is attested of any of its members.
    values = attested.group_by(keys).agg(value.max().alias("attested"))
    return (
        rows.join(values, on=keys, how="left", maintain_order="left")
        .with_columns(pl.coalesce("attested", fact.name).alias(fact.name))
        .drop("attested")
    )
