"""Sealed columns tell a thief nothing and do not move."""

from pathlib import Path

import pytest

from shared.runtime.ids import new_id
from shared.runtime.keys import (
    MissingKeyError,
    activate_key,
    add_key,
    load_key_ring,
    make_key,
    remove_key,
)
from shared.storage.sealed import (
    UnsealError,
    load_sealed_columns,
    make_column_keys,
    sealed_prefix,
    sealing_key_id,
)

PHONE = "+212600000001"
PLACE = {"table": "contact", "column": "phone"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with a service's keys."""
    make_column_keys(tmp_path)
    return tmp_path


def test_a_sealed_value_opens_in_its_own_place(folder: Path) -> None:
    sealed, row_id = load_sealed_columns(folder), new_id()
    assert (
        sealed.unseal(sealed.seal(PHONE, row_id=row_id, **PLACE), row_id=row_id, **PLACE) == PHONE
    )


def test_equal_values_look_different_and_have_equal_blind_indexes(folder: Path) -> None:
    sealed, row_id = load_sealed_columns(folder), new_id()
    assert sealed.seal(PHONE, row_id=row_id, **PLACE) != sealed.seal(PHONE, row_id=row_id, **PLACE)
    assert sealed.blind("phone", PHONE) == sealed.blind("phone", PHONE)


def test_each_field_is_indexed_with_a_key_of_its_own(folder: Path) -> None:
    sealed = load_sealed_columns(folder)
    assert sealed.blind("phone", PHONE) != sealed.blind("account", PHONE)


@pytest.mark.parametrize("place", [{"table": "other"}, {"column": "other"}, {"row_id": new_id()}])
def test_a_value_moved_elsewhere_does_not_open(folder: Path, place: dict[str, object]) -> None:
    sealed, row_id = load_sealed_columns(folder), new_id()
    value = sealed.seal(PHONE, row_id=row_id, **PLACE)
    elsewhere = {**PLACE, "row_id": row_id, **place}
    with pytest.raises(UnsealError):
        sealed.unseal(value, **elsewhere)  # type: ignore[arg-type] # places of several types


@pytest.mark.parametrize("position", [0, 1, 5, 20, -1])
def test_an_altered_value_does_not_open(folder: Path, position: int) -> None:
    sealed, row_id = load_sealed_columns(folder), new_id()
    value = bytearray(sealed.seal(PHONE, row_id=row_id, **PLACE))
    value[position] ^= 1
    with pytest.raises(UnsealError):
        sealed.unseal(bytes(value), row_id=row_id, **PLACE)


def test_after_a_rotation_new_values_use_the_new_key_and_old_ones_still_open(folder: Path) -> None:
    row_id = new_id()
    old = load_sealed_columns(folder).seal(PHONE, row_id=row_id, **PLACE)
    make_key(folder / "columns", "k2")
    rotated = load_sealed_columns(folder)
    new = rotated.seal(PHONE, row_id=row_id, **PLACE)
    assert b"k2" in new[:5]
    assert rotated.unseal(old, row_id=row_id, **PLACE) == PHONE
    (folder / "columns" / "k1.key").unlink()
    with pytest.raises(UnsealError):
        load_sealed_columns(folder).unseal(old, row_id=row_id, **PLACE)


def test_a_version_that_was_retired_opens_nothing_in_a_process_that_runs_on(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.runtime.keys.LOOK_AGAIN_SECONDS", 0.0)
    sealed, row_id = load_sealed_columns(folder), new_id()
    old = sealed.seal(PHONE, row_id=row_id, **PLACE)
    activate_key(folder / "columns", add_key(folder / "columns"))
    assert sealed.unseal(old, row_id=row_id, **PLACE) == PHONE
    remove_key(folder / "columns", "k1")
    with pytest.raises(UnsealError):
        sealed.unseal(old, row_id=row_id, **PLACE)


def test_keys_are_readable_by_their_owner_alone_and_never_overwritten(tmp_path: Path) -> None:
    make_key(tmp_path)
    before = (tmp_path / "k1.key").read_text()
    make_key(tmp_path)
    assert (tmp_path / "k1.key").read_text() == before
    assert (tmp_path / "k1.key").stat().st_mode & 0o777 == 0o600


def test_a_folder_without_keys_stops_the_process(tmp_path: Path) -> None:
    with pytest.raises(MissingKeyError):
        load_key_ring(tmp_path)


def test_a_key_ring_does_not_print_its_keys(tmp_path: Path) -> None:
    make_key(tmp_path)
    ring = load_key_ring(tmp_path)
    assert repr(ring.active)[2:10] not in repr(ring)


def test_while_two_index_keys_are_held_a_value_has_two_blind_indexes(folder: Path) -> None:
    before = load_sealed_columns(folder)
    activate_key(folder / "index", add_key(folder / "index"))
    during = load_sealed_columns(folder)
    assert before.blinds("phone", PHONE) == (before.blind("phone", PHONE),)
    assert during.blinds("phone", PHONE) == (
        during.blind("phone", PHONE),
        before.blind("phone", PHONE),
    )
    remove_key(folder / "index", "k1")
    assert load_sealed_columns(folder).blinds("phone", PHONE) == (during.blind("phone", PHONE),)


def test_a_process_opens_what_another_sealed_with_a_key_it_never_saw(folder: Path) -> None:
    slow, row_id = load_sealed_columns(folder), new_id()
    activate_key(folder / "columns", add_key(folder / "columns"))
    sealed = load_sealed_columns(folder).seal(PHONE, row_id=row_id, **PLACE)
    assert sealing_key_id(sealed) == "k2"
    assert sealed.startswith(sealed_prefix("k2"))
    assert slow.unseal(sealed, row_id=row_id, **PLACE) == PHONE


def test_a_key_nobody_holds_gives_no_field_key(folder: Path) -> None:
    with pytest.raises(UnsealError):
        load_sealed_columns(folder).field_key("phone", "k7")
