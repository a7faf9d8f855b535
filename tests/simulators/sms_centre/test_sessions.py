"""Binds, enquiries, unbinds, and clients that speak no SMPP."""

import struct

import pytest

from tests.simulators.sms_centre.conftest import RunningCentre
from tests.simulators.sms_centre.esme import (
    ENQUIRE,
    ENQUIRE_RESP,
    NACK,
    RECEIVER,
    SUBMIT,
    SUBMIT_RESP,
    TRANSCEIVER,
    TRANSMITTER,
    UNBIND,
    UNBIND_RESP,
    submit_body,
)


@pytest.mark.parametrize("kind", [TRANSMITTER, RECEIVER, TRANSCEIVER])
def test_the_right_password_binds_and_names_the_centre(centre: RunningCentre, kind: int) -> None:
    answer = centre.connected().bind(kind)
    assert (answer.status, answer.body) == (0, b"SANAD-SMSC\0")


@pytest.mark.parametrize(
    ("system_id", "password", "status"),
    [("sanad", "wrong", 0x0E), ("sanad", "", 0x0E), ("other", "secret-1", 0x0F)],
)
def test_a_wrong_name_or_password_does_not_bind(
    centre: RunningCentre, system_id: str, password: str, status: int
) -> None:
    esme = centre.connected()
    assert esme.bind(TRANSCEIVER, system_id, password).status == status
    assert esme.submit().status == 0x04


def test_a_second_bind_on_a_connection_is_refused(centre: RunningCentre) -> None:
    assert centre.bound().bind(TRANSCEIVER).status == 0x05


def test_a_receiver_must_not_submit(centre: RunningCentre) -> None:
    assert centre.bound(RECEIVER).submit().status == 0x04


def test_an_enquiry_is_answered_even_before_a_bind(centre: RunningCentre) -> None:
    esme = centre.connected()
    sequence = esme.send(ENQUIRE)
    answer = esme.receive()
    assert (answer.command, answer.status, answer.sequence) == (ENQUIRE_RESP, 0, sequence)


def test_unbind_is_answered_and_closes_the_connection(centre: RunningCentre) -> None:
    esme = centre.bound()
    esme.send(UNBIND)
    assert esme.receive().command == UNBIND_RESP
    with pytest.raises(ConnectionError):
        esme.receive()


def test_an_unknown_command_is_answered_by_a_nack_and_the_session_goes_on(
    centre: RunningCentre,
) -> None:
    esme = centre.bound()
    sequence = esme.send(0x0000_0FFF, b"whatever")
    answer = esme.receive()
    assert (answer.command, answer.status, answer.sequence) == (NACK, 0x03, sequence)
    assert esme.submit().status == 0


@pytest.mark.parametrize("length", [0, 15, 65_537, 0x47455420])
def test_garbage_is_answered_by_a_nack_and_closes_the_connection(
    centre: RunningCentre, length: int
) -> None:
    esme = centre.bound()
    esme.connection.sendall(struct.pack(">IIII", length, SUBMIT, 0, 9))
    answer = esme.receive()
    assert (answer.command, answer.status) == (NACK, 0x02)
    with pytest.raises(ConnectionError):
        esme.receive()
    assert centre.bound().submit().status == 0


def test_a_body_that_ends_too_early_is_refused(centre: RunningCentre) -> None:
    esme = centre.bound()
    esme.send(SUBMIT, submit_body(b"hello")[:-8])
    assert esme.next(SUBMIT_RESP).status == 0xC2


def test_pdus_cut_and_glued_by_the_network_are_read_all_the_same(centre: RunningCentre) -> None:
    esme = centre.bound()
    body = submit_body(b"hello")
    octets = b"".join(
        struct.pack(">IIII", 16 + len(body), SUBMIT, 0, number) + body for number in (101, 102)
    )
    for start in range(0, len(octets), 7):
        esme.connection.sendall(octets[start : start + 7])
    assert [esme.next(SUBMIT_RESP).sequence for _ in range(2)] == [101, 102]
