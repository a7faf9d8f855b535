"""Platforms for tests: real parts, with test keys and a fixed clock."""

from pathlib import Path

from shared.messaging.sealed_fields import SealedFields, pair_folder
from shared.runtime.clock import Clock
from shared.runtime.keys import make_key
from shared.runtime.metrics import Metrics
from shared.storage.database import Database
from shared.storage.sealed import load_sealed_columns, make_column_keys
from shared.web.auth import TokenVerifier
from shared.web.platform import Platform


def make_test_keys(keys: Path, *services: str) -> None:
    """Make the keys of services, and of every pair of them."""
    for service in services:
        make_column_keys(keys / service)
        for receiver in services:
            if receiver != service:
                make_key(pair_folder(keys, sender=service, receiver=receiver))


def platform_for_tests(
    service: str,
    database: Database,
    *,
    clock: Clock,
    keys: Path,
    verifier: TokenVerifier,
) -> Platform:
    """Return a platform on real parts for one service."""
    return Platform(
        clock=clock,
        database=database,
        verifier=verifier,
        metrics=Metrics(),
        keys=keys / service,
        sealed=load_sealed_columns(keys / service),
        sealed_fields=SealedFields(service, keys),
    )
