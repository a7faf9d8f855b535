"""The bank misbehaves exactly as told, as often as told, and its truth stays true."""

import httpx
import pytest

from tests.simulators.bank.payer import Payer
from tests.simulators.bank.payment_files import AnOrder, APaymentFile, a_payment_file


def test_a_connection_dropped_after_storing_leaves_a_file_that_is_executed_once(
    payer: Payer,
) -> None:
    payer.arm("drop-after-storing", times=1)
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        payer.send(a_payment_file())
    assert payer.send(a_payment_file()).status_code == 200
    payer.reports(at_least=2)
    assert payer.truth()["totals"]["credits"] == 3


def test_503_is_answered_so_many_times_and_nothing_is_kept_meanwhile(payer: Payer) -> None:
    payer.arm("answer-503", times=2)
    assert [payer.send(a_payment_file()).status_code for _ in range(3)] == [503, 503, 202]


def test_a_delayed_answer_comes_in_the_end(payer: Payer) -> None:
    payer.arm("delay", times=1, seconds=0.3)
    sent = payer.send(a_payment_file())
    assert sent.status_code == 202
    assert sent.elapsed.total_seconds() >= 0.3


def test_a_duplicated_report_is_listed_twice_with_the_same_bytes(payer: Payer) -> None:
    payer.arm("duplicate-report", times=1)
    payer.send(a_payment_file())
    listing = payer.reports(at_least=4)
    assert len({entry["report_id"] for entry in listing}) == 4
    bodies = [payer.report(entry["report_id"]) for entry in listing]
    assert bodies[0] == bodies[1]
    assert bodies[2] == bodies[3]
    assert payer.truth()["totals"]["credits"] == 3


def test_a_credit_is_given_back_with_its_reason_and_only_once(payer: Payer) -> None:
    payer.send(APaymentFile("FILE-1", [AnOrder("E1", dirhams="700.50")]))
    payer.reports(at_least=2)
    payer.arm("return-credit", end_to_end_id="E1", reason="AC06")
    _, back = payer.entries(at_least=2)
    details = back.ntry_dtls[0].tx_dtls[0]
    assert (back.cdt_dbt_ind.value, str(back.amt.value)) == ("CRDT", "700.50")
    assert (details.refs.end_to_end_id, details.rtr_inf.rsn.cd) == ("E1", "AC06")
    (order,) = payer.truth()["orders"]
    assert (order["credited_centimes"], order["returned_centimes"]) == (70_050, 70_050)
    wish = {"fault": "return-credit", "end_to_end_id": "E1"}
    assert payer.client.post("/v1/faults", json=wish).status_code == 404


def test_an_entry_with_an_unknown_id_is_notified_but_never_credited(payer: Payer) -> None:
    payer.arm("unknown-entry")
    (entry,) = payer.entries()
    assert entry.ntry_dtls[0].tx_dtls[0].refs.end_to_end_id.startswith("UNKNOWN")
    assert payer.truth()["totals"]["credits"] == 0


def test_a_wrong_amount_is_one_centime_off_in_the_report_and_right_in_truth(payer: Payer) -> None:
    payer.arm("wrong-amount", times=1)
    payer.send(a_payment_file("FILE-1", orders=2))
    assert [str(entry.amt.value) for entry in payer.entries()] == ["500.01", "500.00"]
    assert payer.truth()["totals"]["credited_centimes"] == 100_000


def test_armed_faults_are_shown_and_can_be_disarmed(payer: Payer) -> None:
    payer.arm("answer-503", times=5)
    assert payer.client.get("/v1/faults").json() == {"answer-503": 5}
    assert payer.client.delete("/v1/faults").json() == {}
    assert payer.send(a_payment_file()).status_code == 202


@pytest.mark.parametrize(
    "wish",
    [
        b"not json",
        b"[]",
        b"{}",
        b'{"fault": "no-such-fault"}',
        b'{"fault": ["delay"]}',
        b'{"fault": "delay", "times": -1}',
        b'{"fault": "delay", "times": 1, "seconds": 1e9}',
        b'{"fault": "return-credit", "end_to_end_id": "E1", "reason": "<x>"}',
    ],
)
def test_a_wish_that_makes_no_sense_is_refused(refused_payer: Payer, wish: bytes) -> None:
    assert refused_payer.client.post("/v1/faults", content=wish).status_code == 400
    assert refused_payer.client.get("/v1/faults").json() == {}
