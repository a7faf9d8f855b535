import re
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from services.payments.domain.derived_ids import (
    END_TO_END_CHARACTERS_MAX,
    end_to_end_id,
    name_uuid,
)


@given(st.uuids(), st.integers(1, 99))
def test_an_end_to_end_id_is_short_plain_and_tells_nothing(
    instruction_id: UUID, attempt_no: int
) -> None:
    made = end_to_end_id(instruction_id, month="2026-11", attempt_no=attempt_no)

    assert made == end_to_end_id(instruction_id, month="2026-11", attempt_no=attempt_no)
    assert re.fullmatch(r"A202611[0-9A-F]{24}", made)
    assert len(made) <= END_TO_END_CHARACTERS_MAX
    assert instruction_id.hex[:8].upper() not in made


@given(st.uuids())
def test_another_attempt_has_another_id(instruction_id: UUID) -> None:
    first, second = (
        end_to_end_id(instruction_id, month="2026-11", attempt_no=number) for number in (1, 2)
    )

    assert first != second


@given(st.text())
def test_a_name_gives_a_version_8_uuid(name: str) -> None:
    assert name_uuid(name).version == 8
    assert name_uuid(name).variant == "specified in RFC 4122"
