"""What a handset receives is what was written, whatever the text."""

import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifications.domain.gsm_alphabet import (
    SEPTETS,
    NotGsmError,
    decode_septets,
    fits_gsm,
)
from services.notifications.domain.segmentation import (
    PART_OCTETS_MAX,
    PARTS_MAX,
    Encoding,
    Part,
    TextTooLongError,
    segment,
)

REFERENCE = 77
MARK = "\u064f"
EMOJI = "😀"

gsm_texts = st.text(alphabet=sorted(SEPTETS), min_size=1, max_size=153 * PARTS_MAX // 2)
any_texts = st.text(
    alphabet=st.one_of(
        st.sampled_from("سلام عليكم ابتداء من 2026، é ç € 😀 👍 ⵣ" + MARK + "\u0301\ufe0f"),
        st.characters(exclude_categories=["Cs"]),
    ),
    min_size=1,
    max_size=300,
)


def is_mark(character: str) -> bool:
    return unicodedata.category(character).startswith("M")


def joined(parts: tuple[Part, ...]) -> str:
    return "".join(part.text for part in parts)


@given(st.one_of(gsm_texts, any_texts))
def test_the_parts_together_say_exactly_the_text(text: str) -> None:
    assert joined(segment(text, reference=REFERENCE)) == text


@given(st.one_of(gsm_texts, any_texts))
def test_no_part_exceeds_140_octets_on_air_with_its_header(text: str) -> None:
    parts = segment(text, reference=REFERENCE)
    assert all(0 < part.octets_on_air <= PART_OCTETS_MAX for part in parts)


@given(any_texts)
def test_no_part_begins_with_half_a_character_or_a_stray_mark(text: str) -> None:
    parts = segment(text, reference=REFERENCE)
    for before, part in pairwise(parts):
        if part.encoding is Encoding.UCS2:
            assert not 0xDC <= part.payload[0] <= 0xDF
            # Only marks that overfill a part on their own may be cut from their letter.
            assert not is_mark(part.text[0]) or all(map(is_mark, before.text[1:]))


@given(any_texts)
def test_an_octet_reader_that_knows_nothing_of_us_reads_the_same_text(text: str) -> None:
    parts = segment(text, reference=REFERENCE)
    octets = b"".join(part.payload for part in parts)
    if parts[0].encoding is Encoding.UCS2:
        assert octets.decode("utf-16-be") == text
    else:
        assert decode_septets(octets) == text


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("س" * 70, 1),
        ("س" * 71, 2),
        ("س" * 134, 2),
        ("س" * 135, 3),
        ("Votre aide de 500 DH est versée à votre compte.", 1),
    ],
)
def test_parts_hold_160_or_153_septets_and_70_or_67_units(text: str, parts: int) -> None:
    assert len(segment(text, reference=REFERENCE)) == parts


def test_an_escape_pair_is_never_cut() -> None:
    first, second = segment("a" * 152 + "€" + "b" * 20, reference=REFERENCE)
    assert first.text == "a" * 152
    assert second.text == "€" + "b" * 20


def test_a_surrogate_pair_is_never_cut() -> None:
    first, second = segment("س" * 66 + EMOJI + "س" * 20, reference=REFERENCE)
    assert first.text == "س" * 66
    assert second.text.startswith(EMOJI)


def test_a_letter_keeps_its_marks() -> None:
    first, second = segment("س" * 66 + "ب" + MARK + "س" * 20, reference=REFERENCE)
    assert first.text == "س" * 66
    assert second.text.startswith("ب" + MARK)


def test_marks_that_overfill_a_part_are_cut_rather_than_lost() -> None:
    text = "ب" + MARK * 150
    assert joined(segment(text, reference=REFERENCE)) == text


def test_the_header_numbers_the_parts_under_one_reference() -> None:
    parts = segment("س" * 200, reference=REFERENCE)
    assert [part.header for part in parts] == [
        bytes((5, 0, 3, REFERENCE, 3, number)) for number in (1, 2, 3)
    ]


def test_a_single_part_needs_no_header() -> None:
    (part,) = segment("Bonjour", reference=REFERENCE)
    assert part.header == b""


def test_a_text_beyond_the_most_parts_is_refused() -> None:
    segment("a" * 153 * PARTS_MAX, reference=REFERENCE)
    with pytest.raises(TextTooLongError):
        segment("a" * (153 * PARTS_MAX + 1), reference=REFERENCE)


@pytest.mark.parametrize("character", "çêâîôûëïÀœ’«\u00a0\u202f")
def test_these_characters_are_outside_the_gsm_alphabet(character: str) -> None:
    assert not fits_gsm(character)


def test_the_alphabet_has_127_basic_and_10_escaped_characters() -> None:
    widths = [len(septets) for septets in SEPTETS.values()]
    assert (widths.count(1), widths.count(2)) == (127, 10)


@pytest.mark.parametrize("septets", [b"\x1b", b"\x1b\x00", b"\x80"])
def test_septets_that_spell_nothing_are_refused(septets: bytes) -> None:
    with pytest.raises(NotGsmError):
        decode_septets(septets)
