"""The gateway says who may state a purpose, the registry what entitles to it: of the same ones."""

import tomllib
from typing import Any

from tests.architecture.tidy import REPOSITORY


def purposes_of(path: str) -> dict[str, dict[str, Any]]:
    """Return the purposes that a file of a service lists."""
    document: dict[str, Any] = tomllib.loads((REPOSITORY / path).read_text("utf-8"))
    listed: dict[str, dict[str, Any]] = document["purposes"]
    return listed


GATEWAY = purposes_of("services/gateway/domain/roles.toml")
REGISTRY = purposes_of("services/registry/domain/purposes.toml")


def test_both_know_the_same_purposes() -> None:
    assert set(GATEWAY) == set(REGISTRY)


def test_both_say_them_in_the_same_words() -> None:
    told = {
        code: {language: entry[language] for language in ("en", "fr", "ar")}
        for code, entry in REGISTRY.items()
    }
    assert told == GATEWAY
