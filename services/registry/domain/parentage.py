"""Who can be somebody's mother or father, as far as sex, age, death and her other children tell.

Sources:
    Family Code (law 70-03), art. 154: a child born within the year after its parents were parted is
    the father's. The other limits are assumptions; all of them are dated in `reviews.toml`.
"""

from collections.abc import Collection
from datetime import date, timedelta
from typing import NamedTuple

from services.registry.domain.households import full_years
from services.registry.domain.rejects import RejectCode
from services.registry.domain.reviews import value_in_force
from services.registry.domain.vocabulary import Sex

_SEX_OF = {"mother": Sex.FEMALE, "father": Sex.MALE}
PARENT_RELATIONS = frozenset(_SEX_OF)


class Parent(NamedTuple):
    """What is known of somebody who is to be a parent."""

    birth_date: date
    sex: str
    deceased_by: date | None = None
    """A day on which they were dead; None if they live."""


def parent_fault(relation: str, parent: Parent, *, born_on: date) -> RejectCode | None:
    """Return why somebody cannot be the mother or father of who was born on a day, if they cannot.

    Args:
        relation: `mother` or `father`; any other has no parent's limits.
        parent: Who is to be one.
        born_on: The birth date of the child.
    """
    if relation not in PARENT_RELATIONS:
        return None
    if parent.sex != _SEX_OF[relation]:
        return RejectCode.PARENT_SEX
    if full_years(parent.birth_date, on=born_on) < value_in_force("parent_age", on=born_on):
        return RejectCode.PARENT_TOO_YOUNG
    if parent.deceased_by is None:
        return None
    days = value_in_force("born_after_father", on=born_on) if relation == "father" else 0
    born_too_late = born_on - parent.deceased_by > timedelta(days=days)
    return RejectCode.PARENT_DECEASED if born_too_late else None


def births_fault(others: Collection[date], *, born_on: date) -> RejectCode | None:
    """Return why a mother of other children cannot have borne one on a day, if she cannot.

    It is asked of no child whose mother a judge names: twins may be born weeks apart.

    Args:
        others: The birth dates of her other children, as far as they are on file.
        born_on: The birth date of the child.
    """
    days_apart = [abs(born_on - other).days for other in others]
    span = value_in_force("birth_span", on=born_on)
    if any(span <= days < value_in_force("birth_interval", on=born_on) for days in days_apart):
        return RejectCode.BIRTHS_TOO_CLOSE
    together = sum(days < span for days in days_apart)
    too_many = together >= value_in_force("children_of_a_birth", on=born_on)
    return RejectCode.BIRTHS_TOO_MANY if too_many else None
