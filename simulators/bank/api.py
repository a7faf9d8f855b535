"""The bank's HTTP door: payment files in, reports out, and the truth for tests."""

import asyncio
import base64
import hashlib
import hmac
import os
import re
import sqlite3
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from aiohttp import web

from simulators.bank.books import Books, Receipt
from simulators.bank.faults import RequestFault, faults_at_once
from simulators.bank.payment_file import PaymentFile, PaymentFileReader, UnreadableFileError
from simulators.bank.settlement import Settlement
from simulators.standalone.clock import BusinessClock, machine_milliseconds
from simulators.standalone.faults import ArmedFaults, add_fault_routes
from simulators.standalone.http import (
    JSON_BYTES_MAX,
    PAGE_ROWS_MAX,
    Answer,
    bears_token,
    problem,
    refusal,
    whole_number,
)

FILE_BYTES_MAX = 64 * 1024 * 1024
SEQ_MAX = 2**53

_DIGEST = re.compile(r"sha-256=:([A-Za-z0-9+/]{43}=):")


@dataclass(frozen=True, slots=True)
class Bank:
    """What the routes work with."""

    books: Books
    reader: PaymentFileReader
    settlement: Settlement
    faults: ArmedFaults
    clock: BusinessClock
    spool: Path
    settle_after_ms: int
    token: str


BANK = web.AppKey("BANK", Bank)


def bank_application(bank: Bank) -> web.Application:
    """Return the application; every route wants the bearer token."""
    app = web.Application(middlewares=[_guard, _misbehave], client_max_size=JSON_BYTES_MAX)
    app[BANK] = bank
    app.router.add_put("/v1/payment-files/{msg_id}", put_payment_file)
    app.router.add_get("/v1/reports", list_reports)
    app.router.add_get("/v1/reports/{report_id}", get_report)
    app.router.add_get("/v1/truth", get_truth)
    add_fault_routes(app, bank.faults, at_once=faults_at_once(bank.settlement))
    return app


async def put_payment_file(request: web.Request) -> web.StreamResponse:
    """Take a pain.001 once: 202 at first, 200 for the same bytes again, 409 for other bytes.

    What is no valid pain.001.001.09, or carries another message id than the path, is refused here
    with 422; wrong counts, sums or duplicates are answered later by a pain.002.
    """
    bank = request.app[BANK]
    msg_id = request.match_info["msg_id"]
    expected = _expected_digest(request)
    # The payer has the receipt only if the file survives this process; the spool need not.
    with tempfile.NamedTemporaryFile(dir=bank.spool) as spooled:
        digest = await _spool(request, Path(spooled.name))
        if digest is None:
            return problem(413, "too-large", f"A file has at most {FILE_BYTES_MAX} bytes.")
        if not hmac.compare_digest(digest, expected):
            return problem(400, "digest-mismatch", "The body differs from its Content-Digest.")
        known = await asyncio.to_thread(bank.books.receipt, msg_id)
        if known is not None:
            return _answer_again(known, digest)
        try:
            file = await asyncio.to_thread(bank.reader.read, Path(spooled.name), msg_id=msg_id)
        except UnreadableFileError as error:
            detail = "The body is no valid pain.001.001.09 with the message id of the path."
            return problem(422, error.why, detail)
    return await _take(request, file, digest)


async def list_reports(request: web.Request) -> web.Response:
    """List reports written after a sequence number, oldest first."""
    after = whole_number(request, "after", default=0, most=SEQ_MAX)
    limit = whole_number(request, "limit", default=100, most=PAGE_ROWS_MAX)
    books = request.app[BANK].books
    return web.json_response(await asyncio.to_thread(books.reports_after, after, limit=limit))


async def get_report(request: web.Request) -> web.Response:
    """Return the XML of one report, with its digest."""
    report_id = request.match_info["report_id"]
    body = await asyncio.to_thread(request.app[BANK].books.report_body, report_id)
    if body is None:
        return problem(404, "report-unknown", "There is no such report.")
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
    headers = {"Content-Digest": f"sha-256=:{digest}:"}
    return web.Response(body=body, content_type="application/xml", headers=headers)


async def get_truth(request: web.Request) -> web.Response:
    """Return what was really credited: totals, and one page of orders by end-to-end id."""
    limit = whole_number(request, "limit", default=1000, most=PAGE_ROWS_MAX)
    after = request.query.get("after", "")
    books = request.app[BANK].books
    orders = await asyncio.to_thread(books.by_end_to_end_id, after=after, limit=limit)
    last = orders[-1]["end_to_end_id"] if limit and len(orders) == limit else None
    totals = await asyncio.to_thread(books.totals)
    return web.json_response({"totals": totals, "orders": orders, "next_after": last})


@web.middleware
async def _guard(request: web.Request, handler: Answer) -> web.StreamResponse:
    if not bears_token(request, request.app[BANK].token):
        return problem(401, "unauthenticated", "A valid bearer token is required.")
    try:
        return await handler(request)
    except sqlite3.OperationalError:
        return problem(503, "books-unavailable", "The bank cannot write its books now.")


@web.middleware
async def _misbehave(request: web.Request, handler: Answer) -> web.StreamResponse:
    faults = request.app[BANK].faults
    if not request.path.startswith(("/v1/payment-files/", "/v1/reports")):
        return await handler(request)
    if faults.strikes(RequestFault.DELAY):
        await asyncio.sleep(faults.delay_seconds)
    if faults.strikes(RequestFault.ANSWER_503):
        return problem(503, "out-of-service", "The bank is out of service.")
    return await handler(request)


async def _take(request: web.Request, file: PaymentFile, digest: bytes) -> web.StreamResponse:
    bank = request.app[BANK]
    receipt = await asyncio.to_thread(
        bank.books.take,
        file,
        sha256=digest.hex(),
        received_at=bank.clock.now().isoformat(),
        due_ms=machine_milliseconds() + bank.settle_after_ms,
    )
    if receipt.sha256 != digest.hex():
        return _answer_again(receipt, digest)
    if bank.faults.strikes(RequestFault.DROP_AFTER_STORING) and request.transport is not None:
        request.transport.abort()
    return web.json_response(asdict(receipt), status=202)


def _answer_again(known: Receipt, digest: bytes) -> web.Response:
    if known.sha256 != digest.hex():
        detail = "Another file was taken under this message id."
        return problem(409, "message-id-reused", detail)
    return web.json_response(asdict(known))


def _expected_digest(request: web.Request) -> bytes:
    found = _DIGEST.fullmatch(request.headers.get("Content-Digest", "").strip())
    if found is None:
        detail = "A Content-Digest header with a sha-256 value is required."
        raise refusal(web.HTTPBadRequest, "digest-missing", detail)
    return base64.b64decode(found[1])


async def _spool(request: web.Request, path: Path) -> bytes | None:
    """Write the body to `path`, and return its SHA-256; None if it is too large."""
    digest, size = hashlib.sha256(), 0
    file = os.open(path, os.O_WRONLY)
    try:
        async for chunk in request.content.iter_chunked(1 << 18):
            size += len(chunk)
            if size > FILE_BYTES_MAX:
                return None
            digest.update(chunk)
            os.write(file, chunk)
    finally:
        os.close(file)
    return digest.digest()
