"""Our bytes and an independent codec's are the same, and garbage is refused."""

import pytest
import smpp34
from hypothesis import given
from hypothesis import strategies as st

from services.notifications.domain.messages import PartState
from services.notifications.integrations.smpp.pdu import (
    HEADER,
    Address,
    Command,
    DeliverSm,
    MalformedPduError,
    Pdu,
    SubmitSm,
    bind_body,
    c_string,
    message_id,
)
from services.notifications.integrations.smpp.receipts import IdForm, answered_id, read_receipt
from services.notifications.integrations.smpp.statuses import Verdict, verdict


def a_submit(
    payload: bytes = b"Bonjour", *, header: bytes = b"", is_ucs2: bool = False
) -> SubmitSm:
    return SubmitSm(
        source=Address("SANAD", ton=5, npi=0),
        destination=Address("212612345678", ton=1, npi=1),
        header=header,
        payload=payload,
        is_ucs2=is_ucs2,
        validity="000000093000000R",
    )


def read_by_peer(pdu: Pdu) -> smpp34.SubmitSm:
    submit = smpp34.decode(pdu.encode())
    assert isinstance(submit, smpp34.SubmitSm)
    return submit


def a_receipt(text: str, *, tlvs: list[smpp34.Tlv] | None = None) -> DeliverSm:
    pdu = smpp34.DeliverSm("212612345678", "SANAD", text.encode(), esm_class=0x04, tlvs=tlvs or [])
    return DeliverSm.decode(pdu.encode()[HEADER.size :])


def test_an_independent_codec_reads_what_we_submit() -> None:
    header = bytes((5, 0, 3, 9, 2, 1))
    submit = a_submit("سلام".encode("utf-16-be"), header=header, is_ucs2=True)
    read = read_by_peer(Pdu(Command.SUBMIT_SM, 42, body=submit.body()))
    assert (read.source_addr, read.source_addr_ton) == ("SANAD", 5)
    assert (read.destination_addr, read.dest_addr_ton, read.dest_addr_npi) == (
        "212612345678",
        1,
        1,
    )
    assert (read.esm_class, read.data_coding, read.registered_delivery) == (0x40, 8, 1)
    assert read.validity_period == "000000093000000R"
    assert read.short_message == header + "سلام".encode("utf-16-be")
    assert read.sequence_number == 42


def test_a_single_gsm_part_has_no_header_indicator() -> None:
    read = read_by_peer(Pdu(Command.SUBMIT_SM, 1, body=a_submit().body()))
    assert (read.esm_class, read.data_coding, read.short_message) == (0, 0, b"Bonjour")


def test_we_read_what_an_independent_codec_delivers() -> None:
    delivered = a_receipt("id:7 stat:DELIVRD", tlvs=[smpp34.Tlv(0x001E, b"abc\0")])
    assert delivered.is_receipt
    assert delivered.short_message == b"id:7 stat:DELIVRD"
    assert delivered.tlvs == {0x001E: b"abc\0"}


def test_a_long_receipt_in_a_payload_parameter_is_read() -> None:
    payload = smpp34.Tlv(0x0424, b"id:9 stat:UNDELIV")
    notice = read_receipt(a_receipt("", tlvs=[payload]), id_form=IdForm.EXACT)
    assert notice is not None
    assert (notice.provider_message_id, notice.state) == ("9", PartState.UNDELIVERED)


@given(st.binary(max_size=80))
def test_any_bytes_are_a_delivery_or_refused(body: bytes) -> None:
    try:
        DeliverSm.decode(body)
    except MalformedPduError:
        return


@given(st.integers(min_value=0, max_value=60))
def test_a_delivery_cut_anywhere_is_refused_or_shorter(cut: int) -> None:
    whole = smpp34.DeliverSm("212612345678", "SANAD", b"id:1 stat:DELIVRD").encode()[HEADER.size :]
    try:
        assert DeliverSm.decode(whole[:cut]).short_message in (b"", b"id:1 stat:DELIVRD")
    except MalformedPduError:
        return


