"""A subscription is a question asked for ever: it stays within the policy of each moment."""

from datetime import timedelta
from typing import Any

import pytest

from services.registry.domain.dci_conditions import Fault
from services.registry.domain.dci_contract import Reason, Refusal
from services.registry.domain.policies import Attribute
from services.registry.use_cases.spend_quota import QuotaSpentError
from tests.services.registry.conftest import Registry
from tests.services.registry.declaring import RABAT, a_file, a_household, a_person, an_idcs
from tests.services.registry.following import DCI, Following, add_newborn, wanted, who
from tests.services.registry.partners import HOSPITAL, agree_on


@pytest.fixture
async def following(registry: Registry) -> Following:
    """Return a registry with a family in Tangier and a partner who may be told everything."""
    people = (a_person(1), a_person(2, sex="M"), a_household(1, [1, 2]))
    await registry.load(a_file(*people), key="before")
    await agree_on(registry, told=frozenset(Attribute), dci=DCI)
    following = Following(registry)
    await following.consume()
    registry.clock.move(timedelta(minutes=1))
    return following


async def test_without_batches_a_subscription_is_about_one_who_is_named(
    following: Following,
) -> None:
    await narrow(following, batch=False)
    one = wanted("NewHouseHoldMember", who(an_idcs(1)))
    two = {"search_text": {"$in": [an_idcs(1), an_idcs(2)]}}
    for wishes in (
        [wanted("NewHouseHoldMember")],
        [wanted("NewHouseHoldMember", {"sex": "f"})],
        [wanted("NewHouseHoldMember", two)],
        [one, one],
    ):
        answers = await following.subscribe(*wishes)
        refused = [answer for answer in answers if isinstance(answer, Refusal)]
        assert [answer.reason for answer in refused] == [Reason.NOTIFY_DETAILS_INVALID] * len(
            wishes
        )
        assert refused[0].message == Fault.BATCH_NOT_AGREED.refusal.message
    assert await following.registry.databases.value("SELECT count(*) FROM access_log") == 0
    await following.code(one)


async def test_who_is_named_in_subscriptions_counts_on_the_quota_of_the_day(
    following: Following,
) -> None:
    await narrow(following, quota_per_day=2)
    both = {"search_text": {"$in": [an_idcs(1), an_idcs(2)]}}
    await following.code(wanted("NewHouseHoldMember", both))
    for number in (1, 99):
        with pytest.raises(QuotaSpentError):
            await following.subscribe(wanted("NewHouseHoldMember", who(an_idcs(number))))
    # Who names nobody learns of nobody by subscribing.
    await following.code(wanted("NewHouseHoldMember"))


async def narrow(following: Following, **changes: Any) -> None:  # noqa: ANN401 -- any field
    """Change the partner's policy, which covers everything otherwise."""
    await agree_on(following.registry, **({"told": frozenset(Attribute), "dci": DCI} | changes))
    following.registry.worker.policies.forget(HOSPITAL)


@pytest.mark.parametrize(
    "changes",
    [{"batch": False}, {"told": frozenset(Attribute) - {Attribute.SEX}}],
    ids=["no questions about many", "not what the filter asks"],
)
async def test_what_a_policy_lets_nobody_ask_any_more_is_told_no_longer(
    following: Following, changes: dict[str, Any]
) -> None:
    await following.code(wanted("NewHouseHoldMember", {"sex": "f"}))
    await following.code(wanted("NewHouseHoldMember", who(an_idcs(1))))
    await add_newborn(following)
    assert len(await following.told()) == 2
    await narrow(following, **changes)
    await add_newborn(following, 10)
    # Who is named is followed as before.
    assert len(await following.told()) == 1


async def test_a_household_that_moved_beyond_the_subscribers_regions_is_told_of_no_longer(
    following: Following,
) -> None:
    await narrow(following, regions=("01",))
    reference = who("RSU-00000001", "RSU_HOUSEHOLD_ID")
    await following.code(wanted("REGISTER", reference, notify_record_type="Group"))
    registry = following.registry
    registry.clock.move(timedelta(minutes=1))
    moved = a_household(1, [1, 2], commune=RABAT, declared_on=registry.clock.today().isoformat())
    await registry.load(a_file(moved), key="move")
    assert await following.told() == []
    rows = await registry.databases.rows(
        "SELECT region_code FROM access_log WHERE action = 'dci-social-notify'"
    )
    assert rows == []
