"""What the records of an answer are of, and the names that messages have for it."""

from enum import StrEnum

from services.registry.domain.dci_attributes import Of
from services.registry.domain.dci_contract import Register


class RecordType(StrEnum):
    """A kind of record; the values are those that answers carry."""

    GROUP = "Group"
    MEMBER = "Member"
    CIVIL_PERSON = "CRVSPerson"

    @property
    def of(self) -> Of:
        """Return whose record it is."""
        return Of.HOUSEHOLD if self is RecordType.GROUP else Of.PERSON


_TYPES = {
    Register.SOCIAL: {
        "group": RecordType.GROUP,
        "household": RecordType.GROUP,
        "member": RecordType.MEMBER,
        "srperson": RecordType.MEMBER,
        "person": RecordType.MEMBER,
        "individual": RecordType.MEMBER,
    },
    Register.CIVIL: {
        "crvsperson": RecordType.CIVIL_PERSON,
        "crvs_person": RecordType.CIVIL_PERSON,
        "person": RecordType.CIVIL_PERSON,
        "member": RecordType.CIVIL_PERSON,
        "individual": RecordType.CIVIL_PERSON,
    },
}
_DEFAULTS = {Register.SOCIAL: RecordType.GROUP, Register.CIVIL: RecordType.CIVIL_PERSON}
# What deployed clients write for a register; some write the kind of record here too.
_REGISTERS = {
    Register.SOCIAL: frozenset({"social", "sr", "individual"}),
    Register.CIVIL: frozenset({"civil", "crvs", "individual"}),
}


def last_segment(name: str) -> str:
    """Return a name without the namespaces before it, in lower case."""
    return name.strip().rpartition(":")[2].casefold()


def is_register(register: Register, name: str | None) -> bool:
    """Return whether a message's `reg_type` means this register; absent, it does."""
    return not name or last_segment(name) in _REGISTERS[register]


def record_type(register: Register, *names: str | None) -> RecordType | None:
    """Return what the first of these names means that is there; None if it means nothing here."""
    for name in names:
        if name:
            return _TYPES[register].get(last_segment(name))
    return _DEFAULTS[register]
