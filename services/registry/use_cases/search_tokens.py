"""What a person is found by: keyed digests of how the names sound, of the document and phones.

A stolen table tells neither a name nor, without the key, whether two tokens stand for the same
name. It does tell which tokens are common, and so which may be Mohamed: that is the price of a
search that an index can answer, and the reason why no token stands for a whole person.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from hashlib import blake2b

from services.registry.domain.declarations import DeclaredPerson, Name
from services.registry.domain.name_sounds import searched_sounds
from shared.storage.sealed import SealedColumns

TOKENS_MAX = 24
_FIELD = "person.search"
_TOKEN_BYTES = 8
_CACHED_MAX = 131_072


def search_tokens(
    name_ar: Name,
    name_latin: Name,
    document: str | None,
    phones: Sequence[str],
    *,
    sealed: SealedColumns,
) -> list[int]:
    """Return the tokens that a person is found by, distinct and at most `TOKENS_MAX`.

    Args:
        name_ar: The names in Arabic script.
        name_latin: The names in Latin script.
        document: Number of the identity card or residence permit.
        phones: Mobile numbers in +212 form.
        sealed: Whose active index key makes the tokens.
    """
    key = sealed.field_key(_FIELD, sealed.index_key_ids[0])
    tokens = [
        *_tokens_of_name(key, name_ar.given),
        *_tokens_of_name(key, name_ar.family),
        *_tokens_of_name(key, name_latin.given),
        *_tokens_of_name(key, name_latin.family),
    ]
    if document is not None:
        tokens.append(_token(key, f"document:{document}"))
    tokens += [_token(key, f"phone:{phone}") for phone in phones]
    return list(dict.fromkeys(tokens))[:TOKENS_MAX]


def person_tokens(sealed: SealedColumns) -> Callable[[DeclaredPerson], list[int]]:
    """Return `search_tokens` of persons under the key active now, prepared for many of them."""
    key = sealed.field_key(_FIELD, sealed.index_key_ids[0])
    keyed = blake2b(digest_size=_TOKEN_BYTES, key=key)

    def tokens_of_names(name_ar: Name, name_latin: Name) -> list[int]:
        return [
            *_tokens_of_name(key, name_ar.given),
            *_tokens_of_name(key, name_ar.family),
            *_tokens_of_name(key, name_latin.given),
            *_tokens_of_name(key, name_latin.family),
        ]

    def token(value: str) -> int:
        digest = keyed.copy()
        digest.update(value.encode())
        return int.from_bytes(digest.digest(), "big", signed=True)

    def tokens(person: DeclaredPerson) -> list[int]:
        found = tokens_of_names(person.name_ar, person.name_latin)
        document = person.cnie or person.residence_permit
        if document is not None:
            found.append(token(f"document:{document}"))
        for phone in person.phones:
            found.append(token(f"phone:{phone}"))
        return list(dict.fromkeys(found))[:TOKENS_MAX]

    return tokens


def sound_tokens(sounds: Sequence[str], *, sealed: SealedColumns, key_id: str) -> list[int]:
    """Return the tokens of sounds under one version of the index key, in their order."""
    key = sealed.field_key(_FIELD, key_id)
    return [_token(key, f"sound:{sound}") for sound in sounds]


def document_token(document: str, *, sealed: SealedColumns, key_id: str) -> int:
    """Return the token of an identity card or residence permit."""
    return _token(sealed.field_key(_FIELD, key_id), f"document:{document}")


def phone_token(phone: str, *, sealed: SealedColumns, key_id: str) -> int:
    """Return the token of a mobile number in +212 form."""
    return _token(sealed.field_key(_FIELD, key_id), f"phone:{phone}")


@lru_cache(maxsize=_CACHED_MAX)
def _tokens_of_name(key: bytes, name: str) -> tuple[int, ...]:
    return tuple(_token(key, f"sound:{sound}") for sound in searched_sounds(name))


def _token(key: bytes, value: str) -> int:
    # Keyed BLAKE2 is a MAC of its own and costs a third of an HMAC.
    digest = blake2b(value.encode(), digest_size=_TOKEN_BYTES, key=key).digest()
    return int.from_bytes(digest, "big", signed=True)
