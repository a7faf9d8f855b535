"""An SMS centre that does what a test says, speaking through a codec that is not ours."""

import asyncio
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import smpp34

HEADER = struct.Struct(">IIII")
BIND, UNBIND, SUBMIT, DELIVER, ENQUIRE, NACK = 0x9, 0x6, 0x4, 0x5, 0x15, 0x80000000
RESPONSE = 0x80000000
OK, THROTTLED, QUEUE_FULL, SYSTEM_ERROR, BAD_NUMBER, BIND_FAILED = 0, 0x58, 0x14, 0x08, 0x0B, 0x0D


@dataclass(frozen=True)
class Reply:
    """How one submit is answered: a status, none at all, or by hanging up."""

    status: int = OK
    is_silent: bool = False
    hangs_up: bool = False
    receipt_first: bool = False


@dataclass
class ScriptedCentre:
    """Keeps what it was sent and what was acknowledged."""

    reply: Callable[[smpp34.SubmitSm], Reply] = lambda _: Reply()
    receipt_word: str | None = "DELIVRD"
    bind_status: int = OK
    answers_enquiries: bool = True
    port: int = 0
    submits: list[smpp34.SubmitSm] = field(default_factory=list)
    binds: int = 0
    unbinds: int = 0
    nacks: list[int] = field(default_factory=list)
    acknowledged: dict[int, int] = field(default_factory=dict)
    outstanding: dict[int, bytes] = field(default_factory=dict)
    _writers: list[asyncio.StreamWriter] = field(default_factory=list)
    _sequence: int = 0
    _identifier: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        try:
            while True:
                header = await reader.readexactly(HEADER.size)
                length, command, status, sequence = HEADER.unpack(header)
                body = await reader.readexactly(length - HEADER.size)
                self._receive(writer, header + body, command, status, sequence)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    def _receive(
        self,
        writer: asyncio.StreamWriter,
        raw: bytes,
        command: int,
        status: int,
        sequence: int,
    ) -> None:
        if command == BIND:
            self.binds += 1
            self._respond(writer, command, sequence, self.bind_status, b"centre\0")
        elif command == SUBMIT:
            self._submitted(writer, raw, sequence)
        elif command == DELIVER | RESPONSE:
            self.acknowledged[sequence] = status
            if status == OK:
                self.outstanding.pop(sequence, None)
        elif command == ENQUIRE and self.answers_enquiries:
            self._respond(writer, command, sequence)
        elif command == UNBIND:
            self.unbinds += 1
            self._respond(writer, command, sequence)
        elif command == NACK:
            self.nacks.append(status)

    def _submitted(self, writer: asyncio.StreamWriter, raw: bytes, sequence: int) -> None:
        submit = smpp34.decode(raw)
        assert isinstance(submit, smpp34.SubmitSm)
        self.submits.append(submit)
        reply = self.reply(submit)
        if reply.hangs_up:
            writer.transport.abort()
            return
        self._identifier += 1
        identifier = f"{self._identifier:08d}"
        has_receipt = reply.status == OK and self.receipt_word is not None
        if reply.receipt_first and has_receipt:
            self.deliver_receipt(identifier, self.receipt_word or "")
        if not reply.is_silent:
            answer = identifier.encode() + b"\0" if reply.status == OK else b""
            self._respond(writer, SUBMIT, sequence, reply.status, answer)
        if not reply.receipt_first and has_receipt and not reply.is_silent:
            self.deliver_receipt(identifier, self.receipt_word or "")

    def deliver_receipt(self, identifier: str, word: str) -> int:
        text = (
            f"id:{identifier} sub:001 dlvrd:001 submit date:2611201000 done date:2611201001"
            f" stat:{word} err:000 text:..."
        )
        return self.deliver(
            smpp34.DeliverSm("212600000000", "SANAD", text.encode(), esm_class=0x04).encode()[16:]
        )

    def deliver(self, body: bytes) -> int:
        self._sequence += 1
        self.outstanding[self._sequence] = body
        self.send_raw(HEADER.pack(16 + len(body), DELIVER, 0, self._sequence) + body)
        return self._sequence

    def redeliver_outstanding(self) -> None:
        for sequence, body in list(self.outstanding.items()):
            self.send_raw(HEADER.pack(16 + len(body), DELIVER, 0, sequence) + body)

    def send_raw(self, octets: bytes) -> None:
        self._writers[-1].write(octets)

    def hang_up(self) -> None:
        self._writers[-1].transport.abort()

    @staticmethod
    def _respond(
        writer: asyncio.StreamWriter,
        command: int,
        sequence: int,
        status: int = OK,
        body: bytes = b"",
    ) -> None:
        pdu = HEADER.pack(16 + len(body), command | RESPONSE, status, sequence) + body
        writer.write(pdu)


@asynccontextmanager
async def running(centre: ScriptedCentre) -> AsyncIterator[ScriptedCentre]:
    """Serve `centre` on a port of its own."""
    server = await asyncio.start_server(centre.serve, "127.0.0.1", centre.port)
    centre.port = server.sockets[0].getsockname()[1]
    try:
        yield centre
    finally:
        server.close()
        for writer in centre._writers:  # noqa: SLF001 -- the centre's own clean-up
            writer.close()
        await server.wait_closed()


async def until(claim: Callable[[], bool], *, seconds: float = 60.0) -> None:
    """Wait until `claim` holds; fail when it does not in time."""
    async with asyncio.timeout(seconds):
        while not claim():  # noqa: ASYNC110 -- tests watch state that has no event
            await asyncio.sleep(0.01)
