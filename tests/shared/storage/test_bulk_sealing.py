"""What is prepared for many rows gives what a single row gets."""

from pathlib import Path
from uuid import UUID

import pytest

from shared.runtime.keys import activate_key, add_key
from shared.storage.sealed import UnsealError, load_sealed_columns, make_column_keys

ROW = UUID(int=5)


def test_a_prepared_blind_index_is_the_blind_index(tmp_path: Path) -> None:
    make_column_keys(tmp_path)
    sealed = load_sealed_columns(tmp_path)
    blind = sealed.blinder("person.idcs")
    for value in ("", "4820193756", "سلمى", "x" * 500):
        assert blind(value) == sealed.blind("person.idcs", value)
    assert blind("1") != sealed.blinder("person.cnie")("1")


def test_a_prepared_blind_index_of_an_older_key_is_among_the_candidates(tmp_path: Path) -> None:
    make_column_keys(tmp_path)
    activate_key(tmp_path / "index", add_key(tmp_path / "index"))
    sealed = load_sealed_columns(tmp_path)
    blinds = [sealed.blinder("f", key_id=key_id)("v") for key_id in sealed.index_key_ids]
    assert tuple(blinds) == sealed.blinds("f", "v")


def test_what_is_sealed_in_bulk_opens_in_its_own_row_alone(tmp_path: Path) -> None:
    make_column_keys(tmp_path)
    sealed = load_sealed_columns(tmp_path)
    seal = sealed.sealer("t", "c")
    values = [seal(b"value", ROW.bytes) for _ in range(600)]
    assert len(set(values)) == len(values)
    for value in values[::100]:
        assert sealed.unseal_bytes(value, table="t", column="c", row_id=ROW) == b"value"
        with pytest.raises(UnsealError):
            sealed.unseal_bytes(value, table="t", column="c", row_id=UUID(int=6))
