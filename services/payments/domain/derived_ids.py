"""Ids that a recomputation finds again: names hashed, so that a rerun collides with itself.

The database derives the same ids in bulk; both sides are compared in a test.
"""

from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

END_TO_END_CHARACTERS_MAX = 35
_DIGEST_CHARACTERS = 24


def name_uuid(name: str) -> UUID:
    """Return the UUIDv8 whose free bits are the head of the name's SHA-256 (RFC 9562, 5.8)."""
    octets = bytearray(sha256(name.encode()).digest()[:16])
    octets[6] = octets[6] & 0x0F | 0x80
    octets[8] = octets[8] & 0x3F | 0x80
    return UUID(bytes=bytes(octets))


def derived_code(prefix: str, *, month: str, name: str) -> str:
    """Return prefix, month and 96 bits of the name's SHA-256 as capitals and digits.

    Args:
        prefix: One capital letter that says what is named: A an attempt, F a file.
        month: The cycle's month, as "2026-11".
        name: What is named, in full; it cannot be read back from the code.
    """
    digest = sha256(name.encode()).hexdigest()[:_DIGEST_CHARACTERS].upper()
    return f"{prefix}{month.replace('-', '')}{digest}"


def instruction_name(
    *, programme: str, month: str, run_no: int, kind: str, household_id: UUID
) -> str:
    """Return the natural key of an obligation, as hashed into its id."""
    return f"instruction:{programme}:{month}:{run_no}:{kind}:{household_id}"


def end_to_end_id(instruction_id: UUID, *, month: str, attempt_no: int) -> str:
    """Return the id under which a bank knows one attempt: unique for ever, no personal data.

    31 characters of the 35 that ISO 20022 allows, capitals and digits alone.
    """
    return derived_code("A", month=month, name=f"attempt:{instruction_id}:{attempt_no}")


@dataclass(frozen=True, slots=True)
class FileName:
    """The natural key of a file: its cycle, its rail, region and wave, and its part, from 0."""

    programme: str
    month: str
    run_no: int
    rail: str
    region_code: str
    wave: int
    part_no: int

    @property
    def text(self) -> str:
        """Return the name that is hashed into the file's ids."""
        cycle = f"{self.programme}:{self.month}:{self.run_no}"
        return f"file:{cycle}:{self.rail}:{self.region_code}:{self.wave}:{self.part_no}"

    @property
    def message_id(self) -> str:
        """Return the id by which a bank knows the file, and its repetition."""
        return derived_code("F", month=self.month, name=self.text)
