"""A steady load on a registry: `python -m tests.drills.key_load`, a line of JSON in, one out.

Officers look persons up by every index, a partner verifies them by IDCS and by its own tokens, a
registrar declares births, and files are imported. Each waits a little after each round, so that the
load is bounded; each knows what it must be answered. It goes on until it is told to end (SIGTERM).
"""

import asyncio
import itertools
import json
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import httpx
import uvloop

from shared.runtime.children import end_with_parent
from shared.runtime.ids import new_id
from tests.services.registry.declaring import (
    a_birth,
    a_file,
    a_household,
    a_person,
    an_idcs,
    content_digest,
)

VISITORS = 4
VISIT_PAUSE_SECONDS = 0.15
BATCH_PAUSE_SECONDS = 0.5
BIRTH_PAUSE_SECONDS = 0.5
IMPORT_PAUSE_SECONDS = 1.0
POLL_SECONDS = 0.1
IMPORTED_AT_ONCE = 20
ANSWER_SECONDS_MAX = 15.0
ANSWERED, REFUSED, WRONG = "answered", "refused", "wrong"
GOOD = frozenset({200, 201, 202})

Document: TypeAlias = dict[str, Any]


@dataclass
class Load:
    """Those who ask, and what came of each question."""

    http: httpx.AsyncClient
    terms: Document
    asked: list[tuple[str, float, float, str]] = field(default_factory=list)
    """What, when, for how many seconds, and how it ended."""
    recorded: int = 0
    """How many persons were new to the registry."""
    tokens: dict[str, str] = field(default_factory=dict)
    """The token that the partner was last given for a person, by IDCS."""
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> None:
        """Ask until told to end; rounds that have begun go on to their end."""
        people: Sequence[Document] = self.terms["people"]
        async with asyncio.TaskGroup() as group:
            for number in range(VISITORS):
                group.create_task(self._visit(people[number::VISITORS]))
            group.create_task(self._verify_all(people))
            group.create_task(self._declare())
            group.create_task(self._import())

    async def _visit(self, people: Sequence[Document]) -> None:
        for person in itertools.cycle(people):
            if await self._ended_after(VISIT_PAUSE_SECONDS):
                return
            await self._look_up(person)
            await self._verify(person)

    async def _look_up(self, person: Document) -> None:
        """Find a person by each of their indexes."""
        idcs, cnie, name = person["idcs"], person["cnie"], " ".join(person["name_latin"].values())
        by_number = {"identifier": {"kind": "cnie", "value": cnie}}
        by_name = {"name": name, "birth_date": person["birth_date"], "sex": person["sex"]}
        found = await self.ask(
            "look-up",
            "persons/look-up",
            {"idcs": idcs},
            lambda answer: all(answer[key] == person[key] for key in ("name_ar", "birth_date")),
        )
        if found is None:
            return

        def is_among(answer: Document) -> bool:
            return found["person_id"] in [one["person_id"] for one in answer["items"]]

        await self.ask("search", "persons/search", by_number, is_among)
        await self.ask("search", "persons/search", by_name, is_among)

    async def _verify(self, person: Document) -> None:
        """Have a person verified by IDCS, by the token of last time, and by a new one."""
        idcs = person["idcs"]
        claims = {key: person[key] for key in ("name_latin", "birth_date", "sex", "cnie")}
        named: Document = {"token": self.tokens[idcs]} if idcs in self.tokens else {"idcs": idcs}
        told = await self.ask(
            "verify", "persons/verify", {**named, "attributes": claims}, _is_verified
        )
        if told is not None:
            self.tokens[idcs] = token = told["token"]
            body = {"token": token}
            is_told = lambda answer: answer["attributes"]["birth_date"] == person["birth_date"]  # noqa: E731
            await self.ask("kyc", "persons/kyc", body, is_told)

    async def _verify_all(self, people: Sequence[Document]) -> None:
        items = [
            {"idcs": one["idcs"], "attributes": {"birth_date": one["birth_date"]}} for one in people
        ]

        def holds(answer: Document) -> bool:
            return all(_is_verified(verdict) for verdict in answer["items"])

        while not await self._ended_after(BATCH_PAUSE_SECONDS):
            await self.ask("verify-batch", "persons/verify-batch", {"items": items}, holds)

    async def _declare(self) -> None:
        """Declare a birth in one family after the other, and look the newborn up."""
        numbers = itertools.count(self.terms["newborns_from"])
        for mother, newborn in zip(itertools.cycle(self.terms["mothers"]), numbers, strict=False):
            if await self._ended_after(BIRTH_PAUSE_SECONDS):
                return
            found = await self.ask(
                "search",
                "households/search",
                {"reference": a_household(mother, [mother])["reference"]},
                lambda answer: len(answer["items"]) == 1,
            )
            if found is None:
                continue
            home = found["items"][0]["household_id"]
            birth = a_birth(home, mother=mother, child=newborn, born=self.terms["born"])
            if await self.ask("declare", "declarations", birth, lambda _: True) is not None:
                self.recorded += 1
                await self.ask(
                    "look-up",
                    "persons/look-up",
                    {"idcs": an_idcs(newborn)},
                    lambda answer: answer["name_latin"]["family"] == "EL BAHRI",
                )

    async def _import(self) -> None:
        """Import persons and a household; then send the persons again among the next."""
        sent: list[Document] = []
        for first in itertools.count(self.terms["imported_from"], IMPORTED_AT_ONCE):
            if await self._ended_after(IMPORT_PAUSE_SECONDS):
                return
            new = [a_person(number) for number in range(first, first + IMPORTED_AT_ONCE)]
            expected = {
                "state": "completed",
                "persons_recorded": len(new),
                "households_recorded": 1,
                "unchanged": len(sent),
                "rejected": 0,
            }
            file = a_file(*new, *sent, a_household(first, [first, first + 1]))
            job = await self.ask("import", "imports", file, lambda _: True)
            if job is not None:
                self.recorded += len(new)
                await self._expect_job(f"imports/{job['job_id']}", expected)
            sent = new

    async def _expect_job(self, path: str, expected: Document) -> None:
        def is_right(answer: Document) -> bool:
            is_over = answer["state"] in ("completed", "failed")
            return not is_over or expected.items() <= answer.items()

        while True:
            await asyncio.sleep(POLL_SECONDS)
            job = await self.ask("import", path, None, is_right)
            if job is None or job["state"] in ("completed", "failed"):
                return

    async def ask(
        self,
        what: str,
        path: str,
        body: Document | bytes | None,
        is_right: Callable[[Document], bool],
    ) -> Document | None:
        """Ask one question and note how it ended; return the answer if it is right."""
        started = time.monotonic()
        ended, document = await self._answer(what, path, body, is_right)
        self.asked.append((what, started, time.monotonic() - started, ended))
        return document if ended == ANSWERED else None

    async def _answer(
        self,
        what: str,
        path: str,
        body: Document | bytes | None,
        is_right: Callable[[Document], bool],
    ) -> tuple[str, Document]:
        headers = {
            "Authorization": f"Bearer {self.terms['tokens'][what]}",
            "Sanad-Purpose": self.terms["purpose"],
            "Idempotency-Key": str(new_id()),
        }
        method, content = ("GET", None) if body is None else ("POST", body)
        if isinstance(content, bytes):
            headers |= {
                "Content-Type": "application/jsonl",
                "Content-Digest": content_digest(content),
            }
        elif content is not None:
            headers["Content-Type"] = "application/json"
            content = json.dumps(content).encode()
        try:
            answer = await self.http.request(
                method, f"/registry/v1/{path}", content=content, headers=headers
            )
        except httpx.TransportError as error:
            sys.stderr.write(f"{what}: {type(error).__name__}\n")
            return REFUSED, {}
        if answer.status_code not in GOOD:
            sys.stderr.write(f"{what}: {answer.status_code} {_code(answer)}\n")
            return REFUSED, {}
        document: Document = answer.json()
        if not is_right(document):
            sys.stderr.write(f"{what}: a wrong answer\n")
            return WRONG, {}
        return ANSWERED, document

    async def _ended_after(self, seconds: float) -> bool:
        """Wait; return whether the load is to end."""
        try:
            async with asyncio.timeout(seconds):
                await self.ended.wait()
        except TimeoutError:
            return False
        return True


def _is_verified(verdict: Mapping[str, Any]) -> bool:
    return verdict["verified"] is True


def _code(answer: httpx.Response) -> str:
    """Return the stable code of a problem."""
    kind = answer.headers.get("Content-Type", "")
    return str(answer.json().get("code", "")) if "json" in kind else ""


async def _run(terms: Document) -> Document:
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{terms['port']}", timeout=ANSWER_SECONDS_MAX, trust_env=False
    ) as http:
        load = Load(http, terms)
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, load.ended.set)
        await load.run()
    return {"asked": load.asked, "recorded": load.recorded}


if __name__ == "__main__":
    end_with_parent()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        outcome = runner.run(_run(json.loads(sys.stdin.readline())))
    sys.stdout.write(json.dumps(outcome) + "\n")
