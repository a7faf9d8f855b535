"""A partner that speaks DCI: its messages, its keys, its policy, and its own machine."""

import asyncio
import base64
import hashlib
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc.jwk import OKPKey

from services.registry.domain.policies import (
    Attribute,
    DciPolicy,
    IdentifierKind,
    PartnerPolicy,
    PolicyPurpose,
    SignatureRule,
)
from services.registry.use_cases.collaborators import Collaborators
from services.registry.use_cases.register_partner import register_partner

CLIENT = "client-under-test"
SENDER = "asd.example.ma"
AT = "2026-11-20T10:00:00+01:00"
REGISTRY = "sanad"


@dataclass
class Signer:
    """Signs as partners do, and says by which key that is verified."""

    private: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    key_id: str = f"{SENDER}|key-1|ed25519"
    prefix: str = ""
    """What stands before the digest: nothing, or `SHA-256=`."""

    @property
    def jwks(self) -> dict[str, Any]:
        """Return the partner's public keys."""
        public = OKPKey.import_key(self.private.public_key()).as_dict(private=False)
        return {"keys": [{**public, "kid": "key-1", "use": "sig"}]}

    def sign(
        self, message: dict[str, Any], *, written: str | None = None, created: int | None = None
    ) -> dict[str, Any]:
        """Return the message with a signature.

        Args:
            message: Header and message.
            written: The text of both that the partner's language writes; by default Python's.
            created: When it was signed, by default now.
        """
        created = int(time.time()) if created is None else created  # noqa: TID251 -- as partners
        signed = {"header": message["header"], "message": message["message"]}
        text = written or json.dumps(signed, sort_keys=True, separators=(",", ":"))
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        lines = f"(created): {created}\n(expires): {created + 300}\ndigest: {self.prefix}{digest}"
        value = base64.b64encode(self.private.sign(lines.encode())).decode()
        signature = (
            f'namespace="dci", kidId="{self.key_id}", algorithm="ed25519", created="{created}",'
            f' expires="{created + 300}", headers="(created) (expires) digest",'
            f' signature="{value}"'
        )
        return {"signature": signature, **message}

    def detached(self, body: bytes) -> str:
        """Return a detached JWS over a body."""
        protected = _base64url(b'{"alg":"Ed25519","kid":"key-1"}')
        value = self.private.sign(f"{protected}.{_base64url(body)}".encode())
        return f"{protected}..{_base64url(value)}"


def _base64url(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


async def agree(
    using: Collaborators,
    *,
    client: str = CLIENT,
    hosts: tuple[str, ...] = ("127.0.0.1",),
    signature: SignatureRule = SignatureRule.OPTIONAL,
    jwks: dict[str, Any] | None = None,
    version: int | None = None,
) -> None:
    """Put a policy in force that lets a client exchange messages and learn everything."""
    policy = PartnerPolicy(
        client=client,
        version=0,
        name_ar="الوكالة الوطنية للدعم الاجتماعي",
        name_fr="Agence nationale du soutien social",
        purposes=(PolicyPurpose("identity-verification", "Loi 58-23", consent_required=False),),
        told=frozenset(Attribute),
        verified=frozenset(),
        detail=True,
        identifier=IdentifierKind.IDCS,
        regions=("*",),
        quota_per_day=1_000_000,
        batch=True,
        dci=DciPolicy(SENDER if client == CLIENT else client, hosts, signature, jwks),
    )
    await register_partner(policy, read_version=version, by="a-keeper", using=using)


def envelope(action: str, message: dict[str, Any], /, **header: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return a message to a register; what a test states of its header replaces the usual."""
    return {
        "header": {
            "version": "1.0.0",
            "message_id": f"{action}-1",
            "message_ts": AT,
            "action": action,
            "sender_id": SENDER,
            "receiver_id": REGISTRY,
            "total_count": 1,
            "is_msg_encrypted": False,
        }
        | header,
        "message": message,
    }


def by_identifier(idcs: str, /, reference_id: str = "r1", **criteria: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return the item of a search for one person."""
    return {
        "reference_id": reference_id,
        "timestamp": AT,
        "search_criteria": {"query_type": "idtype-value", "query": {"type": "UIN", "value": idcs}}
        | criteria,
    }


def a_search(*items: dict[str, Any], **header: Any) -> dict[str, Any]:  # noqa: ANN401 -- any JSON
    """Return a search message."""
    message = {"transaction_id": "txn-9001", "search_request": list(items)}
    return envelope("search", message, **{"total_count": len(items)} | header)


def a_status(attribute: str, value: Any, /, txn_type: str = "search", **header: Any) -> Any:  # noqa: ANN401
    """Return a question about earlier messages."""
    asked = {
        "reference_id": "s1",
        "txn_type": txn_type,
        "attribute_type": attribute,
        "attribute_value": value,
    }
    message = {"transaction_id": "txn-status", "txnstatus_request": asked}
    return envelope("txn-status", message, **header)


def a_subscription(event: str, query: Any, /, **header: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return a wish for one subscription."""
    item = {
        "reference_id": "r1",
        "timestamp": AT,
        "subscribe_criteria": {
            "reg_event_type": event,
            "filter_type": "idtype-value",
            "filter": query,
            "notify_record_type": "Member",
        },
    }
    message = {"transaction_id": "txn-sub", "subscribe_request": [item]}
    return envelope("subscribe", message, **header)


def an_unsubscription(*codes: str, **header: Any) -> dict[str, Any]:  # noqa: ANN401 -- any JSON
    """Return a wish for the end of subscriptions."""
    message = {"transaction_id": "txn-unsub", "timestamp": AT, "subscription_codes": list(codes)}
    return envelope("unsubscribe", message, **{"total_count": len(codes)} | header)


@dataclass
class Received:
    """What the partner's machine was sent."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:  # noqa: ANN401 -- any JSON
        """Return the body as JSON."""
        return json.loads(self.body)


@dataclass
class PartnerMachine:
    """The partner's machine: it keeps what it is sent and answers as a test wants."""

    address: str = ""
    received: list[Received] = field(default_factory=list)
    status: int = 200
    answer: dict[str, Any] = field(
        default_factory=lambda: {
            "message": {"ack_status": "ACK", "timestamp": AT, "correlation_id": "theirs"}
        }
    )
    headers: dict[str, str] = field(default_factory=dict)
    silent: bool = False
    """Whether it says nothing until it is released."""
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    released: asyncio.Event = field(default_factory=asyncio.Event)

    def uri(self, name: str) -> str:
        """Return the address of one of its paths."""
        return f"{self.address}/registry/{name}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection."""
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                await self._answer(head.decode(), reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _answer(
        self, head: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        first, *lines = head.strip().split("\r\n")
        headers = {
            name.lower(): value for name, _, value in (line.partition(": ") for line in lines)
        }
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        self.received.append(Received(first.split()[1], headers, body))
        self.reached.set()
        if self.silent:
            await self.released.wait()
            raise ConnectionAbortedError
        answer = json.dumps(self.answer).encode()
        extra = "".join(f"{name}: {value}\r\n" for name, value in self.headers.items())
        start = f"HTTP/1.1 {self.status} X\r\n{extra}Content-Length: {len(answer)}\r\n\r\n"
        writer.write(start.encode() + answer)
        await writer.drain()


@asynccontextmanager
async def partner_machine() -> AsyncIterator[PartnerMachine]:
    """Run the partner's machine on this one."""
    machine = PartnerMachine()
    server = await asyncio.start_server(machine.serve, "127.0.0.1", 0)
    machine.address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield machine
    finally:
        machine.released.set()
        server.close()
