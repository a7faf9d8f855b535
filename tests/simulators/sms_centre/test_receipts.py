"""Receipts: asked for, dated, repeated until somebody has them."""

from datetime import UTC, datetime
from pathlib import Path

from tests.simulators.sms_centre.conftest import RunningCentre, StartCentre
from tests.simulators.sms_centre.esme import (
    DELIVER,
    DELIVER_RESP,
    ENQUIRE,
    ENQUIRE_RESP,
    RECEIVER,
    TRANSMITTER,
)

YEAR_SECONDS = 366 * 24 * 3600


def test_a_receipt_names_the_message_and_comes_from_its_handset(own_centre: RunningCentre) -> None:
    esme = own_centre.bound()
    message_id = esme.submit(destination="212600000001", registered_delivery=1).message_id
    frame = esme.acknowledged_receipt()
    assert frame.receipt["id"] == message_id
    assert (frame.receipt["stat"], frame.receipt["err"]) == ("DELIVRD", "000")
    assert frame.body.startswith(b"\0\x01\x01212600000001\0\0\0SANAD\0\x04")
    assert b"\x00\x1e\x00\x0b" + message_id.encode() + b"\0" in frame.body
    assert frame.body.endswith(b"\x04\x27\x00\x01\x02")
    own_centre.wait_for_count("receipts_acknowledged", 1)


def test_no_receipt_comes_unasked(own_centre: RunningCentre) -> None:
    esme = own_centre.bound()
    esme.submit(b"first", registered_delivery=0)
    second = esme.submit(b"second", registered_delivery=1)
    assert esme.acknowledged_receipt().receipt["id"] == second.message_id
    assert own_centre.counts()["receipts"] == 1


def test_a_receipt_waits_as_long_as_the_centre_was_told(start_centre: StartCentre) -> None:
    esme = start_centre("--receipt-delay", "3600").bound()
    esme.submit(registered_delivery=1)
    esme.send(ENQUIRE)
    assert esme.receive().command == ENQUIRE_RESP


def test_a_transmitter_gets_no_receipt_and_a_receiver_gets_it(own_centre: RunningCentre) -> None:
    transmitter, receiver = own_centre.bound(TRANSMITTER), own_centre.bound(RECEIVER)
    message_id = transmitter.submit(registered_delivery=1).message_id
    assert receiver.acknowledged_receipt().receipt["id"] == message_id
    transmitter.send(ENQUIRE)
    assert transmitter.receive().command == ENQUIRE_RESP


def test_a_receipt_that_was_not_acknowledged_comes_again_on_the_next_bind(
    own_centre: RunningCentre,
) -> None:
    first = own_centre.bound()
    message_id = first.submit(registered_delivery=1).message_id
    first.next(DELIVER)
    first.close()
    assert own_centre.bound().acknowledged_receipt().receipt["id"] == message_id
    own_centre.wait_for_count("receipts_acknowledged", 1)


def test_receipts_survive_a_kill_and_acknowledged_ones_do_not_come_back(
    start_centre: StartCentre,
) -> None:
    centre = start_centre("--receipt-delay", "0")
    esme = centre.bound()
    answered = esme.submit(b"answered", registered_delivery=1).message_id
    assert esme.acknowledged_receipt().receipt["id"] == answered
    centre.wait_for_count("receipts_acknowledged", 1)
    owed = esme.submit(b"owed", registered_delivery=1).message_id
    esme.next(DELIVER)
    centre.program.kill()

    again = start_centre("--receipt-delay", "0")
    esme = again.bound()
    assert esme.acknowledged_receipt().receipt["id"] == owed
    assert int(esme.submit(b"new", registered_delivery=1).message_id) > int(owed)
    again.wait_for_count("receipts_acknowledged", 2)
    assert again.texts() == ["answered", "owed", "new"]


def test_a_receipt_refused_by_the_client_comes_again(own_centre: RunningCentre) -> None:
    esme = own_centre.bound()
    message_id = esme.submit(registered_delivery=1).message_id
    assert esme.acknowledged_receipt(status=0x64).receipt["id"] == message_id
    assert esme.acknowledged_receipt().receipt["id"] == message_id
    own_centre.wait_for_count("receipts_acknowledged", 1)


def test_an_acknowledgement_of_nothing_changes_nothing(own_centre: RunningCentre) -> None:
    esme = own_centre.bound()
    esme.send(DELIVER_RESP, b"\0", sequence=77)
    esme.submit(registered_delivery=1)
    esme.acknowledged_receipt()
    own_centre.wait_for_count("receipts_acknowledged", 1)


def test_more_receipts_than_a_window_all_come(own_centre: RunningCentre) -> None:
    esme = own_centre.bound()
    sent = {esme.submit(b"%d" % number, registered_delivery=1).message_id for number in range(450)}
    assert {esme.acknowledged_receipt().receipt["id"] for _ in sent} == sent


def test_receipts_are_dated_by_the_business_clock(
    start_centre: StartCentre, tmp_path: Path
) -> None:
    offset = tmp_path / "clock-offset"
    offset.write_text(str(YEAR_SECONDS))
    esme = start_centre("--receipt-delay", "0", "--clock-offset", offset).bound()
    esme.submit(registered_delivery=1)
    body = esme.acknowledged_receipt().body
    done = body[body.index(b"done date:") + 10 :][:10].decode()
    moved = datetime.strptime(done, "%y%m%d%H%M").replace(tzinfo=UTC)
    now = datetime.fromtimestamp(offset.stat().st_mtime, UTC)
    assert 364 <= (moved - now).days <= 368
