"""One bound transceiver: a window of submits, receipts acknowledged late, a link kept alive.

A `deliver_sm` is answered only when whoever received it says that it is kept: a crash before that
makes the SMS centre send it again.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial

import structlog

from services.notifications.integrations.smpp.pdu import (
    HEADER,
    PDU_OCTETS_MAX,
    Command,
    MalformedPduError,
    Pdu,
    SubmitSm,
    bind_body,
    c_string,
    message_id,
)
from services.notifications.integrations.smpp.statuses import (
    STATUS_INVALID_COMMAND,
    STATUS_INVALID_LENGTH,
    STATUS_OK,
    STATUS_TEMPORARY_APPLICATION_ERROR,
)

log = structlog.get_logger(__name__)

SEQUENCE_MAX = 0x7FFFFFFF
READ_OCTETS_MAX = 65_536
GOODBYE_SECONDS = 1.0


class LinkLostError(Exception):
    """The SMS centre went away; what was submitted and not answered has an unknown outcome."""


class BindRefusedError(Exception):
    """The SMS centre did not accept our name and password."""


class UnansweredError(Exception):
    """A submit was not answered in time; its outcome is unknown."""


@dataclass(frozen=True, slots=True)
class Link:
    """Where the SMS centre is, who we are there, and how patient we are (in seconds)."""

    host: str
    port: int
    system_id: str
    password: str = field(repr=False)
    window: int = 100
    tls: ssl.SSLContext | None = None
    connect_seconds: float = 10.0
    answer_seconds: float = 30.0
    enquire_seconds: float = 30.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What the SMS centre said to one submit."""

    status: int
    message_id: str


OnDelivery = Callable[[bytes], asyncio.Future[None]]
"""Takes the body of a `deliver_sm`; its future is done when the body is kept for good."""


@asynccontextmanager
async def bound_session(link: Link, *, on_delivery: OnDelivery) -> AsyncIterator["Session"]:
    """Connect, bind, and hold the session until the block ends.

    When the link is lost the block is cancelled.

    Raises:
        ExceptionGroup: Of `LinkLostError` or `BindRefusedError`.
        LinkLostError: Nobody listens there.
    """
    try:
        async with asyncio.timeout(link.connect_seconds):
            reader, writer = await asyncio.open_connection(link.host, link.port, ssl=link.tls)
    except OSError as error:
        message = "The SMS centre cannot be reached."
        raise LinkLostError(message) from error
    session = Session(link, reader, writer, on_delivery=on_delivery)
    try:
        async with asyncio.TaskGroup() as tasks:
            reading = tasks.create_task(session.read())
            await session.bind()
            keeping = tasks.create_task(session.keep_alive())
            yield session
            await session.unbind()
            reading.cancel()
            keeping.cancel()
    finally:
        session.close()


