"""Names in requests: whatever can be on file can be asked for."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.registry.api.search import PersonSearch
from services.registry.api.verification_schemas import NameBody
from services.registry.domain import checks
from services.registry.domain.checks import Fault
from services.registry.domain.line_fields import NAME_CHARACTERS_MAX
from services.registry.domain.names import ARABIC_NAME, LATIN_NAME

PART = checks.text(characters_max=NAME_CHARACTERS_MAX)
SCRIPTS = pytest.mark.parametrize(
    ("on_file", "written"),
    [
        (checks.latin_name(PART), LATIN_NAME),
        (checks.arabic_name(PART), ARABIC_NAME),
    ],
)


def held(on_file: Callable[[object], str], text: str) -> bool:
    """Return whether a text passes a check."""
    try:
        return on_file(text) == text
    except Fault:
        return False


@SCRIPTS
@settings(max_examples=50)
@given(data=st.data())
def test_whatever_can_be_on_file_can_be_asked_for(
    on_file: Callable[[object], str], written: str, data: st.DataObject
) -> None:
    names = st.from_regex(written, fullmatch=True).filter(lambda text: held(on_file, text))
    first, family = data.draw(names), data.draw(names)
    body = NameBody(given=first, family=family)
    assert (body.given, body.family) == (first, family)
    whole = f"{first} {family}"
    assert PersonSearch(name=whole).name == whole


@pytest.mark.parametrize("letter", ["a", "س"])
def test_the_longest_name_on_file_can_be_asked_for(letter: str) -> None:
    on_file = checks.latin_name(PART) if letter.isascii() else checks.arabic_name(PART)
    longest = letter * NAME_CHARACTERS_MAX
    assert held(on_file, longest)
    assert not held(on_file, longest + letter)
    NameBody(given=longest, family=longest)
    PersonSearch(name=f"{longest} {longest}")
