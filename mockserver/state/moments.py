"""Lists whose order follows the clock, and all of them that does not.

Rules of this file
- Every moment is told from the morning of its own person, so that what is `told` holds on every day and at every hour.
- Who would come later than now has come a day before: only their own moments are looked at one by one.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Callable
from itertools import chain
from typing import Any, Final

from mockserver.state.clock import day
from mockserver.state.scene import Scene
from mockserver.state.table import Key

Told = tuple[list[Key], dict[int, bytes], bytes, bytes, bytes, bytes]

moment: Final = "q"
count: Final = "I"


class Moments:
    """The keys of a scene's visits in the order of their moments and, of the same moment, of keys."""

    def __init__(self, scene: Scene, purpose: str, within_days: int, keys_of: Callable[[int, int], list[Any]], unit: int = 1) -> None:
        """keys_of: of a person's number and how many, in the order of their visits; unit: milliseconds that lists do not tell apart."""
        self.scene, self.purpose, self.within_days, self.keys_of, self.unit = scene, purpose, within_days, keys_of, unit

    def told(self) -> Told:
        """What does not follow the clock, in plain values: the keys, sorted; by minutes east of UTC, moments with the places of their keys, sorted;
        person by person, each visit's moment, how many are before it, and the place of its key; and which visit each key is of."""
        sinces, nths, whose, keys = array(moment), array(count), array("h"), []
        for number, offset, visits in self.scene.rhythm(self.purpose, self.within_days):
            sinces.extend(visits)
            nths.extend(range(len(visits)))
            whose.extend([offset] * len(visits))
            keys += self.keys_of(number, len(visits))
        visit_of = array(count, sorted(range(len(keys)), key=keys.__getitem__))
        places = array(count, bytes(len(visit_of) * visit_of.itemsize))
        for place, visit in enumerate(visit_of):
            places[visit] = place
        zones: dict[int, list[int]] = {offset: [] for offset in whose}
        bits = len(keys).bit_length()
        for offset, since, place in zip(whose, sinces, places, strict=True):
            zones[offset].append(since // self.unit << bits | place)
        lists = {offset: array(moment, sorted(codes)).tobytes() for offset, codes in zones.items()}
        ordered = [keys[visit] for visit in visit_of]
        return ordered, lists, sinces.tobytes(), nths.tobytes(), places.tobytes(), visit_of.tobytes()

    def keys(self, told: Told) -> list[Key]:
        """All of them as they stand now."""
        keys, zones, *rest = told
        sinces, nths, places, visit_of = map(array, (moment, count, count, count), rest)
        bits, unit, lists, latest = len(keys).bit_length(), self.unit, [], self.scene.latest
        below = (1 << bits) - 1
        for offset, packed in zones.items():
            codes, morning = array(moment, packed), self.scene.morning(offset)
            stood, stand = set(), []
            for code in codes[bisect_left(codes, (latest - morning) // unit << bits) :]:
                visit = visit_of[code & below]
                if code not in stood and morning + sinces[visit] > latest:
                    begin, end = visit - nths[visit], visit + 1
                    while end < len(nths) and nths[end]:
                        end += 1
                    ats = sorted(at if at <= latest else at - day for at in (morning + since for since in sinces[begin:end]))
                    stood.update([since // unit << bits | place for since, place in zip(sinces[begin:end], places[begin:end], strict=True)])
                    stand += [at // unit << bits | place for at, place in zip(ats, places[begin:end], strict=True)]
            moved = morning // unit << bits
            lists += [[moved + code for code in codes if code not in stood], sorted(stand)]
        return [keys[code & below] for code in sorted(chain(*lists))]
