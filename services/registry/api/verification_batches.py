"""How a batch of verifications is read: straight from its bytes where it is surely right.

Why: to read a thousand items as the documented schema does costs as much as to answer them. What
this narrower schema does not take, the documented one reads again: it takes it, or says what is
wrong with it. Nothing is taken here that the documented one would refuse.
"""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, NotRequired

from fastapi import Request, Response
from fastapi.routing import APIRoute
from pydantic import (
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetPydanticSchema,
    TypeAdapter,
    ValidationError,
    ValidatorFunctionWrapHandler,
    with_config,
)
from pydantic_core import CoreSchema, core_schema
from typing_extensions import TypedDict, override

from services.registry.api.names import NamePart
from services.registry.api.verification_schemas import (
    BirthYear,
    CommuneCode,
    Document,
    Idcs,
    Token,
    VerificationsBody,
)
from services.registry.domain.vocabulary import PersonStatus, Sex
from services.registry.use_cases.verify_batch import BATCH_ITEMS_MAX

_STRICT = ConfigDict(extra="forbid")


def _written_day(_source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
    # A date alone would also be taken from the text of a number, as seconds.
    text = core_schema.str_schema(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$")
    return core_schema.chain_schema([text, handler(date)])


@with_config(_STRICT)
class SentName(TypedDict):
    """A name in one script."""

    given: NamePart
    family: NamePart


@with_config(_STRICT)
class SentClaims(TypedDict, total=False):
    """What is said of a person: in the order of the schema, and nothing that is null."""

    name_ar: SentName
    name_latin: SentName
    birth_date: Annotated[date, GetPydanticSchema(_written_day)]
    birth_year: BirthYear
    sex: Sex
    cnie: Document
    residence_permit: Document
    commune: CommuneCode
    status: PersonStatus


@with_config(_STRICT)
class SentItem(TypedDict):
    """Somebody, by IDCS or by token, and what is said of them."""

    idcs: NotRequired[Idcs]
    token: NotRequired[Token]
    attributes: SentClaims


@with_config(_STRICT)
class _SentItems(TypedDict):
    items: Annotated[list[SentItem], Field(min_length=1, max_length=BATCH_ITEMS_MAX)]


_SENT_ITEMS = TypeAdapter(_SentItems)


@dataclass(frozen=True, slots=True)
class SentBatch:
    """The items of a request; documented, and where need be read, as `VerificationsBody`."""

    items: list[SentItem]

    @classmethod
    def __get_pydantic_core_schema__(
        cls, _source: object, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Return how the framework reads and documents it."""
        documented = handler.generate_schema(VerificationsBody)
        return core_schema.no_info_wrap_validator_function(cls._read, documented)

    @classmethod
    def _read(cls, value: object, read: ValidatorFunctionWrapHandler) -> "SentBatch":
        if isinstance(value, cls):
            return value
        body: VerificationsBody = read(value)
        return cls(body.model_dump(exclude_none=True)["items"])


class BatchRoute(APIRoute):
    """A route whose body is a `SentBatch`."""

    @override
    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_batch(request: Request) -> Response:
            return await handle(_BatchRequest(request.scope, request.receive))

        return handle_batch


class _BatchRequest(Request):
    _sent: SentBatch | None = None

    @override
    async def json(self) -> Any:
        if self._sent is None:
            self._sent = sent_batch(await self.body())
        return self._sent or await super().json()


def sent_batch(body: bytes) -> SentBatch | None:
    """Return the batch that a body surely is; None leaves it to the documented schema."""
    try:
        items = _SENT_ITEMS.validate_json(body)["items"]
    except ValidationError:
        return None
    surely_right = all(map(_is_whole, items)) and body.count(b":") == _keys(items)
    return SentBatch(items) if surely_right else None


def _keys(items: list[SentItem]) -> int:
    """Return how many keys a batch has, each with its colon; a body with more may repeat some."""
    claims = [item["attributes"] for item in items]
    names = sum(("name_ar" in said) + ("name_latin" in said) for said in claims)
    return 1 + sum(map(len, items)) + sum(map(len, claims)) + len(SentName.__annotations__) * names


def _is_whole(item: SentItem) -> bool:
    """Return whether an item names one person once, and claims what can be claimed together."""
    claims = item["attributes"]
    return (
        ("idcs" in item) != ("token" in item)
        and len(claims) > 0
        and not ("cnie" in claims and "residence_permit" in claims)
    )
