"""PURE: what an address of a picture or a video allows: whom, what, why and until when, sealed against any change."""

import hashlib
from typing import Any
from uuid import UUID

import msgspec
from itsdangerous import BadData, URLSafeSerializer
from msgspec import Struct

from contracts.kinds import Role

SALT = "sunlit-media"


class Pass(Struct, frozen=True, array_like=True):
    """A leave to look; the guard is asked again when it is used, so it never gives more than the viewer has."""

    person: int
    role: Role
    kind: str
    """`finding` and `rescue`: evidence; `lease`: video; `asked`: a reason that was given"""
    what: str
    """the number of the finding or incident, the lease, or what the reason was given for"""
    item: UUID | None
    """the piece of evidence, where there is one"""
    asked: int
    """the row of the audit that holds the reason; 0 where the role says it"""
    look: str
    """one look, however often its bytes are fetched"""
    until: int
    """seconds since 1970"""


def seal(key: bytes, leave: Pass) -> str:
    """The part of an address that stands for it."""
    sealed = _serializer(key).dumps(msgspec.to_builtins(leave))
    return sealed if isinstance(sealed, str) else sealed.decode()


def unseal(key: bytes, text: str) -> Pass | None:
    """What a part of an address stands for; None when it was made or altered by somebody else."""
    try:
        content: Any = _serializer(key).loads(text)
        return msgspec.convert(content, Pass)
    except (BadData, msgspec.ValidationError):
        return None


def _serializer(key: bytes) -> Any:
    return URLSafeSerializer(key, salt=SALT, signer_kwargs={"digest_method": hashlib.sha256, "key_derivation": "hmac"})
