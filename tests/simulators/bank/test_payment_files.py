"""Files that the bank takes, takes once, refuses at the door, or refuses with a report."""

from collections.abc import Iterator

import httpx
import pytest

from tests.simulators.bank.conftest import StartBank
from tests.simulators.bank.payer import Payer, reasons
from tests.simulators.bank.payment_files import AnOrder, APaymentFile, a_payment_file, rib


def test_a_good_file_is_executed_and_every_order_is_reported_and_debited(payer: Payer) -> None:
    sent = payer.send(a_payment_file("FILE-1", orders=3))
    assert sent.status_code == 202
    (status,) = payer.statuses()
    group = status.orgnl_grp_inf_and_sts
    assert (group.orgnl_msg_id, group.grp_sts, group.orgnl_nb_of_txs) == ("FILE-1", "ACCP", "3")
    assert reasons(status) == {"FILE-1-E0": None, "FILE-1-E1": None, "FILE-1-E2": None}
    (information,) = status.orgnl_pmt_inf_and_sts
    assert [order.tx_sts for order in information.tx_inf_and_sts] == ["ACSC"] * 3
    assert [
        (
            entry.cdt_dbt_ind.value,
            str(entry.amt.value),
            entry.ntry_dtls[0].tx_dtls[0].refs.end_to_end_id,
        )
        for entry in payer.entries()
    ] == [("DBIT", "500.00", f"FILE-1-E{n}") for n in range(3)]


def test_the_same_bytes_again_get_the_same_receipt_and_are_executed_once(payer: Payer) -> None:
    file = a_payment_file()
    first, second = payer.send(file), payer.send(file)
    assert (first.status_code, second.status_code) == (202, 200)
    assert first.json() == second.json()
    payer.reports(at_least=2)
    assert payer.truth()["totals"]["credits"] == 3


def test_other_bytes_under_a_known_message_id_are_refused(payer: Payer) -> None:
    payer.send(a_payment_file("FILE-1", orders=3))
    answer = payer.send(a_payment_file("FILE-1", orders=2))
    assert answer.status_code == 409
    assert answer.json()["code"] == "message-id-reused"
    assert payer.truth()["totals"]["orders"] == 3


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer wrong", "Basic a-token-of-the-tests"])
def test_without_the_token_nothing_is_taken_or_shown(refused_payer: Payer, header: str) -> None:
    assert refused_payer.send(a_payment_file(), Authorization=header).status_code == 401
    for path in ("/v1/reports", "/v1/truth", "/v1/faults"):
        assert refused_payer.client.get(path, headers={"Authorization": header}).status_code == 401
    assert refused_payer.truth()["totals"]["files"] == 0


def test_a_body_that_differs_from_its_digest_is_refused(refused_payer: Payer) -> None:
    digest = "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:"
    answer = refused_payer.send(a_payment_file(), **{"Content-Digest": digest})
    assert (answer.status_code, answer.json()["code"]) == (400, "digest-mismatch")


@pytest.mark.parametrize("digest", ["", "md5=:1B2M2Y8AsgTpgAmY7PhCfg==:", "sha-256=abc"])
def test_a_file_without_a_sha_256_digest_is_refused(refused_payer: Payer, digest: str) -> None:
    answer = refused_payer.send(a_payment_file(), **{"Content-Digest": digest})
    assert (answer.status_code, answer.json()["code"]) == (400, "digest-missing")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "schema-violation"),
        (b"not xml", "schema-violation"),
        (b"<a/>", "schema-violation"),
        (a_payment_file().xml()[:-30], "schema-violation"),
        (a_payment_file().xml().replace(b".001.09", b".001.03"), "schema-violation"),
        (a_payment_file().xml().replace(b"<PmtMtd>TRF", b"<PmtMtd>ZZZ"), "schema-violation"),
        (a_payment_file("OTHER").xml(), "message-id-differs"),
    ],
)
def test_what_is_no_valid_file_of_that_name_is_refused_at_the_door(
    refused_payer: Payer, body: bytes, code: str
) -> None:
    answer = refused_payer.send_bytes("FILE-1", body)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert refused_payer.truth()["totals"]["files"] == 0


def test_an_entity_bomb_is_refused_without_being_expanded(refused_payer: Payer) -> None:
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12))
    bomb = APaymentFile(
        "FILE-1",
        [AnOrder("&e11;")],
        document_type=f'<!DOCTYPE Document [<!ENTITY e0 "boom">{entities}]>',
    )
    answer = refused_payer.send(bomb)
    assert answer.status_code == 422
    assert refused_payer.truth()["totals"]["files"] == 0


def test_a_document_type_alone_is_refused(refused_payer: Payer) -> None:
    file = APaymentFile("FILE-1", [AnOrder("E1")], document_type="<!DOCTYPE Document>")
    answer = refused_payer.send(file)
    assert (answer.status_code, answer.json()["code"]) == (422, "document-type")


