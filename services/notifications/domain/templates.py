"""Templates: what people are told, as versioned data in Arabic and French."""

import tomllib
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from string import Formatter
from types import MappingProxyType

from services.notifications.domain.transforms import Language


class TemplateError(ValueError):
    """A template is unknown, or what should fill it does not."""


@dataclass(frozen=True, slots=True)
class Body:
    """The wording of a template in one language, and where it comes from."""

    text: str
    origin: str
    source: str | None
    placeholders: frozenset[str]

    @classmethod
    def of(cls, text: str, *, origin: str, source: str | None) -> "Body":
        """Return a wording and the names that values must be given for."""
        names = frozenset(name for _, name, _, _ in Formatter().parse(text) if name)
        return cls(text=text, origin=origin, source=source, placeholders=names)


@dataclass(frozen=True, slots=True)
class Template:
    """One version of one sentence."""

    key: str
    version: int
    bodies: Mapping[Language, Body]

    def fill(self, values: Mapping[str, str], *, language: Language) -> str:
        """Return the sentence with every placeholder filled, and nothing else filled in.

        Raises:
            TemplateError: A value is missing, superfluous, or holds control or direction
                characters, with which a value could rewrite the sentence around it.
        """
        body = self.bodies[language]
        if set(values) != body.placeholders:
            message = f"Template {self.key} takes {sorted(body.placeholders)}."
            raise TemplateError(message)
        for name, value in values.items():
            if any(unicodedata.category(character).startswith("C") for character in value):
                message = f"The value of {name} holds a control character."
                raise TemplateError(message)
        return body.text.format_map(dict(values))


@cache
def shipped_templates() -> tuple[Template, ...]:
    """Return every version of every template that this release knows, in file order."""
    document = files(__package__).joinpath("templates.toml").read_text(encoding="utf-8")
    return tuple(_template(entry) for entry in tomllib.loads(document)["template"])


def template(key: str, *, version: int) -> Template:
    """Return one version of a template.

    Raises:
        TemplateError: There is no such version.
    """
    known = _by_key_and_version().get((key, version))
    if known is None:
        message = f"There is no version {version} of template {key}."
        raise TemplateError(message)
    return known


@cache
def newest(key: str) -> Template:
    """Return the version in which a template is sent from now on.

    Raises:
        TemplateError: There is no such template.
    """
    versions = [known for known in shipped_templates() if known.key == key]
    if not versions:
        message = f"There is no template {key}."
        raise TemplateError(message)
    return max(versions, key=lambda known: known.version)


@cache
def _by_key_and_version() -> Mapping[tuple[str, int], Template]:
    return MappingProxyType(
        {(known.key, known.version): known for known in _unique(shipped_templates())}
    )


def _unique(templates: Iterable[Template]) -> Iterable[Template]:
    seen = set()
    for known in templates:
        if (known.key, known.version) in seen:
            message = f"Template {known.key} has version {known.version} twice."
            raise TemplateError(message)
        seen.add((known.key, known.version))
        yield known


def _template(entry: dict[str, object]) -> Template:
    bodies = {language: _body(entry[language.value]) for language in Language}
    return Template(
        key=str(entry["key"]),
        version=int(str(entry["version"])),
        bodies=MappingProxyType(bodies),
    )


def _body(entry: object) -> Body:
    if not isinstance(entry, dict):
        message = "A template needs a body in each language."
        raise TemplateError(message)
    return Body.of(entry["body"], origin=entry["origin"], source=entry.get("source"))
