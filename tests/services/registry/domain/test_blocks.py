"""Cutting a stream into blocks of lines."""

from hypothesis import given
from hypothesis import strategies as st

from services.registry.domain.blocks import Block, BlockCutter


def cut(file: bytes, *, chunk: int, lines_max: int = 3, line_bytes_max: int = 100) -> list[Block]:
    """Return the blocks of a file that arrives in chunks of a size."""
    cutter = BlockCutter(lines_max=lines_max, bytes_max=10_000, line_bytes_max=line_bytes_max)
    blocks: list[Block] = []
    for start in range(0, len(file), chunk):
        blocks += cutter.feed(file[start : start + chunk])
    return [*blocks, *cutter.finish()]


@given(
    lines=st.lists(st.binary(max_size=20).filter(lambda line: b"\n" not in line), min_size=1),
    chunk=st.integers(1, 50),
)
def test_every_line_arrives_once_and_in_order_however_the_stream_is_cut(
    lines: list[bytes], chunk: int
) -> None:
    blocks = cut(b"\n".join(lines) + b"\n", chunk=chunk)
    assert [line for block in blocks for line in block.body.split(b"\n")] == lines
    assert [block.first_line for block in blocks] == list(range(1, len(lines) + 1, 3))
    assert sum(block.lines for block in blocks) == len(lines)


def test_the_last_line_needs_no_line_feed() -> None:
    assert cut(b"one\ntwo", chunk=100) == [Block(1, 2, b"one\ntwo")]


def test_an_empty_file_has_no_block() -> None:
    assert cut(b"", chunk=1) == []


def test_a_line_over_the_limit_keeps_one_byte_more_than_the_limit() -> None:
    blocks = cut(b"x" * 5_000 + b"\nnext\n", chunk=7, line_bytes_max=10)
    assert blocks == [Block(1, 2, b"x" * 11 + b"\nnext")]


def test_a_block_of_long_lines_is_cut_by_its_bytes() -> None:
    cutter = BlockCutter(lines_max=1_000, bytes_max=100, line_bytes_max=1_000)
    blocks = [*cutter.feed((b"x" * 60 + b"\n") * 4), *cutter.finish()]
    assert [block.lines for block in blocks] == [2, 2]