class Session:
    """Requests in flight, matched to their answers by sequence number."""

    def __init__(
        self,
        link: Link,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        on_delivery: OnDelivery,
    ) -> None:
        """Take an open connection; `bound_session` makes it a bind."""
        self._link = link
        self._reader = reader
        self._writer = writer
        self._on_delivery = on_delivery
        self._slots = asyncio.Semaphore(link.window)
        self._requests: dict[int, tuple[float, asyncio.Future[Pdu]]] = {}
        self._sequence = 0
        self._incoming = bytearray()
        self._outgoing = bytearray()
        self._is_closed = False
        self._is_unbound = False

    async def bind(self) -> None:
        """Bind as a transceiver.

        Raises:
            BindRefusedError: The SMS centre said no.
        """
        body = bind_body(self._link.system_id, self._link.password)
        answer = await self._ask(Command.BIND_TRANSCEIVER, body)
        if answer.status != STATUS_OK:
            message = f"The SMS centre refused the bind with status {answer.status:#x}."
            raise BindRefusedError(message)

    async def submit(self, part: SubmitSm) -> asyncio.Future[Answer]:
        """Wait for room in the window, send one part, and return its answer to come.

        The future raises `UnansweredError` or `LinkLostError` when the outcome is unknown.

        Raises:
            LinkLostError: The link was gone before any byte was sent.
        """
        body = part.body()
        await self._slots.acquire()
        try:
            await self._writer.drain()
        except ConnectionError:
            log.debug("write-failed")  # the reader sees the same end and closes the session
        except BaseException:
            self._slots.release()
            raise
        if self._is_closed:
            self._slots.release()
            message = "The link was lost before the part was sent."
            raise LinkLostError(message)
        # Nothing is awaited from here on: whoever is cancelled has either sent a part and holds
        # its answer to come, or has sent nothing.
        response = self._send(Command.SUBMIT_SM, body)
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        response.add_done_callback(partial(self._settle, answer))
        return answer

    async def read(self) -> None:
        """Act on every PDU until the link ends.

        Raises:
            LinkLostError: It ended before we said goodbye.
        """
        try:
            while octets := await self._reader.read(READ_OCTETS_MAX):
                self._incoming += octets
                for pdu in self._whole_pdus():
                    self._receive(pdu)
            message = "The link ended."
            raise ConnectionResetError(message)
        except (OSError, MalformedPduError) as error:
            self.close()
            if self._is_unbound:  # some centres hang up instead of answering a goodbye
                return
            message = f"The SMS centre's link ended ({type(error).__name__})."
            raise LinkLostError(message) from error

    async def keep_alive(self) -> None:
        """Give up on late answers, and ask now and then whether the SMS centre is still there.

        Raises:
            LinkLostError: It does not answer any more.
        """
        loop = asyncio.get_running_loop()
        next_enquiry = loop.time() + self._link.enquire_seconds
        while True:
            await asyncio.sleep(min(1.0, self._link.enquire_seconds, self._link.answer_seconds))
            self._give_up_late(loop.time())
            if loop.time() >= next_enquiry:
                next_enquiry = loop.time() + self._link.enquire_seconds
                try:
                    await self._ask(Command.ENQUIRE_LINK, b"")
                except UnansweredError as error:
                    self.close()
                    message = "The SMS centre does not answer."
                    raise LinkLostError(message) from error

    async def unbind(self) -> None:
        """Say goodbye, and wait a moment for the answer."""
        self._is_unbound = True
        try:
            async with asyncio.timeout(GOODBYE_SECONDS):
                await self._ask(Command.UNBIND, b"")
        except (TimeoutError, UnansweredError, LinkLostError):
            log.info("unbind-unanswered")

    def close(self) -> None:
        """Drop the connection; requests without an answer become `LinkLostError`.

        Bytes already written still go out, a goodbye among them when there was no time to wait
        for its answer.
        """
        if self._is_closed:
            return
        if not self._is_unbound:
            self._write(Pdu(Command.UNBIND, self._sequence + 1))
        self._is_closed = True
        self._flush()
        self._writer.close()
        lost = LinkLostError("The link was lost before the answer.")
        for _, response in self._requests.values():
            if not response.done():
                response.set_exception(lost)
        self._requests.clear()

    def _whole_pdus(self) -> Iterator[Pdu]:
        """Yield the PDUs that have come in whole; the beginning of the next one is kept."""
        start = 0
        while len(self._incoming) - start >= HEADER.size:
            length, command, status, sequence = HEADER.unpack_from(self._incoming, start)
            if not HEADER.size <= length <= PDU_OCTETS_MAX:
                self._write(Pdu(Command.GENERIC_NACK, sequence, STATUS_INVALID_LENGTH))
                message = "A PDU states an impossible length."
                raise MalformedPduError(message)
            if len(self._incoming) - start < length:
                break
            yield Pdu(
                command,
                sequence,
                status,
                bytes(self._incoming[start + HEADER.size : start + length]),
            )
            start += length
        del self._incoming[:start]

    def _receive(self, pdu: Pdu) -> None:
        if pdu.is_response:
            _, response = self._requests.pop(pdu.sequence, (0.0, None))
            if response is not None and not response.done():
                response.set_result(pdu)
        elif pdu.command == Command.DELIVER_SM:
            kept = self._on_delivery(pdu.body)
            kept.add_done_callback(partial(self._acknowledge, pdu.sequence))
        elif pdu.command == Command.ENQUIRE_LINK:
            self._write(Pdu(Command.ENQUIRE_LINK_RESP, pdu.sequence))
        elif pdu.command == Command.UNBIND:
            self._write(Pdu(Command.UNBIND_RESP, pdu.sequence))
            self._is_unbound = True
            self.close()
            message = "The SMS centre unbound us."
            raise LinkLostError(message)
        else:
            self._write(Pdu(Command.GENERIC_NACK, pdu.sequence, STATUS_INVALID_COMMAND))

    def _acknowledge(self, sequence: int, kept: asyncio.Future[None]) -> None:
        failed = kept.cancelled() or kept.exception() is not None
        status = STATUS_TEMPORARY_APPLICATION_ERROR if failed else STATUS_OK
        self._write(Pdu(Command.DELIVER_SM_RESP, sequence, status, c_string("")))

    def _settle(self, answer: asyncio.Future[Answer], response: asyncio.Future[Pdu]) -> None:
        self._slots.release()
        if answer.done() or response.cancelled():
            return
        error = response.exception()
        if error is not None:
            answer.set_exception(error)
            return
        pdu = response.result()
        try:
            identifier = message_id(pdu.body)
        except MalformedPduError as malformed:
            answer.set_exception(UnansweredError(str(malformed)))
            return
        answer.set_result(Answer(pdu.status, identifier))

    async def _ask(self, command: Command, body: bytes) -> Pdu:
        response = self._send(command, body)
        try:
            async with asyncio.timeout(self._link.answer_seconds):
                return await response
        except TimeoutError as error:
            message = f"{command.name} was not answered in time."
            raise UnansweredError(message) from error

    def _send(self, command: Command, body: bytes) -> asyncio.Future[Pdu]:
        self._sequence = self._sequence % SEQUENCE_MAX + 1
        loop = asyncio.get_running_loop()
        response: asyncio.Future[Pdu] = loop.create_future()
        self._requests[self._sequence] = (loop.time() + self._link.answer_seconds, response)
        self._write(Pdu(command, self._sequence, body=body))
        return response

    def _write(self, pdu: Pdu) -> None:
        """Send with whatever else this turn of the loop writes: one system call for many PDUs."""
        if self._is_closed:
            return
        if not self._outgoing:
            asyncio.get_running_loop().call_soon(self._flush)
        self._outgoing += pdu.encode()

    def _flush(self) -> None:
        if self._outgoing:
            self._writer.write(bytes(self._outgoing))
            self._outgoing.clear()

    def _give_up_late(self, now: float) -> None:
        late = [number for number, (due, _) in self._requests.items() if due <= now]
        for number in late:
            _, response = self._requests.pop(number)
            if not response.done():
                response.set_exception(UnansweredError("A submit was not answered in time."))
