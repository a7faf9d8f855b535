"""Populations to look at, each written once by the real program."""

from collections.abc import Callable

import pytest

from tests.simulators.population.populations import Population, run

Generate = Callable[..., Population]


@pytest.fixture(scope="session")
def generate(tmp_path_factory: pytest.TempPathFactory) -> Generate:
    def write(*options: str, environment: dict[str, str] | None = None) -> Population:
        folder = tmp_path_factory.mktemp("population")
        code, errors = run(*options, "--out", str(folder), environment=environment)
        assert code == 0, errors
        return Population(folder)

    return write


@pytest.fixture(scope="session")
def population(generate: Generate) -> Population:
    return generate("--households", "2500", "--seed", "7", "--months", "3")


@pytest.fixture(scope="session")
def dirty_population(generate: Generate) -> Population:
    return generate("--households", "3000", "--seed", "7", "--dirty", "0.2", "--months", "2")
