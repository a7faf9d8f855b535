"""Keys are added, used and forgotten while processes hold them."""

from pathlib import Path

import pytest

from shared.runtime.keys import (
    KeyInUseError,
    MissingKeyError,
    WatchedKeyRing,
    activate_key,
    add_key,
    load_key_ring,
    make_key,
    remove_key,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with one key."""
    make_key(tmp_path)
    return tmp_path


@pytest.fixture
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shared.runtime.keys.LOOK_AGAIN_SECONDS", 0.0)


def test_an_added_key_is_held_and_not_used_until_it_is_made_active(folder: Path) -> None:
    assert add_key(folder) == "k2"
    ring = load_key_ring(folder)
    assert (ring.active_id, ring.ids) == ("k1", ("k1", "k2"))
    activate_key(folder, "k2")
    assert load_key_ring(folder).ids == ("k2", "k1")


def test_without_a_word_on_it_the_newest_key_is_active(folder: Path) -> None:
    make_key(folder, "k10")
    make_key(folder, "k9")
    assert load_key_ring(folder).ids == ("k10", "k9", "k1")
    assert add_key(folder) == "k11"


def test_a_ring_asked_for_a_key_it_never_saw_looks_for_it_at_once(folder: Path) -> None:
    ring = WatchedKeyRing(folder)
    assert ring.get("k2") is None
    add_key(folder)
    assert ring.get("k2") == load_key_ring(folder).get("k2")


@pytest.mark.usefixtures("_impatient")
def test_a_ring_follows_its_folder(folder: Path) -> None:
    ring = WatchedKeyRing(folder)
    activate_key(folder, add_key(folder))
    assert ring.ring.active_id == "k2"
    remove_key(folder, "k1")
    assert ring.ring.ids == ("k2",)


@pytest.mark.usefixtures("_impatient")
def test_a_folder_that_is_swapped_under_a_ring_changes_nothing_until_it_is_whole(
    folder: Path,
) -> None:
    ring = WatchedKeyRing(folder)
    before = ring.ring.active
    (folder / "k1.key").rename(folder / "k1.moved")
    assert ring.ring.active == before
    (folder / "k2.key").write_text("c2hvcnQ=")
    assert ring.ring.active == before
    (folder / "k1.moved").rename(folder / "k1.key")
    (folder / "k2.key").unlink()
    assert ring.ring.ids == ("k1",)


def test_the_active_key_cannot_be_forgotten(folder: Path) -> None:
    with pytest.raises(KeyInUseError):
        remove_key(folder, "k1")
    assert load_key_ring(folder).ids == ("k1",)


def test_a_key_that_is_not_there_cannot_be_made_active(folder: Path) -> None:
    with pytest.raises(MissingKeyError):
        activate_key(folder, "k7")
    (folder / "active").write_text("k7\n")
    with pytest.raises(MissingKeyError):
        load_key_ring(folder)


def test_a_retired_first_key_does_not_come_back_as_another(folder: Path) -> None:
    activate_key(folder, add_key(folder))
    remove_key(folder, "k1")
    make_key(folder)
    assert load_key_ring(folder).ids == ("k2",)


def test_there_is_nothing_to_rotate_in_an_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(MissingKeyError):
        add_key(tmp_path)
