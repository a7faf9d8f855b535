"""The Content-Digest field (RFC 9530), of which this house reads SHA-256."""

import base64
import binascii
import re
from typing import Annotated, ClassVar

from fastapi import Depends, Header

from shared.kernel.errors import DomainError, ErrorKind

_SHA_256 = re.compile(r"(?:^|,)\s*sha-256=:([A-Za-z0-9+/]{43}=):\s*(?:$|,)")


class ContentDigestMissingError(DomainError):
    """The request does not say by which SHA-256 its body can be recognised."""

    code: ClassVar[str] = "registry.content-digest-missing"
    kind: ClassVar[ErrorKind] = ErrorKind.MALFORMED


def _content_digest(
    field: Annotated[str | None, Header(alias="Content-Digest", max_length=500)] = None,
) -> bytes:
    match = _SHA_256.search(field or "")
    message = "Send the file's SHA-256 in Content-Digest, as sha-256=:<base64>:."
    if match is None:
        raise ContentDigestMissingError(message)
    try:
        return base64.b64decode(match[1], validate=True)
    except binascii.Error as error:
        raise ContentDigestMissingError(message) from error


ContentDigest = Annotated[bytes, Depends(_content_digest)]
