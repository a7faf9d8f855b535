"""The same options give the same bytes, and one option does not disturb another."""

import hashlib
from collections.abc import Callable

from tests.simulators.population.populations import Population

Generate = Callable[..., Population]
OPTIONS = ("--households", "300", "--dirty", "0.4", "--months", "2")


def contents(population: Population) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in population.folder.iterdir()}


def test_a_seed_gives_the_same_bytes_whatever_the_hash_seed(generate: Generate) -> None:
    first = generate(*OPTIONS, "--seed", "5", environment={"PYTHONHASHSEED": "1"})
    second = generate(*OPTIONS, "--seed", "5", environment={"PYTHONHASHSEED": "2"})
    assert contents(first) == contents(second)


def test_another_seed_gives_another_country(generate: Generate) -> None:
    first, second = (generate(*OPTIONS, "--seed", seed) for seed in ("5", "6"))
    assert first.persons().keys().isdisjoint(second.persons().keys())


def test_a_larger_country_begins_like_a_smaller_one(generate: Generate) -> None:
    small = generate("--households", "50", "--seed", "5")
    large = generate("--households", "80", "--seed", "5")
    assert large.lines()[: len(small.lines())] == small.lines()


def test_months_do_not_disturb_the_population(generate: Generate) -> None:
    still = generate("--households", "200", "--seed", "5")
    moving = generate("--households", "200", "--seed", "5", "--months", "4")
    assert contents(still)["population.jsonl"] == contents(moving)["population.jsonl"]


def test_dirt_touches_only_what_the_truth_names(generate: Generate) -> None:
    clean = generate("--households", "300", "--seed", "5").persons()
    dirty = generate("--households", "300", "--seed", "5", "--dirty", "0.4")
    named = {
        idcs
        for truth in dirty.lines("truth.jsonl")
        for idcs in ([truth["idcs"]] if isinstance(truth["idcs"], str) else truth["idcs"])
    }
    changed = {idcs for idcs, person in dirty.persons().items() if clean.get(idcs) != person}
    assert changed
    assert changed <= named


def test_the_manifest_tells_the_digest_and_counts_of_each_file(generate: Generate) -> None:
    population = generate(*OPTIONS, "--seed", "5")
    manifest, files = population.manifest, contents(population)
    assert set(manifest["files"]) == set(files) - {"manifest.json"}
    for name, described in manifest["files"].items():
        assert described["sha256"] == hashlib.sha256(files[name]).hexdigest()
        assert described["bytes"] == len(files[name])
        assert described["lines"] == files[name].count(b"\n")
    assert manifest["counts"]["persons"] == len(population.persons())
    assert manifest["counts"]["households"] == len(population.households())
    assert manifest["seed"] == 5
