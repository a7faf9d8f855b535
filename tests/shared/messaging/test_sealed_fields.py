"""A sealed field opens for the one consumer it was sealed for, in its own place."""

from pathlib import Path

import pytest

from shared.messaging.sealed_fields import SealedFields, UnsealFieldError, pair_folder
from shared.runtime.ids import new_id
from shared.runtime.keys import MissingKeyError, activate_key, add_key
from shared.testing.platforms import make_test_keys

PHONE = "+212600000001"
PLACE = {"event_type": "things.happened.v1", "field": "phone"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return the keys that two services share."""
    make_test_keys(tmp_path, "sender", "receiver")
    return tmp_path


def test_the_receiver_opens_what_the_sender_sealed(folder: Path) -> None:
    subject = new_id()
    sealed = SealedFields("sender", folder).seal(PHONE, to="receiver", subject=subject, **PLACE)
    assert PHONE not in sealed
    opened = SealedFields("receiver", folder).unseal(
        sealed, sender="sender", subject=subject, **PLACE
    )
    assert opened == PHONE


@pytest.mark.parametrize(
    "place", [{"subject": new_id()}, {"field": "account"}, {"event_type": "things.other.v1"}]
)
def test_a_field_copied_elsewhere_does_not_open(folder: Path, place: dict[str, object]) -> None:
    subject = new_id()
    sealed = SealedFields("sender", folder).seal(PHONE, to="receiver", subject=subject, **PLACE)
    elsewhere = {"subject": subject, **PLACE, **place}
    with pytest.raises(UnsealFieldError):
        SealedFields("receiver", folder).unseal(sealed, sender="sender", **elsewhere)  # type: ignore[arg-type] # places of several types


@pytest.mark.parametrize("sealed", ["", "v1.k1", "v1.k1.!!", "v2.k1.AAAA", "v1.k9.AAAA", "v1.k1."])
def test_what_was_never_sealed_does_not_open(folder: Path, sealed: str) -> None:
    with pytest.raises(UnsealFieldError):
        SealedFields("receiver", folder).unseal(sealed, sender="sender", subject=new_id(), **PLACE)


def test_a_service_without_the_key_opens_nothing(folder: Path) -> None:
    subject = new_id()
    sealed = SealedFields("sender", folder).seal(PHONE, to="receiver", subject=subject, **PLACE)
    stranger = SealedFields("stranger", folder)
    with pytest.raises(MissingKeyError):
        stranger.unseal(sealed, sender="sender", subject=subject, **PLACE)


def test_a_key_of_two_services_rotates_while_both_run(folder: Path) -> None:
    sender, receiver, subject = (
        SealedFields("sender", folder),
        SealedFields("receiver", folder),
        new_id(),
    )
    before = sender.seal(PHONE, to="receiver", subject=subject, **PLACE)
    receiver.unseal(before, sender="sender", subject=subject, **PLACE)
    pair = pair_folder(folder, sender="sender", receiver="receiver")
    activate_key(pair, add_key(pair))
    after = SealedFields("sender", folder).seal(PHONE, to="receiver", subject=subject, **PLACE)
    assert after.startswith("v1.k2.")
    for sealed in (before, after):
        assert receiver.unseal(sealed, sender="sender", subject=subject, **PLACE) == PHONE
