"""The bank's door: files go in under their message id, reports come out in order."""

import base64
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path

import httpx
import structlog
from pydantic import BaseModel, Field, ValidationError

log = structlog.get_logger(__name__)

REPORTS_PAGE_MAX = 50
_RETRIED_REFUSALS = frozenset(
    {
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.FORBIDDEN,
        HTTPStatus.REQUEST_TIMEOUT,
        HTTPStatus.TOO_MANY_REQUESTS,
    }
)


class FileAnswer(StrEnum):
    """What is known after a file was sent."""

    RECEIVED = "received"
    UNKNOWN = "unknown"
    """The bank may or may not have it; only the same bytes may follow."""
    REFUSED = "refused"
    """The bank says it will not take it; a person must look."""


class BankAwayError(Exception):
    """The bank's reports cannot be had at the moment."""


class ReportNotice(BaseModel):
    """One report in the bank's list."""

    seq: int = Field(ge=1, lt=2**53)
    kind: str = Field(max_length=20)
    report_id: str = Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")


class _ReportList(BaseModel):
    reports: list[ReportNotice] = Field(max_length=REPORTS_PAGE_MAX)


@dataclass(frozen=True)
class BankChannel:
    """Speaks to one bank over HTTP; safe to share between tasks."""

    client: httpx.AsyncClient
    token_file: Path
    report_bytes_max: int

    async def put_file(self, msg_id: str, body: bytes) -> FileAnswer:
        """Send a file under its message id; the bank takes the same bytes once.

        Whatever is no plain yes or no is `UNKNOWN`: a timeout says nothing about what was done.
        """
        digest = base64.b64encode(sha256(body).digest()).decode()
        headers = {
            **self._authorisation(),
            "Content-Type": "application/xml",
            "Content-Digest": f"sha-256=:{digest}:",
        }
        try:
            response = await self.client.put(
                f"/v1/payment-files/{msg_id}", content=body, headers=headers
            )
        except httpx.HTTPError as error:
            log.warning("bank-file-unanswered", reason=type(error).__name__)
            return FileAnswer.UNKNOWN
        return _file_answer(response.status_code)

    async def reports_after(self, seq: int) -> list[ReportNotice]:
        """Return the next reports in the bank's order, at most `REPORTS_PAGE_MAX`.

        Raises:
            BankAwayError: No answer, or one of another shape.
        """
        try:
            response = await self.client.get(
                "/v1/reports",
                params={"after": seq, "limit": REPORTS_PAGE_MAX},
                headers=self._authorisation(),
            )
            response.raise_for_status()
            document = response.json()
            listed = _ReportList.model_validate({"reports": document})
        except (httpx.HTTPError, ValidationError, ValueError) as error:
            message = "The bank's list of reports cannot be had."
            raise BankAwayError(message) from error
        return sorted(listed.reports, key=lambda notice: notice.seq)

    async def report(self, report_id: str) -> bytes | None:
        """Return the bytes of a report; None if it is larger than this channel takes.

        Raises:
            BankAwayError: No answer, or a refusal.
        """
        body = bytearray()
        try:
            async with self.client.stream(
                "GET", f"/v1/reports/{report_id}", headers=self._authorisation()
            ) as response:
                response.raise_for_status()
                async for chunk in response.aiter_bytes():
                    body += chunk
                    if len(body) > self.report_bytes_max:
                        return None
        except httpx.HTTPError as error:
            message = "A report of the bank cannot be had."
            raise BankAwayError(message) from error
        return bytes(body)

    async def close(self) -> None:
        """Let go of the connections."""
        await self.client.aclose()

    def _authorisation(self) -> dict[str, str]:
        # Read each time, so that a rotated token needs no restart.
        return {"Authorization": f"Bearer {self.token_file.read_text().strip()}"}


def open_channel(
    url: str, *, token_file: Path, timeout_seconds: int, report_bytes_max: int
) -> BankChannel:
    """Return a channel to the bank at `url`; it connects when first used."""
    client = httpx.AsyncClient(base_url=url, timeout=timeout_seconds, follow_redirects=False)
    return BankChannel(client=client, token_file=token_file, report_bytes_max=report_bytes_max)


def _file_answer(status: int) -> FileAnswer:
    if status in (HTTPStatus.OK, HTTPStatus.ACCEPTED):
        return FileAnswer.RECEIVED
    log.warning("bank-file-not-taken", status=status)
    if status in _RETRIED_REFUSALS or not HTTPStatus.BAD_REQUEST <= status < 500:  # noqa: PLR2004
        return FileAnswer.UNKNOWN
    return FileAnswer.REFUSED
