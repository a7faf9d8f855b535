"""Every wish of a consumer is covered by its producer's promise."""

from typing import Any

import pytest
from pydantic import BaseModel

from tests.contracts.house import SERVICES, all_published, consumed, published
from tests.contracts.wishes import unmet

WISHES = [(service, kind) for service in SERVICES for kind in consumed(service)]


def wish_schema(shape: type[BaseModel]) -> dict[str, Any]:
    return shape.model_json_schema(mode="validation")


def promise_schema(shape: type[BaseModel]) -> dict[str, Any]:
    return shape.model_json_schema(mode="serialization")


def test_there_are_wishes_and_promises_to_compare() -> None:
    assert {service for service, _ in WISHES} >= {"eligibility", "payments", "notifications"}
    assert len(all_published()) >= len({kind for _, kind in WISHES})


@pytest.mark.parametrize(("service", "kind"), WISHES)
def test_a_consumed_event_is_covered_by_its_producers_promise(service: str, kind: str) -> None:
    promise = all_published().get(kind)
    wish = consumed(service)[kind]

    assert promise is not None, f"{service} consumes {kind}, which nobody publishes"
    assert wish.SUBJECT == promise.SUBJECT
    complaints = unmet(wish_schema(wish), promise_schema(promise))
    assert not complaints, "\n".join(complaints)


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_publishes_under_its_own_name(service: str) -> None:
    assert all(kind.startswith(f"{service}.") for kind in published(service))


@pytest.mark.parametrize("kind", sorted(all_published()))
def test_a_published_item_carries_its_subject_and_a_version(kind: str) -> None:
    fields = all_published()[kind].model_fields

    assert {all_published()[kind].SUBJECT, "version"} <= fields.keys()


def an_object(**fields: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": fields, "required": sorted(fields)}


TEXT = {"type": "string"}
NUMBER = {"type": "integer"}
DAY = {"type": "string", "format": "date"}
OPTIONAL = {"anyOf": [TEXT, {"type": "null"}]}
CLOSED = {"type": "string", "enum": ["a", "b"]}
WIDER = {"type": "string", "enum": ["a", "b", "c"]}


@pytest.mark.parametrize(
    ("wish", "promise", "complaint"),
    [
        (an_object(a=TEXT), an_object(b=TEXT), "item.a is written by nobody"),
        (an_object(a=TEXT), an_object(a=NUMBER), "item.a is integer, wished is string"),
        (an_object(a=DAY), an_object(a=TEXT), "item.a is string, wished is string (date)"),
        (an_object(a=TEXT), an_object(a=OPTIONAL), "item.a is null, wished is string"),
        (an_object(a=CLOSED), an_object(a=TEXT), "item.a may be any string"),
        (an_object(a=CLOSED), an_object(a=WIDER), "item.a may be ['c']"),
        (
            an_object(a=TEXT),
            {**an_object(a=TEXT), "required": []},
            "item.a may be missing",
        ),
        (
            an_object(a={"type": "array", "items": an_object(b=TEXT)}),
            an_object(a={"type": "array", "items": an_object(c=TEXT)}),
            "item.a[].b is written by nobody",
        ),
    ],
)
def test_a_wish_beyond_the_promise_is_seen(
    wish: dict[str, Any], promise: dict[str, Any], complaint: str
) -> None:
    (found,) = unmet(wish, promise)

    assert found.startswith(complaint)


@pytest.mark.parametrize(
    ("wish", "promise"),
    [
        (an_object(a=TEXT), an_object(a=TEXT, b=NUMBER)),
        (an_object(a=TEXT), an_object(a=CLOSED)),
        (an_object(a=WIDER), an_object(a=CLOSED)),
        (an_object(a=OPTIONAL), an_object(a=TEXT)),
        (an_object(a={"type": "number"}), an_object(a=NUMBER)),
        (an_object(a={**NUMBER, "minimum": 0}), an_object(a=NUMBER)),
    ],
)
def test_a_wish_within_the_promise_is_granted(
    wish: dict[str, Any], promise: dict[str, Any]
) -> None:
    assert unmet(wish, promise) == []
