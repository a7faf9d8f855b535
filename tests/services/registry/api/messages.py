"""Messages that the registry takes, and how each can be spoiled."""

import copy
import random
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from shared.runtime.ids import new_id
from tests.services.registry.dci_partner import (
    a_search,
    a_status,
    a_subscription,
    an_unsubscription,
    by_identifier,
)
from tests.services.registry.declaring import FACTS, TANGIER, a_member, an_idcs

Path = tuple[str | int, ...]

JUNK: Sequence[Any] = (
    None,
    True,
    0,
    -1,
    2**63,
    1e308,
    "",
    "\x00",
    "'; DROP TABLE person; --",
    "(a+)+$",
    "%",
    "9999-12-31",
    "0000-00-00",
    "2026-11-20T10:00:00",
    "2019999999",
    "١٢٣٤٥٦٧٨٩٠",
    "household_facts",
    "x" * 5_000,
    [],
    {},
    [[[]]],
    {"$ne": None},
)

CLAIMS = {"idcs": an_idcs(1), "attributes": {"sex": "F", "birth_date": "1989-04-12"}}
NAME = {"given": "Zahra", "family": "El Bahri"}
REGISTRATION = {
    "verb": "registration",
    "occurred_on": "2026-11-18",
    "evidence": {"kind": "declaration_on_honour", "reference": None},
    "household": {
        "reference": "RSU-00000077",
        "commune": TANGIER,
        "milieu": "urban",
        "language": "ar",
        "phone": None,
        "members": [
            a_member(3, kinship="head", head=True, declarant=True, birth_rank=None),
        ],
        "facts": FACTS,
    },
}
ATTESTATION = {
    "idcs": an_idcs(1),
    "fact": "pension",
    "value": True,
    "source": "cmr",
    "valid_from": "2026-10-01",
}
_REGISTRY = "/registry/v1"
_SOCIAL = "/dci/social/v1.0.0/registry"
_CIVIL = "/dci/crvs/v1.0.0/registry"
_EXPRESSION: Mapping[str, Any] = {
    "query_type": "expression",
    "query": {
        "type": "ns:org:QueryType:expression",
        "value": {"expression": {"query": {"birth_date": {"$ge": "1980-01-01"}}}},
    },
}
_PREDICATE: Mapping[str, Any] = {
    "query_type": "predicate",
    "query": [
        {"expression1": {"attribute_name": "sex", "operator": "eq", "attribute_value": "female"}}
    ],
}

_CALLED_BACK = {"sender_uri": "https://127.0.0.1/callbacks"}
_BY_IDCS = {"type": "UIN", "value": an_idcs(1)}

MESSAGES: Mapping[str, Any] = {
    f"{_REGISTRY}/persons/verify": CLAIMS,
    f"{_REGISTRY}/persons/verify-batch": {"items": [CLAIMS, CLAIMS]},
    f"{_REGISTRY}/persons/kyc": {"idcs": an_idcs(1), "attributes": ["birth_date"]},
    f"{_REGISTRY}/persons/look-up": {"idcs": an_idcs(1)},
    f"{_REGISTRY}/persons/search": {"name": "Zahra El Bahri", "birth_year": 1989, "sex": "F"},
    f"{_REGISTRY}/declarations": REGISTRATION,
    f"{_REGISTRY}/attestations": {"items": [ATTESTATION]},
    f"{_SOCIAL}/sync/search": a_search(by_identifier(an_idcs(1))),
    f"{_CIVIL}/sync/search": a_search(by_identifier(an_idcs(1), **_PREDICATE)),
    f"{_SOCIAL}/search": a_search(by_identifier(an_idcs(1), **_EXPRESSION), **_CALLED_BACK),
    f"{_SOCIAL}/subscribe": a_subscription("REGISTER", _BY_IDCS, **_CALLED_BACK),
    f"{_CIVIL}/subscribe": a_subscription("BIRTH", _BY_IDCS, **_CALLED_BACK),
    f"{_SOCIAL}/unsubscribe": an_unsubscription("a-code", **_CALLED_BACK),
    f"{_SOCIAL}/sync/txn/status": a_status("transaction_id", "txn-9001"),
    f"{_CIVIL}/txn/status": a_status("correlation_id", "unheard-of", **_CALLED_BACK),
}


def spoiled(message: Any, *, times: int, seed: int) -> Iterator[Any]:  # noqa: ANN401 -- any JSON
    """Yield a message as it is, then `times` with one part of it missing or made junk."""
    yield _named(message)
    chance = random.Random(seed)  # noqa: S311 -- tests repeat themselves, nothing is kept secret
    paths = list(_paths(message))
    for _ in range(times):
        changed = _named(message)
        *way, last = chance.choice(paths)
        part = changed
        for step in way:
            part = part[step]
        if chance.random() < 1 / len(JUNK):
            del part[last]
        else:
            part[last] = copy.deepcopy(chance.choice(JUNK))
        yield changed


def _named(message: Any) -> Any:  # noqa: ANN401 -- any JSON
    """Return a copy of a message; what DCI tells messages apart by is its own."""
    copied = copy.deepcopy(message)
    if "header" in copied:
        copied["header"]["message_id"] = str(new_id())
    return copied


def _paths(part: Any) -> Iterator[Path]:  # noqa: ANN401 -- any JSON
    """Yield the way to every part of a document."""
    steps: list[tuple[str | int, Any]] = []
    if isinstance(part, dict):
        steps = list(part.items())
    elif isinstance(part, list):
        steps = list(enumerate(part))
    for step, inner in steps:
        yield (step,)
        yield from ((step, *rest) for rest in _paths(inner))
