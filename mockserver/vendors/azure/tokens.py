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
from math import prod
from typing import Any, Final

import orjson

# RFC 8017 allows any number of primes. With eight of 256 bits a signature takes 2 ms where two of 1024 take 13, and a server makes one when
# it starts, to tell working credentials; whoever checks one sees a modulus of 2048 bits.
primes: Final = tuple(
    int(each, 16)
    for each in (
        "fb7f72403fbaa72e89a70bbca883ef5a66e28e66d0a0e2e69bb7c692dda71aa7",
        "f573be6823e4149ed6ba861c04efb0e1d7acfc64c1bbb55c3b21f9b14b731187",
        "ff1e884d92042880734dfd39da891fb0e03ba16b42c8f6f1f8b561c5a6a48d3f",
        "fbd3cfad5edd0706d43b711d527011f45f49fcb23fa7a943d3ede46b5305cee9",
        "fd96e642214890f237cedbe967e89f6c0bfc746fbb747010e93f79e3294a29c9",
        "f3b15f8488e8108d90f7321f3f3c9c1440bb7e12816855db41a876452ee875dd",
        "fb399b8c958ab5b159c02bd5c0a01c45f3721bc72845201e960b20ba8bff415b",
        "fb5dd936be88659ef00dd22269b08e60fcd3b41dd417c11c980558fb5f4ed1f7",
    )
)
modulus: Final = prod(primes)
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
    """The RSA signature, put together (by the Chinese remainder theorem) from what it is modulo each prime."""
    block, signed = padded(message), 0
    for prime in primes:
        others = modulus // prime
        here = pow(block, pow(exponent, -1, prime - 1), prime)
        signed += here * pow(others, -1, prime) % prime * others
    return (signed % modulus).to_bytes(size)


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
