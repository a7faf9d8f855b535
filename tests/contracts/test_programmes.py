"""A household applies in the registry for what eligibility decides on, and for nothing else."""

from services.eligibility.domain import vocabulary as eligibility
from services.registry.domain import vocabulary as registry


def test_a_household_can_apply_for_what_is_decided_on_and_for_nothing_else() -> None:
    assert {str(one) for one in registry.Programme} == {str(one) for one in eligibility.Programme}
