"""RAMED lists over their whole way: sent over HTTP, matched, read in pages, forgotten."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.registry.domain.ramed import HEADER
from services.registry.use_cases import receive_ramed
from services.registry.use_cases.match_ramed import match_next_rows
from shared.testing.tokens import Issuer
from tests.services.registry.conftest import Registry
from tests.services.registry.counter import at_the_counter
from tests.services.registry.declaring import RABAT, TANGIER, a_file, a_person

ADDRESS = "/registry/v1/ramed-matchings"
SCOPES = ("registry.ramed:write", "registry.ramed:read")
PEOPLE = a_file(
    a_person(1),
    a_person(2, birth_date="1971-03-05"),
    a_person(3, birth_date="1971-03-05"),
    a_person(4, birth_date="1960-08-09", commune=RABAT),
)
ZAHRA = "زهرة,البحري,Zahra,EL BAHRI"


@pytest.fixture
async def client(
    registry: Registry, keys: Path, issuer: Issuer
) -> AsyncIterator[httpx.AsyncClient]:
    """Return a client that may send lists, in a registry of four."""
    await registry.load(PEOPLE, key="k")
    async with at_the_counter(registry, *SCOPES, keys=keys, issuer=issuer) as client:
        yield client


async def send(
    client: httpx.AsyncClient, *rows: str, key: str = "k", **headers: str
) -> httpx.Response:
    """Send a list of rows."""
    body = "\n".join((HEADER, *rows)) + "\n"
    stated = {"Content-Type": "text/csv", "Idempotency-Key": key} | headers
    return await client.post(ADDRESS, content=body.encode(), headers=stated)


async def matched(client: httpx.AsyncClient, registry: Registry, *rows: str) -> dict[str, Any]:
    """Send a list, match it, and return how far it is."""
    answer = await send(client, *rows)
    assert answer.status_code == 202, answer.text
    while await match_next_rows(registry.worker):
        pass
    done: dict[str, Any] = (await client.get(f"{ADDRESS}/{answer.json()['matching_id']}")).json()
    return done


async def test_rows_are_matched_ambiguous_unknown_or_malformed(
    client: httpx.AsyncClient, registry: Registry
) -> None:
    done = await matched(
        client,
        registry,
        f"R-1,{ZAHRA},1989-04-12,{TANGIER},",
        f"R-2,زهره,البحري,,,1990-04-12,{TANGIER},AB100001",
        f"R-3,{ZAHRA},1971-03-05,{TANGIER},",
        f"R-4,{ZAHRA},1950-01-31,{TANGIER},",
        f"R-5,{ZAHRA},1950-01-32,{TANGIER},",
    )
    counts = {key: done[key] for key in ("matched", "ambiguous", "unknown", "malformed")}
    assert counts == {"matched": 2, "ambiguous": 1, "unknown": 1, "malformed": 1}
    assert (done["state"], done["rows_total"]) == ("completed", 5)
    page = (await client.get(f"{ADDRESS}/{done['matching_id']}/rows")).json()
    one, two, three, four, five = page["items"]
    assert one["person_ids"] == two["person_ids"]
    assert {"card-same", "birth-date-year-apart"} <= set(two["reasons"])
    assert (three["outcome"], len(three["person_ids"])) == ("ambiguous", 2)
    assert (four["outcome"], four["person_ids"]) == ("unknown", [])
    assert (five["number"], five["reasons"]) == ("R-5", ["birth-date-invalid"])


async def test_a_row_that_names_nobody_says_why(
    client: httpx.AsyncClient, registry: Registry
) -> None:
    done = await matched(
        client,
        registry,
        f"R-1,{ZAHRA},1950-01-31,{TANGIER},",
        f"R-2,{ZAHRA},1989-04-12,{TANGIER},ZZ999999",
        f"R-3,كريمة,البحري,Karima,EL BAHRI,1989-04-12,{TANGIER},",
        f"R-4,كريمة,التازي,Karima,TAZI,1950-01-31,{TANGIER},AB100001",
        f"R-5,{ZAHRA},1961-08-09,{TANGIER},",
    )
    assert done["unknown"] == 5
    page = (await client.get(f"{ADDRESS}/{done['matching_id']}/rows")).json()
    one, two, three, four, five = (item["reasons"] for item in page["items"])
    assert one == five == ["nobody-like-this"]
    assert two == [
        "given-name-same", "family-name-same", "cards-differ", "birth-date-same", "commune-same",
    ]  # fmt: skip
    assert three == ["given-name-differs", "family-name-same", "birth-date-same", "commune-same"]
    assert four == [
        "given-name-differs", "family-name-differs", "card-same", "birth-date-differs",
        "commune-same",
    ]  # fmt: skip


async def test_rows_are_read_in_pages_and_everybody_shown_is_logged(
    client: httpx.AsyncClient, registry: Registry
) -> None:
    rows = (f"R-{number},{ZAHRA},1971-03-05,{TANGIER}," for number in range(3))
    done = await matched(client, registry, *rows)
    address, query, seen = f"{ADDRESS}/{done['matching_id']}/rows", "?limit=2", []
    while query:
        page = (await client.get(address + query)).json()
        seen += [item["line"] for item in page["items"]]
        query = f"?limit=2&cursor={page['next_cursor']}" if page["next_cursor"] else ""
    assert seen == [2, 3, 4]
    logged = await registry.databases.rows("SELECT result FROM access_log")
    assert [row["result"] for row in logged] == ["ambiguous"] * 6
    only = (await client.get(f"{address}?outcome=matched")).json()
    assert only == {"items": [], "next_cursor": None}


async def test_nothing_of_a_list_stays_in_clear_and_its_rows_are_forgotten(
    client: httpx.AsyncClient, registry: Registry
) -> None:
    await send(client, f"R-SECRET,{ZAHRA},1989-04-12,{TANGIER},ZZ777777")
    waiting = await registry.databases.value("SELECT body_sealed FROM ramed_block")
    assert "زهرة".encode() not in bytes(waiting)
    while await match_next_rows(registry.worker):
        pass
    assert await registry.databases.value("SELECT count(*) FROM ramed_block") == 0
    (row,) = await registry.databases.rows("SELECT * FROM ramed_row")
    assert b"SECRET" not in bytes(row["number_sealed"])


async def test_a_list_is_matched_within_the_senders_regions_and_read_by_the_sender(
    client: httpx.AsyncClient, registry: Registry, issuer: Issuer
) -> None:
    client.headers = httpx.Headers(issuer.headers(*SCOPES, regions=["01"]))
    done = await matched(client, registry, f"R-1,{ZAHRA},1960-08-09,{RABAT},")
    assert done["unknown"] == 1
    client.headers = httpx.Headers(issuer.headers(*SCOPES, regions=["01"], subject="another"))
    other = await client.get(f"{ADDRESS}/{done['matching_id']}")
    assert (other.status_code, other.json()["code"]) == (
        404,
        "registry.ramed-matching-not-found",
    )


async def test_the_same_list_sent_again_is_matched_once(
    client: httpx.AsyncClient, registry: Registry
) -> None:
    row = f"R-1,{ZAHRA},1989-04-12,{TANGIER},"
    first, again = await send(client, row), await send(client, row)
    assert first.json() == again.json()
    assert await registry.databases.value("SELECT count(*) FROM ramed_matching") == 1
    other = await send(client, row.replace("R-1", "R-2"))
    assert other.json()["code"] == "shared.idempotency-key-reused"


async def test_what_is_no_list_is_refused_and_nothing_is_written(
    client: httpx.AsyncClient, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = f"R-1,{ZAHRA},1989-04-12,{TANGIER},"

    async def code(body: bytes, **headers: str) -> tuple[int, str]:
        stated = {"Content-Type": "text/csv", "Idempotency-Key": "x"} | headers
        answer = await client.post(ADDRESS, content=body, headers=stated)
        return answer.status_code, answer.json()["code"]

    good = f"{HEADER}\n{row}\n".encode()
    assert await code(good, **{"Content-Type": "application/json"}) == (
        415,
        "registry.ramed-media-type",
    )
    assert await code(b"number,name\n1,2\n") == (422, "registry.ramed-header")
    assert await code(f"{HEADER}\n".encode()) == (422, "registry.ramed-rows")
    assert await code(good.decode().encode("utf-16")) == (422, "registry.ramed-encoding")
    assert await code(good.decode().encode("cp1256")) == (422, "registry.ramed-encoding")
    assert await code(good, **{"Idempotency-Key": ""}) == (400, "shared.idempotency-key-missing")
    monkeypatch.setattr(receive_ramed, "ROWS_MAX", 0)
    assert await code(good) == (422, "registry.ramed-rows")
    assert await registry.databases.value("SELECT count(*) FROM ramed_matching") == 0


async def test_the_sender_sees_every_row_and_nobody_of_regions_that_are_not_theirs(
    client: httpx.AsyncClient, registry: Registry, issuer: Issuer
) -> None:
    rows = (
        f"R-1,{ZAHRA},1989-04-12,{TANGIER},",
        f"R-2,{ZAHRA},1989-04-12,{RABAT},",
        f"R-3,{ZAHRA},1960-08-09,{RABAT},",
        f"R-4,{ZAHRA},1950-01-32,{TANGIER},",
    )
    done = await matched(client, registry, *rows)
    address = f"{ADDRESS}/{done['matching_id']}/rows"
    everywhere = (await client.get(address)).json()["items"]
    client.headers = httpx.Headers(issuer.headers(*SCOPES, regions=["01"]))
    at_home = (await client.get(address)).json()["items"]
    assert [row["number"] for row in at_home] == ["R-1", "R-2", "R-3", "R-4"]
    assert at_home == [
        {**row, "person_ids": [] if row["number"] == "R-3" else row["person_ids"]}
        for row in everywhere
    ]
    assert [len(row["person_ids"]) for row in everywhere] == [1, 1, 1, 0]
    assert at_home[3]["reasons"] == ["birth-date-invalid"]
    logged = await registry.databases.rows("SELECT region_code, person_id FROM access_log")
    assert sorted(row["region_code"] for row in logged) == ["01", "01", "01", "01", "04"]


async def test_a_number_that_an_earlier_row_has_is_told(
    client: httpx.AsyncClient, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receive_ramed, "BLOCK_ROWS", 2)
    done = await matched(
        client,
        registry,
        f"R-1,{ZAHRA},1989-04-12,{TANGIER},",
        f"R-2,{ZAHRA},1950-01-32,{TANGIER},",
        f'" R-1 ",{ZAHRA},1989-04-12,{TANGIER},',
        f"R-2,{ZAHRA},1950-01-31,{TANGIER},",
    )
    rows = (await client.get(f"{ADDRESS}/{done['matching_id']}/rows")).json()["items"]
    assert ["number-repeated" in row["reasons"] for row in rows] == [False, False, True, True]
    assert rows[2]["outcome"] == "matched"
    assert rows[3]["reasons"] == ["nobody-like-this", "number-repeated"]
