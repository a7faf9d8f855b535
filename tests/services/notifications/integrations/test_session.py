"""The session keeps its promises to a peer that keeps none."""

import asyncio
import socket
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
import smpp34

from services.notifications.integrations.smpp.pace import Pace
from services.notifications.integrations.smpp.pdu import Address, SubmitSm
from services.notifications.integrations.smpp.session import (
    Answer,
    BindRefusedError,
    Link,
    LinkLostError,
    Session,
    UnansweredError,
    bound_session,
)
from tests.services.notifications.scripted_centre import (
    BIND_FAILED,
    ENQUIRE,
    HEADER,
    THROTTLED,
    Reply,
    ScriptedCentre,
    running,
    until,
)

PART = SubmitSm(
    source=Address("SANAD", ton=5, npi=0),
    destination=Address("212612345678", ton=1, npi=1),
    header=b"",
    payload=b"Bonjour",
    is_ucs2=False,
)


def a_link(port: int) -> Link:
    return Link("127.0.0.1", port, "sanad", "secret", answer_seconds=60.0)


def keep_at_once(_: bytes) -> asyncio.Future[None]:
    kept: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    kept.set_result(None)
    return kept


@asynccontextmanager
async def bound(
    centre: ScriptedCentre,
    *,
    on_delivery: Callable[[bytes], asyncio.Future[None]] = keep_at_once,
    **changes: float,
) -> AsyncIterator[Session]:
    link = replace(a_link(centre.port), **changes)  # type: ignore[arg-type]
    async with bound_session(link, on_delivery=on_delivery) as session:
        yield session


async def answered(session: Session) -> Answer:
    return await (await session.submit(PART))


async def test_a_submit_is_answered_with_the_id_of_the_centre() -> None:
    async with running(ScriptedCentre()) as centre:
        async with bound(centre) as session:
            assert await answered(session) == Answer(0, "00000001")
        assert (centre.binds, centre.unbinds) == (1, 1)


async def test_answers_out_of_order_find_their_submits() -> None:
    async with running(ScriptedCentre()) as centre, bound(centre) as session:
        futures = [await session.submit(PART) for _ in range(50)]
        identifiers = [(await future).message_id for future in reversed(futures)]
        assert identifiers == [f"{number:08d}" for number in range(50, 0, -1)]


async def test_no_more_than_the_window_is_unanswered_at_once() -> None:
    silent = ScriptedCentre(reply=lambda _: Reply(is_silent=True))
    async with running(silent) as centre, bound(centre, window=3) as session:
        unanswered = [await session.submit(PART) for _ in range(3)]
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                unanswered.append(await session.submit(PART))
        assert (len(unanswered), len(centre.submits)) == (3, 3)


async def test_a_submit_without_an_answer_is_given_up_and_frees_its_place() -> None:
    silent = ScriptedCentre(reply=lambda _: Reply(is_silent=True))
    async with (
        running(silent) as centre,
        bound(centre, window=1, answer_seconds=1.0, enquire_seconds=60) as session,
    ):
        first = await session.submit(PART)
        with pytest.raises(UnansweredError):
            await first
        second = await session.submit(PART)
        with pytest.raises(UnansweredError):
            await second


async def test_a_throttled_submit_is_answered_as_such() -> None:
    throttling = ScriptedCentre(reply=lambda _: Reply(status=THROTTLED))
    async with running(throttling) as centre, bound(centre) as session:
        assert (await answered(session)).status == THROTTLED


async def test_a_refused_bind_is_told_apart_from_a_lost_link() -> None:
    async with running(ScriptedCentre(bind_status=BIND_FAILED)) as centre:
        with pytest.raises(ExceptionGroup) as refused:
            async with bound(centre):
                pass
        assert refused.group_contains(BindRefusedError)


async def test_nobody_listening_is_a_lost_link() -> None:
    with pytest.raises(LinkLostError):
        async with bound_session(a_link(_free_port()), on_delivery=keep_at_once):
            pass


async def test_a_lost_link_leaves_submits_unknown_and_ends_the_session() -> None:
    silent = ScriptedCentre(reply=lambda _: Reply(is_silent=True))
    pending = []
    async with running(silent) as centre:
        with pytest.raises(ExceptionGroup) as ended:
            async with bound(centre) as session:
                pending.append(await session.submit(PART))
                await until(lambda: len(centre.submits) == 1)
                centre.hang_up()
                await asyncio.sleep(60)
        assert ended.group_contains(LinkLostError)
    with pytest.raises(LinkLostError):
        await pending[0]


