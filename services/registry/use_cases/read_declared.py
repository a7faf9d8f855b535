"""Read what a declaration says of a person or household by the rules that judge import lines."""

import json
from collections.abc import Mapping
from typing import Any

from services.registry.domain.declarations import DeclaredHousehold, DeclaredPerson
from services.registry.domain.lines import LineRules
from services.registry.domain.rejects import Reject, RejectCode
from services.registry.use_cases.declaration_errors import refused

_NOT_THE_KIND = Reject("", RejectCode.LINE_TYPE_UNKNOWN)


def read_declared_household(rules: LineRules, document: Mapping[str, Any]) -> DeclaredHousehold:
    """Return a household.

    Raises:
        DeclarationRefusedError: A rule of lines forbids it.
    """
    read = rules.read(json.dumps({**document, "type": "household"}, ensure_ascii=False))
    if isinstance(read, DeclaredHousehold):
        return read
    raise refused(*((_NOT_THE_KIND,) if isinstance(read, DeclaredPerson) else read))


def read_declared_person(
    rules: LineRules, document: Mapping[str, Any], *, at: str
) -> DeclaredPerson:
    """Return a person.

    Args:
        rules: The rules.
        document: The person, as a line of an import says it.
        at: Where the document stands in the declaration.

    Raises:
        DeclarationRefusedError: A rule of lines forbids it.
    """
    read = rules.read(json.dumps({**document, "type": "person"}, ensure_ascii=False))
    if isinstance(read, DeclaredPerson):
        return read
    faults = (_NOT_THE_KIND,) if isinstance(read, DeclaredHousehold) else read
    raise refused(*(Reject(f"{at}.{fault.field}", fault.code) for fault in faults))
