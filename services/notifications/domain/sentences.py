"""What a message says, first without a language, then in the household's.

A sentence names its template version and holds values that mean the same in every language. It is
kept with the message, so that a text can be written when the language becomes known, and an old
one can be explained.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from types import MappingProxyType

from services.notifications.domain.formatting import (
    dirhams,
    exact_number,
    month_name,
    short_date,
)
from services.notifications.domain.reasons import told_reasons
from services.notifications.domain.sending_rules import sending_rules
from services.notifications.domain.templates import TemplateError, newest, template
from services.notifications.domain.transforms import Language, transformed

TEXTS_REMEMBERED_MAX = 4096

Value = int | str | Sequence[str]
FixedValue = int | str | tuple[str, ...]
FixedSentence = tuple[str, int, tuple[tuple[str, FixedValue], ...]]


@dataclass(frozen=True, slots=True)
class Sentence:
    """One template version and the values that fill it, in no language yet."""

    key: str
    version: int
    values: Mapping[str, Value]

    @classmethod
    def of(cls, key: str, **values: Value) -> "Sentence":
        """Return a sentence in the newest version of a template."""
        return cls(key=key, version=newest(key).version, values=values)

    def document(self) -> dict[str, object]:
        """Return the sentence as JSON keeps it."""
        return {"key": self.key, "version": self.version, "values": dict(self.values)}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was decided on one programme, beside what the household had before.

    Amounts are centimes a month; `month` (`YYYY-MM`) is the first to which the decision applies.
    `was_eligible` is None when this is the first decision.
    """

    programme: str
    eligible: bool
    month: str
    amount_centimes: int
    reasons: tuple[str, ...]
    was_eligible: bool | None


def assessment_sentences(*, index: str, assessed_on: date) -> tuple[Sentence, ...]:
    """Return what a household is told when its index was computed.

    Args:
        index: The exact index as a decimal; it is told with every digit.
        assessed_on: The day it was computed.
    """
    return (Sentence.of("assessment.index", index=index, date=assessed_on.isoformat()),)


def decision_sentences(outcomes: Sequence[Outcome]) -> tuple[Sentence, ...]:
    """Return what a household is told of programmes decided together, in programme order."""
    in_order = sorted(outcomes, key=lambda outcome: outcome.programme, reverse=True)
    return tuple(sentence for outcome in in_order for sentence in _outcome_sentences(outcome))


def payment_sentences(
    programme: str, *, amount_centimes: int, month: str, fee_cap_centimes: int | None
) -> tuple[Sentence, ...]:
    """Return what a household is told when money was sent to its account.

    Args:
        programme: The programme that pays.
        amount_centimes: What was sent.
        month: The month it is for, `YYYY-MM`.
        fee_cap_centimes: The most that drawing it may cost; None where no cap is published.
    """
    stem = f"payment.{programme}.sent"
    if fee_cap_centimes is None:
        return (Sentence.of(f"{stem}-uncapped", amount=amount_centimes, month=month),)
    return (Sentence.of(stem, amount=amount_centimes, month=month, fee=fee_cap_centimes),)


def written(sentences: Sequence[Sentence], *, language: Language) -> str:
    """Return the text of a message as it is sent in `language`.

    Raises:
        TemplateError: A template, one of its values or its way of writing is unknown.
    """
    told = tuple((known.key, known.version, _fixed(known.values)) for known in sentences)
    return _written(told, language)


def _fixed(values: Mapping[str, Value]) -> tuple[tuple[str, FixedValue], ...]:
    return tuple(
        (name, value if isinstance(value, int | str) else tuple(value))
        for name, value in values.items()
    )


@lru_cache(maxsize=TEXTS_REMEMBERED_MAX)
def _written(told: tuple[FixedSentence, ...], language: Language) -> str:
    """Return a text that many households are told alike."""
    return transformed(
        ". ".join(
            _sentence_text(Sentence(key, version, dict(values)), language)
            for key, version, values in told
        ),
        language=language,
    )


def _outcome_sentences(outcome: Outcome) -> tuple[Sentence, ...]:
    stem = f"decision.{outcome.programme}"
    if not outcome.eligible:
        verb = "ended" if outcome.was_eligible else "refused"
        days = sending_rules().appeal_days[outcome.programme]
        values: dict[str, Value] = {"reasons": outcome.reasons, "days": days}
        if outcome.was_eligible:
            values["month"] = outcome.month
        return (Sentence.of(f"{stem}.{verb}", **values),)
    if outcome.programme != "asd":
        return (Sentence.of(f"{stem}.accepted", month=outcome.month),)
    verb = "changed" if outcome.was_eligible else "amount"
    amount = Sentence.of(f"{stem}.{verb}", amount=outcome.amount_centimes, month=outcome.month)
    return (amount,) if outcome.was_eligible else (Sentence.of(f"{stem}.accepted"), amount)


def _sentence_text(sentence: Sentence, language: Language) -> str:
    values = {}
    for name, value in sentence.values.items():
        write = _WRITERS.get(name)
        if write is None:
            message = f"No rule says how to write a value named {name}."
            raise TemplateError(message)
        values[name] = write(value, language)
    return template(sentence.key, version=sentence.version).fill(values, language=language)


def _listed(value: Value) -> Sequence[str]:
    return (value,) if isinstance(value, str | int) else value  # type: ignore[return-value]


_WRITERS: Mapping[str, Callable[[Value, Language], str]] = MappingProxyType(
    {
        "amount": lambda value, _: dirhams(int(str(value))),
        "fee": lambda value, _: dirhams(int(str(value))),
        "days": lambda value, _: str(value),
        "index": lambda value, _: exact_number(Decimal(str(value))),
        "date": lambda value, _: short_date(date.fromisoformat(str(value))),
        "month": lambda value, language: month_name(str(value), language=language),
        "reasons": lambda value, language: told_reasons(_listed(value), language=language),
    }
)
