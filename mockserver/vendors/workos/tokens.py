"""Access tokens: RS256 JWTs, and the keys that check them."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import orjson

from mockserver.vendors import shelf

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

lifetime: Final = 300  # docs: seconds, as in the example token
issuer: Final = "https://api.workos.com"  # docs, recorded: no slash at the end


@lru_cache(maxsize=1)
def key() -> dict[str, Any]:
    """The one key pair of every fake, so that the same sign-in makes the same token everywhere."""
    told: dict[str, Any] = orjson.loads((shelf.folder("fixtures") / "workos" / "signing_key.json").read_bytes())
    return told


@lru_cache(maxsize=1)
def private_key() -> RSAPrivateKey:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateNumbers, RSAPublicNumbers

    public, private = key()["public"], {name: number(text) for name, text in key()["private"].items()}
    numbers = RSAPublicNumbers(number(public["e"]), number(public["n"]))
    return RSAPrivateNumbers(private["p"], private["q"], private["d"], private["dp"], private["dq"], private["qi"], numbers).private_key()


def jwks() -> dict[str, Any]:
    """The public half, with every member the official document requires."""
    public = key()["public"]
    return {
        "keys": [
            {
                "alg": "RS256",
                "kty": "RSA",
                "use": "sig",
                "x5c": public["x5c"],
                "n": public["n"],
                "e": public["e"],
                "kid": key()["kid"],
                "x5t#S256": public["x5t#S256"],
            }
        ]
    }


def signed(claims: Mapping[str, Any]) -> str:
    """A compact JWT. Its header has no `typ` (recorded)."""
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.hashes import SHA256

    head = text(orjson.dumps({"alg": "RS256", "kid": key()["kid"]}))
    payload = text(orjson.dumps(dict(claims)))
    signature = private_key().sign(f"{head}.{payload}".encode(), PKCS1v15(), SHA256())
    return f"{head}.{payload}.{text(signature)}"


def text(data: bytes) -> str:
    """Unpadded base64url."""
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def number(told: str) -> int:
    return int.from_bytes(urlsafe_b64decode(told + "=" * (-len(told) % 4)), "big")
