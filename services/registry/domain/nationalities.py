"""The nationalities that a person may have."""

import tomllib
from functools import cache
from importlib.resources import files


@cache
def nationalities() -> frozenset[str]:
    """Return every code: countries of ISO 3166-1 alpha-3, and the ways to have none of them."""
    text = files(__package__).joinpath("nationalities.toml").read_text("utf-8")
    listed = tomllib.loads(text)
    without_country = (f"XX{letter}" for letter in listed["without_country"].split())
    return frozenset([*listed["countries"].split(), *without_country])
