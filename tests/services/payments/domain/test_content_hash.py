from dataclasses import replace
from uuid import UUID

import pytest

from services.payments.domain.content_hash import (
    FrozenBatch,
    FrozenInstruction,
    FrozenLine,
    batch_hash,
    cycle_hash,
    instruction_hash,
)

LINE = FrozenLine(1, "asd.child", "2026-11", 3, 25_000, 75_000, UUID(int=7))
INSTRUCTION = FrozenInstruction(
    instruction_id=UUID(int=1),
    household_id=UUID(int=2),
    kind="MONTHLY",
    net_centimes=75_000,
    rail="rib",
    account_blind=b"\x01" * 32,
    lines=(LINE,),
)
BATCH = FrozenBatch(UUID(int=3), 1, 75_000, b"\x02" * 32)


def a_cycle(*batches: FrozenBatch, held: FrozenBatch | None = None) -> bytes:
    return cycle_hash(programme="asd", month="2026-11", run_no=1, batches=batches, held=held)


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param(replace(INSTRUCTION, net_centimes=75_001), id="amount"),
        pytest.param(replace(INSTRUCTION, account_blind=b"\x03" * 32), id="account"),
        pytest.param(replace(INSTRUCTION, household_id=UUID(int=9)), id="household"),
        pytest.param(replace(INSTRUCTION, lines=()), id="lines"),
        pytest.param(
            replace(INSTRUCTION, lines=(replace(LINE, amount_centimes=74_999),)), id="line-amount"
        ),
        pytest.param(
            replace(INSTRUCTION, lines=(replace(LINE, decision_id=UUID(int=8)),)), id="decision"
        ),
    ],
)
def test_whatever_is_approved_enters_the_hash(changed: FrozenInstruction) -> None:
    assert instruction_hash(changed) != instruction_hash(INSTRUCTION)


def test_the_order_in_which_rows_are_read_changes_nothing() -> None:
    other = replace(INSTRUCTION, instruction_id=UUID(int=5))
    second = replace(BATCH, batch_id=UUID(int=4))

    assert batch_hash([INSTRUCTION, other]) == batch_hash([other, INSTRUCTION])
    assert a_cycle(BATCH, second) == a_cycle(second, BATCH)


def test_holding_an_instruction_back_changes_the_hash() -> None:
    assert a_cycle(BATCH) != a_cycle(held=BATCH)
    assert a_cycle(BATCH) != a_cycle(BATCH, held=BATCH)
