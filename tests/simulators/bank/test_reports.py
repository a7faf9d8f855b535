"""Reports: durable, unchanging, dated by the business clock, valid for other people's parsers."""

from datetime import date
from pathlib import Path

import pytest
from lxml import etree
from pyiso20022.camt.camt_054_001_08 import Document as NotificationDocument
from pyiso20022.pain.pain_002_001_10 import Document as StatusDocument
from xsdata.formats.dataclass.serializers import XmlSerializer

from tests.simulators.bank.conftest import StartBank
from tests.simulators.bank.payer import Payer, strictly_parsed
from tests.simulators.bank.payment_files import AnOrder, APaymentFile, a_payment_file, rib

MONTH_SECONDS = 30 * 24 * 3600


def element_names(body: bytes) -> list[str]:
    return [etree.QName(element).localname for element in etree.fromstring(body).iter()]


def everything_the_bank_can_say(payer: Payer) -> list[bytes]:
    payer.send(APaymentFile("FILE-1", [AnOrder("E1"), AnOrder("E2", account="123")]))
    payer.send(APaymentFile("FILE-2", [AnOrder("E3")], count=2))
    payer.reports(at_least=3)
    payer.arm("return-credit", end_to_end_id="E1", reason="AC04")
    payer.arm("unknown-entry")
    return [payer.report(entry["report_id"]) for entry in payer.reports(at_least=5)]


def test_every_report_has_its_elements_where_the_iso_schema_has_them(payer: Payer) -> None:
    for body in everything_the_bank_can_say(payer):
        kind = StatusDocument if b"pain.002" in body else NotificationDocument
        in_order_of_schema = XmlSerializer().render(strictly_parsed(body, kind)).encode()
        assert element_names(body) == element_names(in_order_of_schema)


def test_a_notification_names_the_account_debited_and_the_file_that_asked_for_it(
    payer: Payer,
) -> None:
    payer.send(a_payment_file("FILE-1", orders=1))
    (entry,) = payer.entries()
    refs = entry.ntry_dtls[0].tx_dtls[0].refs
    assert (refs.msg_id, refs.pmt_inf_id) == ("FILE-1", "FILE-1-1")
    (listed,) = [report for report in payer.listed() if report["kind"] == "camt.054"]
    assert f"<Acct><Id><Othr><Id>{rib(99)}<".encode() in payer.report(listed["report_id"])


def test_a_long_file_is_debited_in_several_notifications_and_every_entry_once(
    payer: Payer,
) -> None:
    payer.send(a_payment_file("FILE-1", orders=20_000))
    listing = payer.reports(at_least=3)
    assert [entry["kind"] for entry in listing] == ["pain.002", "camt.054", "camt.054"]
    bodies = [payer.report(entry["report_id"]) for entry in listing[1:]]
    assert sum(body.count(b"<Ntry>") for body in bodies) == 20_000
    totals = payer.truth()["totals"]
    assert (totals["credits"], totals["credited_centimes"]) == (20_000, 20_000 * 50_000)


def test_reports_are_listed_from_a_cursor_in_pages(payer: Payer) -> None:
    for number in range(3):
        payer.send(a_payment_file(f"FILE-{number}", orders=1))
    everything = payer.reports(at_least=6)
    assert [entry["seq"] for entry in everything] == sorted(entry["seq"] for entry in everything)
    assert payer.listed(after=everything[1]["seq"], limit=2) == everything[2:4]
    assert payer.listed(after=everything[-1]["seq"]) == []


@pytest.mark.parametrize("parameter", ["after=-1", "after=x", "limit=5001", "limit=1e3", "after=²"])
def test_a_page_that_makes_no_sense_is_refused(refused_payer: Payer, parameter: str) -> None:
    assert refused_payer.client.get(f"/v1/reports?{parameter}").status_code == 400


def test_an_unknown_report_is_not_found(refused_payer: Payer) -> None:
    assert refused_payer.client.get("/v1/reports/NONE").status_code == 404


def test_reports_are_the_same_bytes_after_the_bank_was_killed(start_bank: StartBank) -> None:
    bank = start_bank("--settle-after", "0")
    before = everything_the_bank_can_say(bank.payer)
    truth = bank.payer.truth()
    bank.program.kill()
    again = start_bank("--settle-after", "0").payer
    assert [again.report(entry["report_id"]) for entry in again.listed()] == before
    assert again.truth() == truth


def test_a_file_taken_before_a_kill_is_executed_after_it_and_only_once(
    start_bank: StartBank,
) -> None:
    bank = start_bank("--settle-after", "1")
    bank.payer.send(a_payment_file())
    bank.program.kill()
    again = start_bank("--settle-after", "0").payer
    again.reports(at_least=2)
    assert again.send(a_payment_file()).status_code == 200
    assert len(again.listed()) == 2
    assert again.truth()["totals"]["credits"] == 3


def test_a_file_that_is_not_due_is_neither_executed_nor_reported(start_bank: StartBank) -> None:
    payer = start_bank("--settle-after", "3600").payer
    payer.send(a_payment_file())
    totals = payer.truth()["totals"]
    assert (totals["files_waiting"], totals["credits"]) == (1, 0)
    assert payer.listed() == []


def test_reports_are_dated_by_the_business_clock(start_bank: StartBank, tmp_path: Path) -> None:
    offset = tmp_path / "clock-offset"
    payer = start_bank("--settle-after", "0", "--clock-offset", offset).payer
    payer.send(a_payment_file("FILE-1", orders=1))
    payer.reports(at_least=2)
    offset.write_text(f"{MONTH_SECONDS}\n")
    payer.send(a_payment_file("FILE-2", orders=1))
    (first, second) = payer.entries(at_least=2)
    moved = second.bookg_dt.dt_tm.to_datetime() - first.bookg_dt.dt_tm.to_datetime()
    assert moved.days in {MONTH_SECONDS // 86_400, MONTH_SECONDS // 86_400 + 1}


def test_the_value_date_is_never_before_the_requested_one(payer: Payer) -> None:
    payer.send(APaymentFile("FILE-1", [AnOrder("E1")], requested_on="2199-12-31"))
    (entry,) = payer.entries()
    assert entry.val_dt.dt.to_date() == date(2199, 12, 31)
