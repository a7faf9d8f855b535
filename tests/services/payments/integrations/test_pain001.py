from collections.abc import Sequence
from datetime import UTC, date, datetime
from importlib.resources import files

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from services.payments.domain.rib import Rib
from services.payments.integrations.pain001 import (
    NAMESPACE,
    Credit,
    FileDisagreesError,
    FileTotals,
    PaymentFile,
    check_payment_file,
    write_payment_file,
)
from tests.services.payments.paying import DEBTOR, a_rib

MSG_ID = "F202611" + "0" * 24
amounts = st.lists(st.integers(1, 10**9), min_size=1, max_size=20)


def a_file(amounts: Sequence[int], *, name: str = "EL IDRISSI Salma") -> PaymentFile:
    return PaymentFile(
        msg_id=MSG_ID,
        created_at=datetime(2026, 11, 20, 9, 30, tzinfo=UTC),
        execute_on=date(2026, 11, 20),
        debtor=DEBTOR,
        credits=[
            Credit(f"A{number:030d}", amount, Rib(a_rib(number)), name)
            for number, amount in enumerate(amounts)
        ],
    )


@pytest.fixture(scope="module")
def schema() -> etree.XMLSchema:
    source = files("sepaxml") / "schemas" / "pain.001.001.09.xsd"
    return etree.XMLSchema(etree.fromstring(source.read_bytes()))


def texts(body: bytes, name: str) -> list[str]:
    return [element.text or "" for element in etree.fromstring(body).iter(f"{{{NAMESPACE}}}{name}")]


def test_a_file_is_valid_against_the_public_schema(schema: etree.XMLSchema) -> None:
    body = write_payment_file(a_file([50_000, 75_001], name="L'HAMDI & <b>"))

    schema.assertValid(etree.fromstring(body))


def test_the_account_stands_as_a_rib_and_the_name_as_it_was_given() -> None:
    body = write_payment_file(a_file([50_000], name="AIT <ALI> & Zoe"))

    assert texts(body, "Nm") == [DEBTOR.name, DEBTOR.name, "AIT <ALI> & Zoe"]
    account = etree.fromstring(body).find(f".//{{{NAMESPACE}}}CdtrAcct//{{{NAMESPACE}}}Othr")
    assert account is not None
    assert account[0].text == a_rib(0)


@settings(max_examples=30)
@given(amounts)
def test_count_and_sum_are_those_of_the_credits(amounts: list[int]) -> None:
    file = a_file(amounts)
    body = write_payment_file(file)

    check_payment_file(body, msg_id=MSG_ID, expected=FileTotals(len(amounts), sum(amounts)))
    assert texts(body, "NbOfTxs") == [str(len(amounts))] * 2


def test_the_same_content_gives_the_same_bytes() -> None:
    assert write_payment_file(a_file([1, 2, 3])) == write_payment_file(a_file([1, 2, 3]))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b'<InstdAmt Ccy="MAD">0.02', b'<InstdAmt Ccy="MAD">0.03'),
        (b"<NbOfTxs>2<", b"<NbOfTxs>3<"),
        (b"<CtrlSum>0.03<", b"<CtrlSum>0.04<"),
        (b"<MsgId>F2", b"<MsgId>F3"),
    ],
)
def test_bytes_that_disagree_with_their_content_are_not_sent(before: bytes, after: bytes) -> None:
    body = write_payment_file(a_file([1, 2]))
    assert before in body

    with pytest.raises(FileDisagreesError):
        check_payment_file(body.replace(before, after, 1), msg_id=MSG_ID, expected=FileTotals(2, 3))


def test_a_file_that_lost_a_credit_is_not_sent() -> None:
    with pytest.raises(FileDisagreesError):
        check_payment_file(
            write_payment_file(a_file([1, 2])), msg_id=MSG_ID, expected=FileTotals(3, 6)
        )
