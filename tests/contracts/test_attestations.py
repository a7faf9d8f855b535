"""What the registry takes from other administrations, and what eligibility does with it."""

import pytest

from services.eligibility.domain.attestations import attestation_policy
from services.registry.domain.attestations import sources

REPORTED = [(name, fact) for name, source in sources().items() for fact in sorted(source.facts)]


@pytest.mark.parametrize(("source", "fact"), REPORTED)
def test_a_rule_says_what_a_reported_fact_outranks(source: str, fact: str) -> None:
    rules = [(rule.source, rule.fact) for rule in attestation_policy().rules]
    assert (source, fact) in rules


def test_citizens_read_the_same_sources_in_both_services() -> None:
    named = attestation_policy().sources
    for code, source in sources().items():
        assert source.ar == named[code].ar
        assert source.fr.casefold() in named[code].fr.casefold()
