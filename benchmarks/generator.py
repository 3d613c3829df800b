"""How many pages of sessions are drawn and checked a second of processor time, in turn: seeded, and by Hypothesis beside an empty test of its."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import Final

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from mockserver.contract.contract import Contract
from mockserver.vendors import engine, names
from mockserver.verify.forms import Forms, reply_place
from mockserver.verify.source import Bytes, Chance

seeded: Final = 1000
examples: Final = 200
rounds: Final = 5


def rate(count: int, work: Callable[[], object]) -> float:
    """How often a second."""
    began = time.process_time()
    work()
    return count / (time.process_time() - began)


def by_hypothesis(make: Callable[[bytes], object]) -> Callable[[], None]:
    """That many examples of bytes, and what is made of them."""

    @settings(max_examples=examples, deadline=None, database=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
    @given(st.binary(max_size=1024))
    def test(entropy: bytes) -> None:
        make(entropy)

    return test


def sessions(contract: Contract) -> str:
    """The place of the schema of a page of sessions: the list that is asked for most."""
    listed = [
        operation for operation in contract.operations.values() if operation.method == "GET" and operation.path.lower().endswith("sessions")
    ]
    return reply_place(listed[0], 200)


def measures(contract: Contract) -> dict[str, Callable[[], float]]:
    """What is taken in turn: each a rate."""
    forms, place, source = Forms(contract), sessions(contract), Chance(1)
    return {
        "seeded": lambda: rate(seeded, lambda: [forms.value(place, source) for _ in range(seeded)]),
        "by Hypothesis": lambda: rate(examples, by_hypothesis(lambda entropy: forms.value(place, Bytes(entropy)))),
        "an empty test of it": lambda: rate(examples, by_hypothesis(lambda _: None)),
    }


def main() -> None:
    for vendor in names():
        trials = measures(engine(vendor).contract)
        taken: dict[str, list[float]] = {name: [] for name in trials}
        for _ in range(rounds):
            for name, trial in trials.items():
                taken[name].append(trial())
        told = ", ".join(f"{name} {statistics.median(values):,.0f}/s" for name, values in taken.items())
        print(f"pages of {vendor}, drawn and checked: {told}")


if __name__ == "__main__":
    main()