async def test_a_centre_that_stops_answering_enquiries_is_a_lost_link() -> None:
    async with running(ScriptedCentre(answers_enquiries=False)) as centre:
        with pytest.raises(ExceptionGroup) as ended:
            async with bound(centre, enquire_seconds=0.1, answer_seconds=1.0):
                await asyncio.sleep(60)
        assert ended.group_contains(LinkLostError)


async def test_a_receipt_is_acknowledged_only_once_it_is_kept() -> None:
    keeping: list[asyncio.Future[None]] = []

    def keep_later(_: bytes) -> asyncio.Future[None]:
        keeping.append(asyncio.get_running_loop().create_future())
        return keeping[-1]

    async with running(ScriptedCentre()) as centre, bound(centre, on_delivery=keep_later):
        sequence = centre.deliver_receipt("1", "DELIVRD")
        await until(lambda: len(keeping) == 1)
        await asyncio.sleep(0.05)
        assert centre.acknowledged == {}
        keeping[0].set_result(None)
        await until(lambda: centre.acknowledged == {sequence: 0})


async def test_a_receipt_that_could_not_be_kept_is_asked_for_again() -> None:
    def fail(_: bytes) -> asyncio.Future[None]:
        kept: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        kept.set_exception(OSError("disk full"))
        return kept

    async with running(ScriptedCentre()) as centre, bound(centre, on_delivery=fail):
        sequence = centre.deliver_receipt("1", "DELIVRD")
        await until(lambda: sequence in centre.acknowledged)
        assert centre.acknowledged[sequence] == 0x64
        assert sequence in centre.outstanding


async def test_the_centre_may_enquire_and_an_unknown_command_is_refused() -> None:
    async with running(ScriptedCentre()) as centre, bound(centre) as session:
        centre.send_raw(HEADER.pack(16, ENQUIRE, 0, 7))
        centre.send_raw(HEADER.pack(16, 0x0000_0103, 0, 8))
        await until(lambda: centre.nacks == [0x03])
        assert (await answered(session)).status == 0


async def test_a_garbage_length_ends_the_session_with_a_refusal() -> None:
    async with running(ScriptedCentre()) as centre:
        with pytest.raises(ExceptionGroup) as ended:
            async with bound(centre):
                centre.send_raw(struct.pack(">IIII", 0xFFFF_FFFF, 5, 0, 1))
                await asyncio.sleep(60)
        assert ended.group_contains(LinkLostError)
        await until(lambda: centre.nacks == [0x02])


async def test_a_late_answer_to_nothing_is_ignored() -> None:
    async with running(ScriptedCentre()) as centre, bound(centre) as session:
        centre.send_raw(HEADER.pack(16, 0x8000_0004, 0, 999))
        assert (await answered(session)).status == 0


async def test_an_independent_server_takes_our_submits_and_we_take_its_receipts() -> None:
    port, bodies = _free_port(), []
    server = smpp34.Server("127.0.0.1", port)
    await server.start()

    def keep(body: bytes) -> asyncio.Future[None]:
        bodies.append(body)
        return keep_at_once(body)

    async def serve(count: int) -> None:
        sessions: dict[str, smpp34.Esme] = {}
        while count:
            event = await server.next()
            if isinstance(event, smpp34.Esme):
                sessions[event.session_id] = event
            elif isinstance(event, smpp34.SubmitSmEvent):
                count -= 1
                event.accept(message_id=f"m{count}")
                told = await sessions[event.session_id].deliver_sm(
                    "SANAD",
                    f"id:m{count} stat:DELIVRD".encode(),
                    source_addr=event.destination_addr,
                    esm_class=0x04,
                )
                assert told.is_success

    async with asyncio.TaskGroup() as tasks:
        serving = tasks.create_task(serve(20))
        async with bound_session(a_link(port), on_delivery=keep) as session:
            answers = [await session.submit(PART) for _ in range(20)]
            assert {(await answer).message_id for answer in answers} == {
                f"m{number}" for number in range(20)
            }
            await serving
            await until(lambda: len(bodies) == 20)
    await server.stop()


async def test_a_pace_halves_when_told_and_recovers() -> None:
    pace = Pace(1_000)
    pace.slow_down()
    assert pace.per_second == 500
    pace.slow_down()
    assert pace.per_second == 500  # answers of the same second count once
    await asyncio.sleep(0.1)
    await pace.take()
    assert 500 < pace.per_second <= 1_000


async def test_a_pace_lets_no_more_than_its_rate_and_a_burst_through() -> None:
    pace = Pace(200)
    loop = asyncio.get_running_loop()
    started = loop.time()
    for _ in range(60):
        await pace.take()
    assert loop.time() - started >= (60 - 21) / 200


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
