"""Pictures drawn by the server as SVG: sessions along a line of time, calls by time, how long they took.

Rules of this file
- A picture is an element with a title that says in words what it shows; the figures stand beside it in a table or a sentence.
- Colours are classes, so that light and dark, and whoever asks for more contrast, are the style sheet's affair.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

from mockserver.engine.har import milliseconds
from mockserver.engine.journal import Exchange
from mockserver.state.clock import day, hour, iso_s, minute
from mockserver.ui.markup import Child, Markup, h
from mockserver.values import frozen
from mockserver.web.verdicts import Verdicts

width: Final = 960
left: Final = 128
lane: Final = 46
most_rows: Final = 7

Span = tuple[int, int | None]
"""A session: since and until, milliseconds since the epoch; None: until somebody ends it."""

steps: Final = (minute, 5 * minute, 15 * minute, hour, 6 * hour, day, 7 * day, 30 * day)


def drawing(height: int, title: str, *children: Child) -> Markup:
    """An SVG as wide as its place, with its meaning in words."""
    return h.svg(h.title(title), *children, viewBox=f"0 0 {width} {height}", role="img", aria_label=title, class_="picture")


@frozen
class Axis:
    """A line of time; milliseconds since the epoch."""

    start: int
    end: int
    now: int

    def x(self, at: int) -> float:
        """Where a moment stands; one beyond an end stands at it."""
        share = (min(max(at, self.start), self.end) - self.start) / (self.end - self.start)
        return round(left + (width - left - 8) * share, 1)


def timeline(spans: Mapping[str, Sequence[Span]], now: int) -> Markup:
    """A lane for each vendor, a bar for each session, from its beginning over now to its end; how many there were, where there are many."""
    start = min([*(since for each in spans.values() for since, _ in each), now - day]) - hour
    axis = Axis(start, now + (now - start) // 6, now)
    bottom = lane * len(spans)
    step = next((each for each in steps if (axis.end - start) / each <= 9), steps[-1])
    marks = range(-(-start // step) * step, axis.end, step)
    grid = [
        (
            h.line(x1=axis.x(at), x2=axis.x(at), y1=0, y2=bottom, class_="grid"),
            h.text(iso_s(at)[5:10] if step >= day else iso_s(at)[11:16], x=axis.x(at), y=bottom + 16, class_="tick"),
        )
        for at in marks
        if abs(axis.x(at) - axis.x(now)) > 36 or at == now
    ]
    lanes = [lane_of(nth, vendor, each, axis) for nth, (vendor, each) in enumerate(spans.items())]
    today = (
        h.line(x1=axis.x(now), x2=axis.x(now), y1=0, y2=bottom, class_="now"),
        h.text("now", x=axis.x(now), y=bottom + 16, class_="tick strong"),
    )
    words = ", ".join(f"{vendor} {len(each)}" for vendor, each in spans.items())
    return drawing(bottom + 24, f"{sum(map(len, spans.values()))} sessions by time: {words}", grid, lanes, today)


def lane_of(nth: int, vendor: str, spans: Sequence[Span], axis: Axis) -> Child:
    top = nth * lane
    return [
        h.line(x1=0, x2=width, y1=top + lane, y2=top + lane, class_="grid"),
        h.text(vendor, x=0, y=top + lane / 2 + 4, class_="label"),
        (bars if len(spans) <= 2 * most_rows else crowd)(top, f"v{nth % 6}", spans, axis),
    ]


def bars(top: int, hue: str, spans: Sequence[Span], axis: Axis) -> Child:
    """A bar for each session: what was, and paler what is still to come."""
    rows = min(max(len(spans), 1), most_rows)
    tall, now = (lane - 10) / rows, axis.x(axis.now)
    out = []
    for row, (since, until) in enumerate(spans):
        place = {"y": round(top + 5 + row % rows * tall, 1), "height": round(max(tall - 2, 1.5), 1), "rx": 1.5}
        begin, finish = axis.x(since), axis.x(axis.end if until is None else until)
        out.append(h.rect(x=begin, width=round(max(2.0, min(now, finish) - begin), 1), class_=f"bar {hue}", **place))
        if finish > now:
            out.append(h.rect(x=now, width=round(finish - now, 1), class_=f"bar later {hue}", **place))
    return out


samples: Final = 120


def crowd(top: int, hue: str, spans: Sequence[Span], axis: Axis) -> Child:
    """How many sessions there are at each time."""
    times = sorted({axis.now, *(axis.start + (axis.end - axis.start) * nth // samples for nth in range(samples + 1))})
    counts = {at: sum(1 for since, until in spans if since <= at and (until is None or at < until)) for at in times}
    most = max([*counts.values(), 1])

    def area(word: str, chosen: list[int]) -> Markup:
        curve = [f"{axis.x(at)},{round(top + lane - 3 - counts[at] / most * (lane - 10), 1)}" for at in chosen]
        ground = [f"{axis.x(at)},{top + lane - 3}" for at in (chosen[-1], chosen[0])]
        return h.polygon(points=" ".join(curve + ground), class_=f"crowd {word} {hue}")

    return [area("was", [at for at in times if at <= axis.now]), area("later", [at for at in times if at >= axis.now])]


minutes_shown: Final = 5
columns: Final = 60


def rate(exchanges: Sequence[Exchange], wall: float, verdicts: Verdicts) -> Markup:
    """Calls of the last minutes by the wall's clock, those that broke the contract on top."""
    size = minutes_shown * 60 / columns
    counts = [[0, 0] for _ in range(columns)]
    for each in exchanges:
        column = columns - 1 - int((wall - each.wall) // size)
        if 0 <= column < columns:
            counts[column][verdicts.word(each) != "kept"] += 1
    most = max(4, *(sum(each) for each in counts))
    height, wide = 110, width / columns

    def bar(column: int, below: int, count: int, word: str) -> Child:
        tall = count / most * height
        return (
            h.rect(
                x=round(column * wide + 1, 1),
                y=round(height - below / most * height - tall, 1),
                width=round(wide - 2, 1),
                height=round(tall, 1),
                rx=1.5,
                class_=f"bar {word}",
            )
            if count
            else None
        )

    bars = [(bar(at, 0, good, "good"), bar(at, good, bad, "bad")) for at, (good, bad) in enumerate(counts)]
    total, broken = sum(map(sum, counts)), sum(bad for _, bad in counts)
    axis = (
        h.line(x1=0, x2=width, y1=height, y2=height, class_="grid"),
        h.text(f"{minutes_shown} min ago", x=0, y=height + 16, class_="tick start"),
        h.text("now", x=width, y=height + 16, class_="tick end"),
    )
    return drawing(height + 22, f"{total} calls in the last {minutes_shown} minutes, {broken} of them outside the contract", axis, bars)


def latency(exchanges: Sequence[Exchange]) -> Markup:
    """How long each of the last calls took, a dot each, on a scale of tens."""
    height, low, high = 110, -1.2, 3.3
    shown = list(exchanges)[-160:]

    def y(ms: float) -> float:
        return round(height - (min(max(math.log10(max(ms, 0.001)), low), high) - low) / (high - low) * height, 1)

    rules = [
        (h.line(x1=56, x2=width, y1=y(ms), y2=y(ms), class_="grid"), h.text(words, x=48, y=y(ms) + 4, class_="tick end"))
        for ms, words in ((0.1, "0.1 ms"), (1, "1 ms"), (10, "10 ms"), (100, "0.1 s"), (1000, "1 s"))
    ]
    step = (width - 72) / max(len(shown), 40)
    dots = [
        h.circle(cx=round(64 + at * step, 1), cy=y(milliseconds(each)), r=3, class_="dot late" if each.reply.delivery.fault else "dot")
        for at, each in enumerate(shown)
    ]
    times = sorted(milliseconds(each) for each in shown)
    words = f"half of them within {times[len(times) // 2]:.2g} ms, the slowest {times[-1]:.2g} ms" if times else "none yet"
    return drawing(height + 10, f"How long the last {len(shown)} calls took: {words}", rules, dots)


def share(counts: Mapping[str, int]) -> Markup:
    """How a whole falls into parts: one bar, a piece for each vendor."""
    total, at, pieces = sum(counts.values()), 0.0, []
    for nth, count in enumerate(counts.values()):
        wide = width * count / total if total else 0
        pieces.append(h.rect(x=round(at, 1), y=0, width=round(max(wide - 3, 0), 1), height=14, rx=4, class_=f"bar v{nth % 6}"))
        at += wide
    return drawing(14, "; ".join(f"{vendor} {count}" for vendor, count in counts.items()), pieces)
