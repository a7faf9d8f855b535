"""Outcomes: who qualifies for which programme, with the reasons, and what it pays."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from functools import cached_property

import polars as pl

from services.eligibility.domain.entitlement import COUNTS, TOP_UP, entitle, schedule_on
from services.eligibility.domain.exact import index_units
from services.eligibility.domain.law import programme_parameters
from services.eligibility.domain.vocabulary import Outcome, Programme, Standing

DIGEST_BYTES = 16


@dataclass(frozen=True, slots=True)
class Component:
    """One line of a monthly amount: so many times so much, in centimes."""

    code: str
    count: int
    unit_centimes: int
    amount_centimes: int


@dataclass(frozen=True)
class Terms:
    """Everything that two outcomes of one household must share to be the same outcome."""

    programme: Programme
    standing: Standing
    outcome: Outcome
    reasons: tuple[str, ...]
    components: tuple[Component, ...]
    amount_centimes: int

    @cached_property
    def components_json(self) -> str:
        """Return the components as a JSON array."""
        return json.dumps([asdict(component) for component in self.components])

    @cached_property
    def digest(self) -> bytes:
        """Return 16 bytes by which versions of an outcome are compared."""
        told = [self.programme, self.standing, self.outcome, *self.reasons, self.components_json]
        return hashlib.blake2b("\n".join(told).encode(), digest_size=DIGEST_BYTES).digest()


@dataclass(frozen=True, slots=True)
class Outcomes:
    """The outcomes of a chunk: `rows` has `household`, `programme`, `terms` (place in `terms`)."""

    rows: pl.DataFrame
    terms: tuple[Terms, ...]


@dataclass(frozen=True, slots=True)
class Rules:
    """When a programme refuses, and what is said to those it takes; in the order people read."""

    refusals: Mapping[str, pl.Expr]
    grounds: Mapping[str, pl.Expr]


def threshold_units(programme: Programme, *, on: date) -> int:
    """Return the highest index, in units of 10^-10, that qualifies on a day."""
    return index_units(programme_parameters()[programme]["threshold"].on(on).value)


def decide(
    assessed: pl.DataFrame,
    members: pl.DataFrame,
    applications: pl.DataFrame,
    *,
    on: date,
    months: Mapping[Programme, date],
) -> Outcomes:
    """Return the outcome of every household for every programme in `months`.

    Args:
        assessed: The result of `index.assess`.
        members: Columns `MEMBER_COLUMNS` of the same chunk.
        applications: `household` and `programme` of every application filed.
        on: The day of assessment: thresholds of that day, ages on that day.
        months: The first month of effect for each programme to decide: amounts of that month.

    Raises:
        NoValueInForceError: A programme had no threshold or amount yet.
    """
    frames: list[pl.DataFrame] = []
    terms: list[Terms] = []
    for programme, month in months.items():
        judged = _judge(programme, assessed, members, on=on, month=month)
        applicants = applications.filter(pl.col("programme") == programme)["household"]
        judged = judged.with_columns(applied=pl.col("household").is_in(applicants.implode()))
        keys = [column for column in judged.columns if column != "household"]
        kinds = judged.select(keys).unique().with_row_index("terms", offset=len(terms))
        terms.extend(_terms(programme, kind, month=month) for kind in kinds.to_dicts())
        frames.append(
            judged.join(kinds, on=keys, how="inner", maintain_order="left").select(
                "household",
                pl.lit(programme.value).alias("programme"),
                pl.col("terms").cast(pl.Int64),
            )
        )
    return Outcomes(pl.concat(frames), tuple(terms))


def _judge(
    programme: Programme,
    assessed: pl.DataFrame,
    members: pl.DataFrame,
    *,
    on: date,
    month: date,
) -> pl.DataFrame:
    """Return `household`, its `reasons` as bits, and what it would be paid."""
    limit = threshold_units(programme, on=on)
    if programme is Programme.AMO_TADAMON:
        return assessed.select("household", _reason_bits(_amo_tadamon_rules(limit)))
    entitled = entitle(assessed, members, on=on, month=month)
    judged = assessed.join(entitled, on="household", how="inner", maintain_order="left")
    rules = _asd_rules(limit)
    is_refused = pl.any_horizontal(rules.refusals.values())
    return judged.select(
        "household",
        _reason_bits(rules),
        *(
            pl.when(is_refused).then(0).otherwise(pl.col(name)).alias(name)
            for name in (*COUNTS, TOP_UP)
        ),
    )


def _asd_rules(limit: int) -> Rules:
    return Rules(
        refusals={
            "asd.index-above-threshold": pl.col("index_units") > limit,
            "asd.public-employee": pl.col("public_employees") > 0,
            "asd.pension": pl.col("pensioners") > 0,
            "asd.family-allowances": pl.col("family_allowances"),
        },
        grounds={
            "asd.index-within-threshold": pl.col("index_units") <= limit,
            "asd.child-aid": pl.col("lump_sum") == 0,
            "asd.minimum-applied": pl.col(TOP_UP) > 0,
            "asd.lump-sum-aid": pl.col("lump_sum") > 0,
        },
    )


def _amo_tadamon_rules(limit: int) -> Rules:
    return Rules(
        refusals={
            "amo_tadamon.index-above-threshold": pl.col("index_units") > limit,
            "amo_tadamon.other-health-cover": pl.col("couple_covered_elsewhere") > 0,
        },
        grounds={"amo_tadamon.index-within-threshold": pl.col("index_units") <= limit},
    )


_UNLIMITED = 0
REASON_CODES: Mapping[Programme, tuple[tuple[str, ...], tuple[str, ...]]] = {
    programme: (tuple(rules.refusals), tuple(rules.grounds))
    for programme, rules in (
        (Programme.ASD, _asd_rules(_UNLIMITED)),
        (Programme.AMO_TADAMON, _amo_tadamon_rules(_UNLIMITED)),
    )
}


def _reason_bits(rules: Rules) -> pl.Expr:
    """Return one bit per reason: the refusals that hold, or else the grounds that hold."""
    is_refused = pl.any_horizontal(rules.refusals.values())
    flags = [
        *rules.refusals.values(),
        *(~is_refused & ground for ground in rules.grounds.values()),
    ]
    bits = [flag.cast(pl.Int64) * (1 << place) for place, flag in enumerate(flags)]
    return pl.sum_horizontal(bits).alias("reasons")


def _terms(programme: Programme, kind: Mapping[str, int], *, month: date) -> Terms:
    refusals, grounds = REASON_CODES[programme]
    reasons = _reasons((*refusals, *grounds), kind["reasons"])
    components = _components(kind, month=month) if programme is Programme.ASD else ()
    return Terms(
        programme=programme,
        standing=Standing.DECISION if kind["applied"] else Standing.PROSPECT,
        outcome=Outcome.REFUSED if set(reasons) & set(refusals) else Outcome.ELIGIBLE,
        reasons=reasons,
        components=components,
        amount_centimes=sum(component.amount_centimes for component in components),
    )


def _reasons(codes: Sequence[str], bits: int) -> tuple[str, ...]:
    return tuple(code for place, code in enumerate(codes) if bits & (1 << place))


def _components(kind: Mapping[str, int], *, month: date) -> tuple[Component, ...]:
    amounts = schedule_on(month)
    lines = [(name, kind[name], amounts[name]) for name in COUNTS]
    lines.append((TOP_UP, 1, kind[TOP_UP]))
    return tuple(
        Component(f"{Programme.ASD}.{name.replace('_', '-')}", count, unit, count * unit)
        for name, count, unit in lines
        if count * unit > 0
    )
