"""A payer: what talks HTTP with the bank, and reads its reports with somebody else's classes."""

import base64
import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx
from pyiso20022.camt.camt_054_001_08 import Document as NotificationDocument
from pyiso20022.pain.pain_002_001_10 import Document as StatusDocument
from xsdata.formats.dataclass.parsers import XmlParser
from xsdata.formats.dataclass.parsers.config import ParserConfig

from tests.simulators.bank.payment_files import APaymentFile
from tests.simulators.programs import RunningProgram

TOKEN = "a-token-of-the-tests"
PATIENCE_SECONDS = 60

DocumentT = TypeVar("DocumentT")


@dataclass(frozen=True, slots=True)
class Payer:
    """A client of one running bank."""

    client: httpx.Client

    def send(self, file: APaymentFile, **headers: str) -> httpx.Response:
        return self.send_bytes(file.msg_id, file.xml(), **headers)

    def send_bytes(self, msg_id: str, body: bytes, **headers: str) -> httpx.Response:
        digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
        own = {"Content-Digest": f"sha-256=:{digest}:", **headers}
        return self.client.put(f"/v1/payment-files/{msg_id}", content=body, headers=own)

    def arm(self, fault: str, **wish: object) -> None:
        self.client.post("/v1/faults", json={"fault": fault, **wish}).raise_for_status()

    def listed(self, *, after: int = 0, limit: int = 100) -> list[dict[str, Any]]:
        answer = self.client.get("/v1/reports", params={"after": after, "limit": limit})
        listing: list[dict[str, Any]] = answer.raise_for_status().json()
        return listing

    def report(self, report_id: str) -> bytes:
        return self.client.get(f"/v1/reports/{report_id}").raise_for_status().content

    def reports(self, *, at_least: int) -> list[dict[str, Any]]:
        """Wait for so many reports, and return their listing."""
        return wait_for(self.listed, lambda listing: len(listing) >= at_least)

    def statuses(self, *, at_least: int = 1) -> list[Any]:
        """Wait for so many pain.002, and return them parsed, oldest first."""
        return [
            strictly_parsed(self.report(entry["report_id"]), StatusDocument).cstmr_pmt_sts_rpt
            for entry in self._of_kind("pain.002", at_least)
        ]

    def entries(self, *, at_least: int = 1) -> list[Any]:
        """Wait for so many camt.054, and return the entries of all of them, oldest first."""
        documents = [
            strictly_parsed(self.report(entry["report_id"]), NotificationDocument)
            for entry in self._of_kind("camt.054", at_least)
        ]
        return [
            entry
            for document in documents
            for ntfctn in document.bk_to_cstmr_dbt_cdt_ntfctn.ntfctn
            for entry in ntfctn.ntry
        ]

    def truth(self) -> dict[str, Any]:
        truth: dict[str, Any] = self.client.get("/v1/truth").raise_for_status().json()
        return truth

    def _of_kind(self, kind: str, at_least: int) -> list[dict[str, Any]]:
        def of_kind() -> list[dict[str, Any]]:
            return [entry for entry in self.listed() if entry["kind"] == kind]

        return wait_for(of_kind, lambda found: len(found) >= at_least)


def client_of(bank: RunningProgram) -> httpx.Client:
    """Return a client that shows the token of the tests."""
    return httpx.Client(
        base_url=f"http://127.0.0.1:{bank.ready['port']}",
        headers={"Authorization": f"Bearer {TOKEN}"},
        timeout=PATIENCE_SECONDS,
        trust_env=False,
    )


def wait_for(
    look: Callable[[], list[dict[str, Any]]], enough: Callable[[list[dict[str, Any]]], bool]
) -> list[dict[str, Any]]:
    deadline = time.monotonic() + PATIENCE_SECONDS
    found = look()
    while not enough(found):
        assert time.monotonic() < deadline, f"only {len(found)} came"
        time.sleep(0.02)
        found = look()
    return found


def strictly_parsed(body: bytes, document: type[DocumentT]) -> DocumentT:
    """Parse with classes made from the ISO schema, refusing unknown elements and bad values."""
    config = ParserConfig(
        fail_on_unknown_properties=True,
        fail_on_unknown_attributes=True,
        fail_on_converter_warnings=True,
    )
    return XmlParser(config=config).from_bytes(body, document)


def reasons(status_report: Any) -> dict[str, str | None]:  # noqa: ANN401 -- untyped classes
    """Return the ISO reason of each order, None for an executed one, by end-to-end id."""
    return {
        order.orgnl_end_to_end_id: order.sts_rsn_inf[0].rsn.cd if order.sts_rsn_inf else None
        for information in status_report.orgnl_pmt_inf_and_sts
        for order in information.tx_inf_and_sts
    }
