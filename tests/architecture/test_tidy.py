"""Every file of the repository keeps every rule of the house."""

from collections.abc import Iterator

import pytest

from tests.architecture.tidy import RULES, Rule, Source, repository_sources


@pytest.fixture(scope="module")
def sources() -> list[Source]:
    return repository_sources()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: str(rule.__name__))
def test_the_repository_keeps_the_rule(rule: Rule, sources: list[Source]) -> None:
    violations = list(_violations(rule, sources))

    assert not violations, f"{rule.__doc__}\n" + "\n".join(violations)


def test_the_walk_sees_the_code_it_judges(sources: list[Source]) -> None:
    paths = {str(source.path) for source in sources}

    assert {"pyproject.toml", "Makefile", "requirements.lock", "shared/__init__.py"} <= paths


def _violations(rule: Rule, sources: list[Source]) -> Iterator[str]:
    for source in sources:
        for violation in rule(source):
            yield f"{source.path}: {violation}"
