"""Names as requests state them: what no name holds is refused, and never searched for in vain."""

from typing import Annotated

from pydantic import StringConstraints

from services.registry.domain.line_fields import NAME_CHARACTERS_MAX
from services.registry.domain.names import ASKED_NAME

WHOLE_NAME_CHARACTERS_MAX = 2 * NAME_CHARACTERS_MAX + 1
"""A given and a family name, and the space between them."""

PersonName = Annotated[
    str,
    StringConstraints(pattern=ASKED_NAME, min_length=1, max_length=WHOLE_NAME_CHARACTERS_MAX),
]
NamePart = Annotated[
    str, StringConstraints(pattern=ASKED_NAME, min_length=1, max_length=NAME_CHARACTERS_MAX)
]
