"""Roles and their scopes, as `roles.toml` lists them."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType

from services.gateway.domain.errors import UnknownRoleError


@dataclass(frozen=True, slots=True)
class Role:
    """What one kind of client may do, and what a client made from it starts with."""

    name: str
    description: str
    scopes: frozenset[str]
    regions: tuple[str, ...]
    programmes: tuple[str, ...]
    purposes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RoleBook:
    """The whole file: every scope and purpose with its meaning, and every role."""

    scopes: Mapping[str, str]
    purposes: Mapping[str, Mapping[str, str]]
    roles: Mapping[str, Role]

    def role(self, name: str) -> Role:
        """Return one role.

        Raises:
            UnknownRoleError: The file has no such role.
        """
        try:
            return self.roles[name]
        except KeyError:
            message = f"There is no such role; the roles are {', '.join(sorted(self.roles))}."
            raise UnknownRoleError(message) from None

    def scopes_of(self, role_names: Iterable[str]) -> frozenset[str]:
        """Return every scope that at least one of the roles has."""
        return frozenset().union(*(self.role(name).scopes for name in role_names))


@cache
def role_book() -> RoleBook:
    """Return what `roles.toml` says.

    Raises:
        KeyError: A role names a scope or a purpose that the file does not explain.
    """
    text = resources.files("services.gateway.domain").joinpath("roles.toml").read_text("utf-8")
    return read_role_book(text)


def read_role_book(text: str) -> RoleBook:
    """Return the roles written in `text` (TOML).

    Raises:
        KeyError: A role names a scope or a purpose that the text does not explain.
    """
    book = tomllib.loads(text)
    roles = {name: _role(name, entry) for name, entry in book["roles"].items()}
    for role in roles.values():
        _ = [book["scopes"][scope] for scope in role.scopes]
        _ = [book["purposes"][purpose] for purpose in role.purposes]
    return RoleBook(
        scopes=MappingProxyType(book["scopes"]),
        purposes=MappingProxyType(book["purposes"]),
        roles=MappingProxyType(roles),
    )


def _role(name: str, entry: Mapping[str, str | list[str]]) -> Role:
    return Role(
        name=name,
        description=str(entry["description"]),
        scopes=frozenset(entry["scopes"]),
        regions=tuple(entry["regions"]),
        programmes=tuple(entry["programmes"]),
        purposes=tuple(entry["purposes"]),
    )
