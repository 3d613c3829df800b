"""What was asked and what was answered."""

from __future__ import annotations

from typing import NamedTuple

from mockserver.errors import Finding
from mockserver.message import Call, Reply


class Exchange(NamedTuple):
    """One call and its reply.

    at         the world's clock, milliseconds since the epoch
    vendor     who was asked
    operation  its id, or None when the call matched none
    findings   how the call, or (then the status is 500) our own reply, broke the contract
    """

    at: int
    vendor: str
    operation: str | None
    call: Call
    reply: Reply
    findings: tuple[Finding, ...] = ()