def test_a_file_that_is_too_large_is_refused(refused_payer: Payer) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(65):
            yield b" " * (1 << 20)

    digest = "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:"
    try:
        answer = refused_payer.client.put(
            "/v1/payment-files/FILE-1", content=endless(), headers={"Content-Digest": digest}
        )
        assert answer.status_code == 413
    except httpx.TransportError:
        pass  # the bank hung up while we were still talking: refused as well
    assert refused_payer.truth()["totals"]["files"] == 0


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        (APaymentFile("F", [AnOrder("E1"), AnOrder("E2")], count=3), "AM18"),
        (APaymentFile("F", [AnOrder("E1"), AnOrder("E2")], total="1000.01"), "AM10"),
        (APaymentFile("F", [AnOrder("E1"), AnOrder("E1")]), "AM05"),
        (APaymentFile("F", [AnOrder("E1")], requested_on="12026-11-25"), "DT01"),
    ],
)
def test_a_file_that_contradicts_itself_is_refused_as_a_whole_by_a_report(
    payer: Payer, file: APaymentFile, reason: str
) -> None:
    assert payer.send(file).status_code == 202
    (status,) = payer.statuses()
    group = status.orgnl_grp_inf_and_sts
    assert (group.grp_sts, group.sts_rsn_inf[0].rsn.cd) == ("RJCT", reason)
    assert status.orgnl_pmt_inf_and_sts == []
    assert payer.truth()["totals"]["credits"] == 0


def test_a_bad_order_is_rejected_with_its_reason_and_the_others_are_executed(payer: Payer) -> None:
    wrong_key = f"{rib(7)[:-2]}{(int(rib(7)[-2:]) + 1) % 98:02d}"
    file = APaymentFile(
        "FILE-1",
        [
            AnOrder("GOOD"),
            AnOrder("KEY", account=wrong_key),
            AnOrder("SHORT", account="123"),
            AnOrder("EURO", currency="EUR"),
            AnOrder("ZERO", dirhams="0"),
            AnOrder("MILLIME", dirhams="1.005"),
        ],
    )
    payer.send(file)
    (status,) = payer.statuses()
    assert status.orgnl_grp_inf_and_sts.grp_sts == "PART"
    assert reasons(status) == {
        "GOOD": None,
        "KEY": "AC01",
        "SHORT": "AC01",
        "EURO": "AM03",
        "ZERO": "AM01",
        "MILLIME": "AM12",
    }
    (entry,) = payer.entries()
    assert entry.ntry_dtls[0].tx_dtls[0].refs.end_to_end_id == "GOOD"


def test_a_file_of_only_bad_orders_is_rejected_and_debits_nothing(payer: Payer) -> None:
    payer.send(APaymentFile("FILE-1", [AnOrder("E1", account="123")]))
    (status,) = payer.statuses()
    assert status.orgnl_grp_inf_and_sts.grp_sts == "RJCT"
    assert [report["kind"] for report in payer.listed()] == ["pain.002"]


def test_an_end_to_end_id_is_executed_once_over_all_files(payer: Payer) -> None:
    payer.send(APaymentFile("FILE-1", [AnOrder("E1")]))
    payer.send(APaymentFile("FILE-2", [AnOrder("E1"), AnOrder("E2")]))
    _, second = payer.statuses(at_least=2)
    assert reasons(second) == {"E1": "AM05", "E2": None}
    (first_order, _) = payer.truth()["orders"]
    assert (first_order["presented"], first_order["credits"]) == (2, 1)


def test_an_end_to_end_id_that_was_rejected_may_be_presented_again(payer: Payer) -> None:
    payer.send(APaymentFile("FILE-1", [AnOrder("E1", account="123")]))
    payer.send(APaymentFile("FILE-2", [AnOrder("E1")]))
    _, second = payer.statuses(at_least=2)
    assert reasons(second) == {"E1": None}


def test_moroccan_ibans_are_understood(payer: Payer) -> None:
    good = "MA64011519000001205000534921"
    orders = [AnOrder("IBAN"), AnOrder("WRONG")]
    body = APaymentFile("FILE-1", orders).xml()
    for account in (good, good.replace("MA64", "MA65")):
        other = f"<Othr><Id>{rib(1)}</Id></Othr></Id></CdtrAcct>".encode()
        body = body.replace(other, f"<IBAN>{account}</IBAN></Id></CdtrAcct>".encode(), 1)
    payer.send_bytes("FILE-1", body)
    (status,) = payer.statuses()
    assert reasons(status) == {"IBAN": None, "WRONG": "AC01"}


def test_a_share_of_accounts_is_rejected_and_always_the_same_ones(start_bank: StartBank) -> None:
    bank = start_bank("--settle-after", "0", "--reject", "AC04=300", "--reject", "AC06=100")
    bank.payer.send(a_payment_file("FILE-1", orders=200))
    bank.payer.send(a_payment_file("FILE-2", orders=200))
    first, second = (list(reasons(status).values()) for status in bank.payer.statuses(at_least=2))
    assert first == second
    assert {*first} == {None, "AC04", "AC06"}
    assert 30 <= first.count("AC04") <= 90
