"""Bearer tokens: JSON Web Tokens signed with RS256.

Rules of this file
- The key is public on purpose. It protects nothing, and because it is the same everywhere, a token that one world signed is good
  in every other: an Entra authority cannot have a prefix, so SDKs sign in at the root for whichever world they work in.
- By hand: a cryptography library takes longer to import than the server to start, and a signature is a few lines of arithmetic.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from functools import lru_cache
from hashlib import sha1, sha256
from typing import Any, Final

import orjson

first: Final = int(
    "f5467569c679a434ce24528ba48c5c6795ab9cff45ee24cd91c86e44b5983064"
    "6fd6154879d9a2ee48dcca97d65ed2ace80b7352cf3b741eb06b96031de47d1f"
    "e246e5d95391769eb478a53af385ab48fb3be4d68dd0201328dfa34056f0b6ed"
    "dd569364f174d88393479452f48e890bc28f6e54642df12bfc028027cad32517",
    16,
)
second: Final = int(
    "be14253fe859caef02e8fd338750301ff472a45a4c462257c766adb10a41dcd7"
    "ad2a585f39e7eea22bedb2b17135309615b7b6853cda6247b7ee820b6727d34d"
    "b46b75fd9b1786c352f236c7c41ed832bf6bc0c48635d7d12132723afe1693a8"
    "e694b2597c56aa024f6f4ee7197540b68e270cbacb1b0aff4f7ef47106b237e5",
    16,
)
modulus: Final = first * second
exponent: Final = 65537
size: Final = 256

# RFC 8017, 9.2: the DER of "a SHA-256 digest follows".
digest_mark: Final = bytes.fromhex("3031300d060960864801650304020105000420")


def text64(raw: bytes) -> str:
    """Base64url without padding."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def bytes64(text: str) -> bytes:
    """Back from Base64url. Raises ValueError."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


key_id: Final = text64(sha1(modulus.to_bytes(size), usedforsecurity=False).digest())
header: Final = text64(orjson.dumps({"typ": "JWT", "alg": "RS256", "x5t": key_id, "kid": key_id}))


def padded(message: bytes) -> int:
    """What is signed of a message: EMSA-PKCS1-v1_5 with SHA-256."""
    tail = b"\x00" + digest_mark + sha256(message).digest()
    return int.from_bytes(b"\x00\x01" + b"\xff" * (size - 2 - len(tail)) + tail)


def signature(message: bytes) -> bytes:
    """The RSA signature, by way of the two primes."""
    block = padded(message)
    secret = pow(exponent, -1, (first - 1) * (second - 1))
    one, two = pow(block, secret % (first - 1), first), pow(block, secret % (second - 1), second)
    return (two + second * ((one - two) * pow(second, -1, first) % first)).to_bytes(size)


def write(claims: Mapping[str, Any]) -> str:
    """The token that says this."""
    message = f"{header}.{text64(orjson.dumps(dict(claims)))}"
    return f"{message}.{text64(signature(message.encode()))}"


@lru_cache(maxsize=1024)
def read(token: str) -> Mapping[str, Any]:
    """What a token says. Raises ValueError on one that this key did not sign."""
    message, _, signed = token.rpartition(".")
    given = int.from_bytes(bytes64(signed))
    shown = pow(given, exponent, modulus).to_bytes(size) if given < modulus else b""
    if not hmac.compare_digest(shown, padded(message.encode()).to_bytes(size)):
        raise ValueError("signed by nobody known")
    claims: Mapping[str, Any] = orjson.loads(bytes64(message.partition(".")[2]))
    return claims


def public_key(issuer: str) -> dict[str, str]:
    """The public half as the tenant's key list shows it."""
    return {
        "kty": "RSA",
        "use": "sig",
        "kid": key_id,
        "x5t": key_id,
        "n": text64(modulus.to_bytes(size)),
        "e": text64(exponent.to_bytes(3)),
        "issuer": issuer,
    }