def test_a_part_longer_than_smpp_carries_is_refused() -> None:
    with pytest.raises(MalformedPduError):
        a_submit(b"a" * 255).body()


@pytest.mark.parametrize("value", ["é", "a\0b"])
def test_fields_hold_ascii_without_nul(value: str) -> None:
    with pytest.raises(MalformedPduError):
        c_string(value)


def test_a_bind_names_version_3_4() -> None:
    assert bind_body("sanad", "secret") == b"sanad\0secret\0\0\x34\0\0\0"


def test_an_answer_without_an_id_has_an_empty_one() -> None:
    assert message_id(b"") == ""
    assert message_id(b"0001\0") == "0001"
    with pytest.raises(MalformedPduError):
        message_id(b"0001")


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("ENROUTE", PartState.ENROUTE),
        ("ACCEPTD", PartState.ENROUTE),
        ("UNKNOWN", PartState.ENROUTE),
        ("DELIVRD", PartState.DELIVERED),
        ("EXPIRED", PartState.EXPIRED),
        ("DELETED", PartState.UNDELIVERED),
        ("UNDELIV", PartState.UNDELIVERED),
        ("REJECTD", PartState.REJECTED),
        ("delivrd", PartState.DELIVERED),
        ("NEWWORD", None),
    ],
)
def test_receipt_words_become_part_states(word: str, state: PartState | None) -> None:
    notice = read_receipt(a_receipt(f"id:12 stat:{word} err:000"), id_form=IdForm.EXACT)
    assert notice is not None
    assert notice.state is state


def test_parameters_win_over_text() -> None:
    tlvs = [smpp34.Tlv(0x001E, b"right\0"), smpp34.Tlv(0x0427, b"\x05")]
    notice = read_receipt(a_receipt("id:wrong stat:DELIVRD", tlvs=tlvs), id_form=IdForm.EXACT)
    assert notice is not None
    assert (notice.provider_message_id, notice.state) == ("right", PartState.UNDELIVERED)


@pytest.mark.parametrize(
    ("form", "answer", "receipt"),
    [
        (IdForm.EXACT, "00Ab", "00Ab"),
        (IdForm.FOLDED, "00AB", "ab"),
        (IdForm.HEX_RECEIPTS, "0255", "FF"),
        (IdForm.DECIMAL_RECEIPTS, "00FF", "255"),
    ],
)
def test_ids_written_two_ways_meet(form: IdForm, answer: str, receipt: str) -> None:
    notice = read_receipt(a_receipt(f"id:{receipt} stat:DELIVRD"), id_form=form)
    assert notice is not None
    assert notice.provider_message_id == answered_id(answer, id_form=form)


def test_an_id_that_is_no_number_stays_as_it_came() -> None:
    notice = read_receipt(a_receipt("id:x-y-z stat:DELIVRD"), id_form=IdForm.HEX_RECEIPTS)
    assert notice is not None
    assert notice.provider_message_id == "x-y-z"


@pytest.mark.parametrize(
    "text", ["", "stat:DELIVRD", "hello", "id: stat:DELIVRD", "id:" + "9" * 90]
)
def test_a_receipt_without_a_usable_id_says_nothing(text: str) -> None:
    notice = read_receipt(a_receipt(text), id_form=IdForm.EXACT)
    assert notice is None or len(notice.provider_message_id) <= 64


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (0x00, Verdict.ACCEPTED),
        (0x58, Verdict.SLOWER),
        (0x14, Verdict.SLOWER),
        (0x08, Verdict.NOT_NOW),
        (0x0B, Verdict.REFUSED),
        (0x4FF, Verdict.REFUSED),
    ],
)
def test_statuses_mean_accepted_slower_not_now_or_refused(status: int, expected: Verdict) -> None:
    assert verdict(status) is expected
