"""The centre misbehaves exactly as told, as often as told, and its truth stays true."""

import pytest

from tests.simulators.sms_centre.conftest import RunningCentre
from tests.simulators.sms_centre.esme import (
    DELIVER,
    ENQUIRE,
    SUBMIT,
    SUBMIT_RESP,
    TRANSCEIVER,
    submit_body,
)


@pytest.mark.parametrize(("fault", "status"), [("throttle", 0x58), ("queue-full", 0x14)])
def test_a_busy_centre_refuses_so_many_and_keeps_none_of_them(
    centre: RunningCentre, fault: str, status: int
) -> None:
    centre.arm(fault, times=2)
    esme = centre.bound()
    assert [esme.submit(b"again").status for _ in range(3)] == [status, status, 0]
    assert centre.texts() == ["again"]


def test_a_dropped_response_leaves_a_message_that_was_received(centre: RunningCentre) -> None:
    centre.arm("drop-response")
    esme = centre.bound()
    esme.send(SUBMIT, submit_body(b"unanswered", registered_delivery=1))
    assert esme.acknowledge(esme.receive()).command == DELIVER
    assert esme.submit(b"answered").status == 0
    assert centre.texts() == ["unanswered", "answered"]


def test_a_receipt_may_come_before_the_response(centre: RunningCentre) -> None:
    centre.arm("receipt-before-response")
    esme = centre.bound()
    esme.send(SUBMIT, submit_body(b"fast", registered_delivery=1))
    receipt, response = esme.receive(), esme.receive()
    assert (receipt.command, response.command) == (DELIVER, SUBMIT_RESP)
    assert esme.acknowledge(receipt).receipt["id"] == response.message_id


def test_a_duplicated_receipt_has_two_sequence_numbers(centre: RunningCentre) -> None:
    centre.arm("duplicate-receipt")
    esme = centre.bound()
    esme.submit(registered_delivery=1)
    first, second = esme.acknowledged_receipt(), esme.acknowledged_receipt()
    assert first.body == second.body
    assert first.sequence != second.sequence
    centre.wait_for_count("receipts_acknowledged", 1)


def test_a_hexadecimal_answer_and_a_decimal_receipt_name_one_message(
    centre: RunningCentre,
) -> None:
    centre.arm("hex-id")
    esme = centre.bound()
    in_answer = esme.submit(registered_delivery=1).message_id
    in_receipt = esme.acknowledged_receipt().receipt["id"]
    assert in_answer != in_receipt
    assert int(in_answer, 16) == int(in_receipt)


def test_an_undeliverable_message_is_accepted_and_reaches_no_handset(
    centre: RunningCentre,
) -> None:
    centre.arm("undeliverable")
    esme = centre.bound()
    assert esme.submit(registered_delivery=2).status == 0
    assert esme.acknowledged_receipt().receipt["stat"] == "UNDELIV"
    counts = centre.counts()
    assert (counts["messages"], counts["parts_undelivered"]) == (0, 1)


def test_a_connection_closed_on_a_submission_keeps_nothing_of_it(centre: RunningCentre) -> None:
    centre.arm("close-connection")
    esme = centre.bound()
    with pytest.raises(ConnectionError):
        esme.submit(b"lost")
    assert centre.bound().submit(b"kept").status == 0
    assert centre.texts() == ["kept"]


def test_a_bind_may_be_refused_with_the_right_password(centre: RunningCentre) -> None:
    centre.arm("refuse-bind")
    esme = centre.connected()
    assert esme.bind(TRANSCEIVER).status == 0x0D
    assert esme.bind(TRANSCEIVER).status == 0


def test_an_enquiry_may_stay_unanswered(centre: RunningCentre) -> None:
    centre.arm("ignore-enquiry")
    esme = centre.bound()
    esme.send(ENQUIRE)
    answered = esme.send(ENQUIRE)
    assert esme.receive().sequence == answered


def test_an_unknown_fault_is_refused(centre: RunningCentre) -> None:
    assert centre.http.post("/v1/faults", json={"fault": "no-such"}).status_code == 400
