"""Keep one signing key active, and have the next one published before it is needed."""

from datetime import datetime

from joserfc.jwk import ECKey

from services.gateway.domain.signing_keys import KeyStanding, KeyState, Rotation, rotation_due
from services.gateway.domain.tokens import SIGNING_ALGORITHM
from services.gateway.storage.signing_keys import (
    PRIVATE_COLUMN,
    TABLE,
    SigningKey,
    add_signing_key,
    forget_signing_keys,
    lock_rotation,
    move_signing_key,
    read_signing_keys,
)
from services.gateway.use_cases.collaborators import Collaborators
from shared.runtime.ids import new_id
from shared.storage.database import Transaction
from shared.storage.sealed import SealedColumns


async def ensure_signing_key(*, collaborators: Collaborators) -> None:
    """Take the step that is due: make the first or next key, or promote the next one.

    Safe to call from every process at any time: one at a time decides.
    """
    async with collaborators.database.transaction() as tx:
        await lock_rotation(tx)
        rotation = await _due(tx, collaborators)
        await _apply(tx, rotation, collaborators)


async def forget_retired_keys(*, collaborators: Collaborators) -> int:
    """Delete keys whose last token has ended, and return how many; only a worker may delete."""
    async with collaborators.database.transaction() as tx:
        await lock_rotation(tx)
        rotation = await _due(tx, collaborators)
        if rotation.forget:
            await forget_signing_keys(tx, rotation.forget)
    return len(rotation.forget)


async def _due(tx: Transaction, collaborators: Collaborators) -> Rotation:
    keys = await read_signing_keys(tx)
    return rotation_due(
        [key.standing for key in keys],
        policy=collaborators.rotation,
        now=collaborators.clock.now(),
    )


async def _apply(tx: Transaction, rotation: Rotation, collaborators: Collaborators) -> None:
    now = collaborators.clock.now()
    if rotation.retire is not None:
        await move_signing_key(
            tx, rotation.retire, origin=KeyState.ACTIVE, target=KeyState.RETIRING, at=now
        )
    if rotation.promote is not None:
        await move_signing_key(
            tx, rotation.promote, origin=KeyState.NEXT, target=KeyState.ACTIVE, at=now
        )
    if rotation.create is not None:
        await add_signing_key(tx, _fresh_key(collaborators.sealed, rotation.create, now))


def _fresh_key(sealed: SealedColumns, state: KeyState, now: datetime) -> SigningKey:
    key_id = new_id()
    key = ECKey.generate_key("P-256", private=True)
    kid = key.thumbprint()
    return SigningKey(
        key_id=key_id,
        standing=KeyStanding(kid=kid, state=state, since=now),
        private_sealed=sealed.seal_bytes(
            key.as_pem(private=True), table=TABLE, column=PRIVATE_COLUMN, row_id=key_id
        ),
        public_key={
            **_texts(key.as_dict(private=False)),
            "kid": kid,
            "use": "sig",
            "alg": SIGNING_ALGORITHM,
        },
    )


def _texts(jwk: dict[str, str | list[str]]) -> dict[str, str]:
    return {name: value for name, value in jwk.items() if isinstance(value, str)}
