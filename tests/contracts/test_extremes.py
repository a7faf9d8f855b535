"""What the registry accepts at the edge of its rules, its consumers accept too.

Else a household would be on file and never assessed, paid or told.
"""

from pathlib import Path
from typing import Any

from services.registry.domain.line_fields import (
    ACCOUNT_NAME_CHARACTERS_MAX,
    COUNT_MAX,
    FAMILY_NUCLEI_MAX,
    LIVESTOCK_MAX,
    SPENDING_YEARLY_CENTIMES_MAX,
    VALUE_CHARACTERS_MAX,
    VALUE_NUMBER_MAX,
)
from services.registry.domain.lines import ATTESTATIONS_MAX, MEMBERS_MAX
from services.registry.domain.vocabulary import Programme
from shared.messaging.envelope import read_envelope
from shared.messaging.in_process import InProcessBroker
from shared.testing.databases import DatabaseFactory
from shared.testing.fixed_clock import FixedClock
from shared.testing.tokens import Issuer
from tests.contracts.house import SERVICES, consumed
from tests.journeys.registry_house import registry_house
from tests.services.registry.declaring import FACTS, a_household, a_member, a_person, an_idcs

PEOPLE = range(1, MEMBERS_MAX + 1)


def at_the_edge(value: object, most: int) -> object:
    """Return a fact at its upper edge; what is no number stays."""
    return most if type(value) is int else value


def an_extreme_household() -> dict[str, Any]:
    """Return a household in which everything stands at its upper edge."""
    edges = {
        "family_nuclei": FAMILY_NUCLEI_MAX,
        "cows": LIVESTOCK_MAX,
        "butane_yearly_centimes": SPENDING_YEARLY_CENTIMES_MAX,
        "water_electricity_yearly_centimes": SPENDING_YEARLY_CENTIMES_MAX,
        "phone_internet_yearly_centimes": SPENDING_YEARLY_CENTIMES_MAX,
    }
    head, *others = PEOPLE
    values = (True, "x" * VALUE_CHARACTERS_MAX, VALUE_NUMBER_MAX, -VALUE_NUMBER_MAX)
    members = [
        a_member(head, kinship="head", head=True, declarant=True, birth_rank=None),
        *(a_member(other, birth_rank=COUNT_MAX) for other in others),
    ]
    attestations = [
        {
            "idcs": an_idcs(PEOPLE[place % MEMBERS_MAX]),
            "fact": "f" + "a" * (VALUE_CHARACTERS_MAX - 3) + f"{place:02d}",
            "value": values[place % len(values)],
            "source": "s" * VALUE_CHARACTERS_MAX,
            "valid_from": "1890-01-01",
        }
        for place in range(ATTESTATIONS_MAX)
    ]
    household = a_household(1, list(PEOPLE))
    return household | {
        "reference": "R" * 40,
        "members": members,
        "facts": {name: at_the_edge(value, COUNT_MAX) for name, value in FACTS.items()} | edges,
        "attestations": attestations,
        "applications": [
            {"programme": programme, "applied_on": "1890-01-01"} for programme in Programme
        ],
        "payee_account": {
            **household["payee_account"],
            "name_latin": "A" * ACCOUNT_NAME_CHARACTERS_MAX,
        },
    }


async def test_consumers_accept_the_extremes_of_the_registry(
    databases: DatabaseFactory,
    broker: InProcessBroker,
    clock: FixedClock,
    keys: Path,
    issuer: Issuer,
) -> None:
    async with registry_house(databases, broker, clock, keys=keys, issuer=issuer) as house:
        await house.register(*map(a_person, PEOPLE), an_extreme_household())
        bodies = await house.databases.rows("SELECT body FROM outbox")
    envelopes = [read_envelope(bytes(row["body"])) for row in bodies]
    read = [
        (name, event) for name in SERVICES for event in envelopes if event.type in consumed(name)
    ]
    for service, envelope in read:
        for item in envelope.data.items:
            consumed(service)[envelope.type].model_validate(item)
    accepted = {service for service, _ in read}
    assert accepted >= {"eligibility", "payments", "notifications"}
