"""Texts as handsets show them, however they were coded and cut."""

import pytest

from simulators.sms_centre.handset_text import decode_gsm7
from tests.simulators.sms_centre.conftest import RunningCentre
from tests.simulators.sms_centre.esme import concatenated

UDH = 0x40
ARABIC = "تم إيداع الدعم الاجتماعي المباشر في حسابكم البنكي."


def test_a_french_text_in_the_default_alphabet_arrives_as_written(centre: RunningCentre) -> None:
    # é è à ù € [ in the septets of TS 23.038
    septets = b"Vers\x05e \x04 \x7f \x06 500 \x1b\x65 \x1b\x3c"
    assert centre.bound().submit(septets).status == 0
    assert centre.texts() == ["Versée è à ù 500 € ["]


def test_an_arabic_text_in_ucs_2_arrives_as_written(centre: RunningCentre) -> None:
    assert centre.bound().submit(ARABIC.encode("utf-16-be"), data_coding=8).status == 0
    assert centre.texts() == [ARABIC]


@pytest.mark.parametrize("reference", [b"\x07", b"\x01\x07"])
def test_parts_are_joined_in_their_order_whenever_they_come(
    centre: RunningCentre, reference: bytes
) -> None:
    esme = centre.bound()
    parts = [ARABIC[n : n + 20].encode("utf-16-be") for n in range(0, len(ARABIC), 20)]
    for number in (3, 1, 2):
        data = concatenated(parts[number - 1], reference=reference, total=len(parts), number=number)
        assert esme.submit(data, data_coding=8, esm_class=UDH).status == 0
    assert centre.texts() == [ARABIC]
    assert centre.counts()["parts"] == 3


def test_texts_to_two_handsets_under_one_reference_are_kept_apart(centre: RunningCentre) -> None:
    esme = centre.bound()
    for number in (1, 2):
        for destination in ("212600000001", "212600000002"):
            data = concatenated(
                f"{destination[-1]}{number}".encode(), reference=b"\x21", total=2, number=number
            )
            esme.submit(data, esm_class=UDH, destination=destination)
    assert sorted(centre.texts()) == ["1112", "2122"]
    assert centre.counts()["handsets"] == 2


def test_a_reference_that_is_used_again_begins_another_text(centre: RunningCentre) -> None:
    esme = centre.bound()
    for text in (b"ab", b"cd"):
        for number in (1, 2):
            letter = text[number - 1 : number]
            data = concatenated(letter, reference=b"\xff", total=2, number=number)
            esme.submit(data, esm_class=UDH)
    assert centre.texts() == ["ab", "cd"]


def test_a_text_without_all_its_parts_is_counted_as_incomplete(centre: RunningCentre) -> None:
    data = concatenated(b"half", reference=b"\x22", total=2, number=1)
    centre.bound().submit(data, esm_class=UDH)
    counts = centre.counts()
    assert (counts["messages"], counts["incomplete"]) == (0, 1)


def test_a_surrogate_pair_cut_between_parts_is_not_mended(centre: RunningCentre) -> None:
    esme = centre.bound()
    units = "😀".encode("utf-16-be")
    for number in (1, 2):
        half = units[2 * number - 2 : 2 * number]
        data = concatenated(half, reference=b"\x23", total=2, number=number)
        esme.submit(data, data_coding=8, esm_class=UDH)
    assert centre.texts() == ["\ufffd\ufffd"]


@pytest.mark.parametrize(
    ("octets", "coding", "fits"),
    [(160, 0, True), (161, 0, False), (140, 8, True), (142, 8, False), (141, 3, False)],
)
def test_a_short_message_holds_160_septets_or_140_octets(
    centre: RunningCentre, octets: int, coding: int, *, fits: bool
) -> None:
    answer = centre.bound().submit(b"a" * octets, data_coding=coding)
    assert answer.status == (0 if fits else 0x01)
    assert centre.counts()["parts"] == int(fits)


@pytest.mark.parametrize(("septets", "fits"), [(153, True), (154, False)])
def test_a_part_of_a_longer_text_holds_153_septets(
    centre: RunningCentre, septets: int, *, fits: bool
) -> None:
    data = concatenated(b"a" * septets, reference=b"\x24", total=2, number=1)
    assert centre.bound().submit(data, esm_class=UDH).status == (0 if fits else 0x01)


@pytest.mark.parametrize(
    ("data", "fields", "status"),
    [
        (b"x", {"data_coding": 4}, 0x45),
        (b"", {"esm_class": UDH}, 0x45),
        (b"\x09abc", {"esm_class": UDH}, 0x45),
        (b"\x05\x00\x03\x01\x02\x03hi", {"esm_class": UDH}, 0x45),
        (b"x", {"destination": "call me"}, 0x0B),
        (b"x", {"destination": ""}, 0x0B),
        (b"x", {"validity_period": "tomorrow"}, 0x62),
        (b"x", {"esm_class": 0x04}, 0x43),
        (b"x", {"length": 9}, 0xC2),
    ],
)
def test_a_submission_that_makes_no_sense_is_refused_with_its_status(
    centre: RunningCentre, data: bytes, fields: dict[str, int | str], status: int
) -> None:
    assert centre.bound().submit(data, **fields).status == status
    assert centre.counts()["parts"] == 0


def test_the_default_alphabet_has_one_letter_for_every_septet() -> None:
    letters = decode_gsm7(bytes(septet for septet in range(128) if septet != 0x1B))
    assert len(set(letters)) == 127
    assert "\ufffd" not in letters
    assert decode_gsm7(b"\x80\x1b\x00\x1b") == "\ufffd\ufffd\ufffd"


def test_texts_and_numbers_are_shown_to_who_has_the_password_alone(
    own_centre: RunningCentre,
) -> None:
    own_centre.bound().submit(b"private")
    anonymous = {"Authorization": "Bearer wrong"}
    assert own_centre.http.get("/v1/truth?texts=1", headers=anonymous).status_code == 401
    assert own_centre.http.get("/v1/faults", headers=anonymous).status_code == 401
    counts = own_centre.http.get("/v1/truth", headers=anonymous)
    assert counts.json()["messages"] == 1
    assert "private" not in counts.text
    assert "2126" not in counts.text


def test_texts_are_shown_in_pages(own_centre: RunningCentre) -> None:
    esme = own_centre.bound()
    for text in (b"one", b"two", b"three"):
        esme.submit(text)
    first = own_centre.http.get("/v1/truth?texts=1&limit=2").json()["texts"]
    rest = own_centre.http.get(f"/v1/truth?texts=1&after={first[-1]['text_id']}").json()["texts"]
    assert [text["text"] for text in first + rest] == ["one", "two", "three"]
    assert first[0]["number"] == "212612345678"
