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
    number     which exchange of its world this is, from 1
    wall       when it came by the wall's clock, seconds since the epoch
    took       how long the answer was being made, seconds
    """

    at: int
    vendor: str
    operation: str | None
    call: Call
    reply: Reply
    findings: tuple[Finding, ...] = ()
    number: int = 0
    wall: float = 0.0
    took: float = 0.0
