"""A scene: the people of one fictional company, the same in every vendor, and when and from what they signed in."""

from __future__ import annotations

import unicodedata
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from functools import cached_property, lru_cache
from operator import itemgetter
from pathlib import Path
from typing import Any, Final, NamedTuple, overload

import orjson

from mockserver.errors import BadScene, nearest
from mockserver.state.clock import day, hour, minute
from mockserver.state.ids import Draws, drawn, thrown
from mockserver.values import frozen

roles: Final = ("admin", "agent", "end_user")
statuses: Final = ("employed", "offboarded")

# RFC 5737 and RFC 3849: addresses that nobody has.
networks: Final = ("192.0.2.", "198.51.100.", "203.0.113.")
places: Final = 3 * 254

shift: Final = 10 * hour
stay: Final = 9 * hour


@frozen
class Device:
    """What somebody signs in from. kind: "desktop", "mobile" or "tablet"."""

    name: str
    kind: str
    os: str
    browser: str
    user_agent: str


class Visit(NamedTuple):
    """One sign-in: when, until when it was last used (milliseconds since the epoch), from what and where."""

    at: int
    seen: int
    device: Device
    address: str


class Person(NamedTuple):
    """One person of the company.

    index      position in the scene, from 0: what seeded draws are keyed by
    role       "admin", "agent" or "end_user"
    status     "employed" or "offboarded" (gone, with sessions left over)
    sessions   how many sessions the person holds in each vendor
    impersonator  e-mail of who signed in as this person, or None
    offset     minutes east of UTC
    """

    index: int  # type: ignore[assignment]  # hides a tuple's own, which nobody asks of a person
    given: str
    family: str
    email: str
    role: str
    title: str
    team: str
    time_zone: str
    offset: int
    devices: tuple[Device, ...]
    sessions: int = 2
    status: str = "employed"
    impersonator: str | None = None
    joined_days: int = 400

    @property
    def name(self) -> str:
        return f"{self.given} {self.family}"


kept_people: Final = 1 << 17
"""Of grown ones, about 40 MB."""


class People(Sequence[Person]):
    """Everybody of a company: the named people first, then the grown ones, who are made when they are asked for.

    A grown person is told by their number alone, so nobody has to be kept. All admins are named people.
    """

    def __init__(self, named: Iterable[Person], count: int | None = None, seed: str = "0", devices: tuple[Device, ...] = ()) -> None:
        self.named = tuple(named)[:count]
        self.grown_from = (len(self.named), "", ()) if count is None or count <= len(self.named) else (count, seed, devices)
        self._grown = lru_cache(kept_people)(self._grow)
        if len(self) > len(self.named):
            pools(seed)  # importing Faker is for who starts, not for who asks first
        self._before = before_sessions * max(1, len(devices))
        self._many = self._before * from_sessions

    def __len__(self) -> int:
        return self.grown_from[0]

    @overload
    def __getitem__(self, at: int) -> Person: ...
    @overload
    def __getitem__(self, at: slice) -> Sequence[Person]: ...
    def __getitem__(self, at: int | slice) -> Person | Sequence[Person]:
        if isinstance(at, slice):
            return tuple([self[each] for each in range(len(self))[at]])
        number = at if at >= 0 else at + len(self)
        if not 0 <= number < len(self):
            raise IndexError(at)
        return self.named[number] if number < len(self.named) else self._grown(number)

    def __iter__(self) -> Iterator[Person]:
        _, seed, devices = self.grown_from
        yield from self.named
        yield from (grown(number, chance, seed, devices) for number, chance in enumerate(self._chances, len(self.named)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, People) and (self.named, self.grown_from) == (other.named, other.grown_from)

    def __hash__(self) -> int:
        return hash((self.named, self.grown_from))

    def _draw(self, number: int) -> int:
        """What a grown person is made of."""
        return drawn(f"{self.grown_from[1]}:person:{number}", self._many)

    @cached_property
    def _chances(self) -> Sequence[int]:
        """What every grown person is made of. It is kept for whoever walks over everybody, as they will again."""
        chances = map(self._draw, range(len(self.named), len(self)))
        return array("Q", chances) if self._many < 1 << 64 else list(chances)

    def _grow(self, number: int) -> Person:
        return grown(number, self._draw(number), self.grown_from[1], self.grown_from[2])

    def holds(self, number: int) -> int:
        """How many sessions a person holds in a vendor; a grown one need not be made for this."""
        if number < len(self.named):
            return self.named[number].sessions
        return self._draw(number) // self._before % (most_sessions + 1)

    def having(self, email: object) -> list[int]:
        """The numbers of those who have this address, in whatever case of letters, and perhaps of one who has another."""
        if not isinstance(email, str):
            return []
        found = [person.index for person in self.named if person.email.lower() == email.lower()]
        digits = email.partition("@")[0].rpartition(".")[2]
        told = int(digits) if digits.isdecimal() and len(digits) < 10 else -1
        return [*found, told] if len(self.named) <= told < len(self) else found

    @cached_property
    def busiest(self) -> Person | None:
        """Whoever has the most sessions, the first of them."""
        best = max(self.named, key=sessions_of, default=None)
        if best is not None and best.sessions >= most_sessions:
            return best
        return next((person for person in self if person.sessions == most_sessions), None) or max(self, key=sessions_of, default=None)

    @cached_property
    def held(self) -> bytes | list[int]:
        """How many sessions each of them holds in a vendor, by number."""
        before, many = self._before, most_sessions + 1
        found = [*map(sessions_of, self.named), *[chance // before % many for chance in self._chances]]
        return bytes(found) if max(found, default=0) < 256 else found

    @cached_property
    def sessions(self) -> int:
        """How many sessions all of them hold in a vendor."""
        return sum(self.held)

    def rhythms(self) -> Iterator[tuple[int, int, int, int]]:
        """Of everybody who holds sessions: number, how many, minutes east of UTC, and how many devices. Nobody is made for this."""
        for person in self.named:
            if person.sessions:
                yield person.index, person.sessions, person.offset, len(person.devices)
        offsets = [offset for _, offset in zones]
        for number, count in enumerate(self.held[len(self.named) :], len(self.named)):
            if count:
                yield number, count, offsets[self._chances[number - len(self.named)] // before_zone % len(zones)], grown_devices


@frozen
class Scene:
    """Who there is.

    people   everybody
    records  further records by vendor and kind, as a scene file gives them; missing fields are made up
    now      the moment everything is told from, milliseconds since the epoch
    seed     what everything made up is keyed by
    source   the file it was read from, for messages
    """

    people: People
    now: int
    seed: str = "0"
    company: str = "Example Company"
    domain: str = "example.com"
    records: Mapping[str, Mapping[str, list[dict[str, Any]]]] = field(default_factory=dict)
    source: str = "<memory>"

    def draws(self, *key: object) -> Draws:
        """Dice of this scene for one purpose: the same key, the same throws."""
        return Draws(self.seed, *key)

    def person(self, email: str) -> Person | None:
        return next((person for number in self.people.having(email) if (person := self.people[number]).email == email), None)

    def earliest(self, within_days: int) -> int:
        """A moment before all visits of so many days."""
        return self.now - (within_days + 1) * day

    @property
    def latest(self) -> int:
        """No visit is after this moment."""
        return self.now - 5 * minute

    def visits(self, person: Person, purpose: str, count: int, within_days: int = 30) -> list[Visit]:
        """This many sign-ins of a person, oldest first, in their working hours, the last ones recent."""
        if not count:
            return []
        devices, at_most = person.devices, self.latest
        home = f"{networks[person.index % 3]}{1 + person.index // 3 % 254}"
        morning = self.morning(person.offset)
        spans, sizes = throws(count, len(devices), within_days)
        out = []
        for span, chance in zip(spans, thrown(f"{self.seed}:{purpose}:visits:{person.index}", sizes), strict=True):
            rest, days = divmod(chance, span)
            rest, into = divmod(rest, shift)
            rest, lasted = divmod(rest, stay)
            which, place = divmod(rest, places)
            at = morning - days * day + into
            if at > at_most:
                at -= day
            device = devices[which]
            address = home if device.kind == "desktop" else f"{networks[place % 3]}{1 + place // 3}"
            out.append(Visit(at, min(at + lasted, at_most), device, address))
        out.sort(key=itemgetter(0))
        return out

    def told(self, purpose: str) -> str:
        """What does not follow the clock in what is drawn of this scene for a purpose."""
        people = self.people
        names = pools(people.grown_from[1]) if len(people) > len(people.named) else ()  # they change with Faker
        return repr((purpose, self.seed, self.company, self.domain, people.named, people.grown_from, names))

    def rhythm(self, purpose: str, within_days: int = 30) -> Iterator[tuple[int, int, list[int]]]:
        """Of everybody who holds sessions their `visits`, told from the `morning` of today, whatever it is, before those later than now lie a day back:
        number, minutes east of UTC, and moments."""
        prefix = f"{self.seed}:{purpose}:visits:"
        for number, count, offset, devices in self.people.rhythms():
            spans, sizes = throws(count, devices, within_days)
            out = []
            for span, chance in zip(spans, thrown(f"{prefix}{number}", sizes), strict=True):
                rest, days = divmod(chance, span)
                out.append(rest % shift - days * day)
            out.sort()
            yield number, offset, out

    def morning(self, offset: int) -> int:
        """When work begins today, so many minutes east of UTC."""
        return (self.now + offset * minute) // day * day - offset * minute + 8 * hour


@lru_cache(maxsize=4096)
def throws(count: int, devices: int, within_days: int) -> tuple[list[int], list[int]]:
    """Of so many visits: how many days each may lie back, and how many ways there are for it to be, all in one draw."""
    spans = [1 + within_days * (nth + 1) // count for nth in range(count)]
    return spans, [span * shift * stay * places * devices for span in spans]


def load(path: Path, *, now: int, seed: str = "0", people: int | None = None) -> Scene:
    """Read a scene file (JSON or YAML) and grow it to this many people. Raises BadScene naming file and place."""
    told = read(path)
    place = _Place(str(path))
    place.only(told, ("company", "domain", "devices", "people", "records"))
    devices = {name: device(place.at("devices", name), name, value) for name, value in place.mapping(told, "devices").items()}
    if not devices:
        raise BadScene(f"{path}: /devices holds none; a person needs something to sign in from")
    named = [person(place.at("people", index), index, value, devices) for index, value in enumerate(place.listing(told, "people"))]
    emails = [each.email for each in named]
    if len(set(emails)) != len(emails):
        twice = next(email for email in emails if emails.count(email) > 1)
        raise BadScene(f"{path}: /people: {twice} is there twice; an e-mail address names one person")
    everyone = People(named, people, seed, tuple(devices.values()))
    if not any(each.role == "admin" and each.status == "employed" for each in everyone.named):
        raise BadScene(
            f"{path}: /people: none of {len(everyone)} is an employed admin; the credentials that clients are given are an admin's"
        )
    company, domain = place.text(told, "company", "Example Company"), place.text(told, "domain", "example.com")
    return Scene(everyone, now, seed, company, domain, place.records(told), str(path))


def read(path: Path) -> dict[str, Any]:
    try:
        text = path.read_bytes()
    except OSError as error:
        raise BadScene(f"{path}: cannot be read: {error.strerror or error}; give a scene's name or the path of a scene file") from None
    try:
        if path.suffix in (".yaml", ".yml"):
            import yaml

            told = yaml.safe_load(text)
        else:
            told = orjson.loads(text)
    except Exception as error:  # noqa: BLE001  # whatever the two parsers raise is about the file
        raise BadScene(f"{path}: not {'YAML' if path.suffix in ('.yaml', '.yml') else 'JSON'}: {str(error).splitlines()[0]}") from None
    if not isinstance(told, dict):
        raise BadScene(f"{path}: holds {type(told).__name__}, not an object with `people` and `devices`")
    return told


class _Place:
    """A place in a scene file, for reading with good errors."""

    def __init__(self, file: str, pointer: str = "") -> None:
        self.file, self.pointer = file, pointer

    def at(self, *parts: object) -> _Place:
        return _Place(self.file, self.pointer + "".join(f"/{part}" for part in parts))

    def fail(self, name: object, words: str) -> BadScene:
        return BadScene(f"{self.file}: {self.pointer}/{name}: {words}")

    def mapping(self, told: Mapping[str, Any], name: str) -> dict[str, Any]:
        value = told.get(name, {})
        if not isinstance(value, dict):
            raise self.fail(name, f"is {type(value).__name__}, not an object")
        return value

    def listing(self, told: Mapping[str, Any], name: str) -> list[Any]:
        value = told.get(name, [])
        if not isinstance(value, list):
            raise self.fail(name, f"is {type(value).__name__}, not a list")
        return value

    def only(self, told: Mapping[str, Any], names: Iterable[str]) -> None:
        for name in told:
            if name not in names:
                near = nearest(str(name), names)
                raise self.fail(name, f"is nothing a scene knows; {f'did you mean {near}?' if near else 'known: ' + ', '.join(names)}")

    def records(self, told: Mapping[str, Any]) -> dict[str, dict[str, list[dict[str, Any]]]]:
        """`records` by vendor and kind, each a list of objects."""
        given, here = self.mapping(told, "records"), self.at("records")
        for vendor in given:
            for kind in here.mapping(given, vendor):
                for index, record in enumerate(here.at(vendor).listing(given[vendor], kind)):
                    if not isinstance(record, dict):
                        raise here.at(vendor, kind).fail(index, f"is {type(record).__name__}, not an object")
        return given

    def text(self, told: Mapping[str, Any], name: str, default: str | None = None, among: tuple[str, ...] = ()) -> str:
        value = told.get(name, default)
        if not isinstance(value, str) or not value:
            raise self.fail(name, f"is {value!r}, not a text" if name in told else "is missing")
        if among and value not in among:
            raise self.fail(name, f"is {value!r}, not one of {', '.join(among)}")
        return value

    def number(self, told: Mapping[str, Any], name: str, default: int, least: int = 0, most: int = 1_000_000) -> int:
        value = told.get(name, default)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise self.fail(name, f"is {value!r}, not a whole number from {least:,} to {most:,}")
        return value


def device(place: _Place, name: str, told: Any) -> Device:
    if not isinstance(told, dict):
        raise BadScene(f"{place.file}: {place.pointer}: is {type(told).__name__}, not an object")
    place.only(told, ("kind", "os", "browser", "user_agent"))
    kind = place.text(told, "kind", "desktop", ("desktop", "mobile", "tablet"))
    return Device(name, kind, place.text(told, "os", "Linux"), place.text(told, "browser", "Firefox"), place.text(told, "user_agent"))


def person(place: _Place, index: int, told: Any, devices: Mapping[str, Device]) -> Person:
    if not isinstance(told, dict):
        raise BadScene(f"{place.file}: {place.pointer}: is {type(told).__name__}, not an object")
    place.only(told, [name for name in Person._fields if name != "index"])
    owned = place.listing(told, "devices") or list(devices)[:1]
    unknown = [name for name in owned if not isinstance(name, str) or name not in devices]
    if unknown:
        raise place.fail("devices", f"{unknown[0]!r} is none of /devices: {', '.join(devices)}")
    return Person(
        index=index,
        given=place.text(told, "given"),
        family=place.text(told, "family"),
        email=place.text(told, "email"),
        role=place.text(told, "role", "end_user", roles),
        title=place.text(told, "title", "Associate"),
        team=place.text(told, "team", "Operations"),
        time_zone=place.text(told, "time_zone", "Etc/UTC"),
        offset=place.number(told, "offset", 0, -1440, 1440),
        devices=tuple(devices[name] for name in owned),
        sessions=place.number(told, "sessions", 2),
        status=place.text(told, "status", "employed", statuses),
        impersonator=place.text(told, "impersonator") if told.get("impersonator") is not None else None,
        joined_days=place.number(told, "joined_days", 400),
    )


zones: Final = (
    ("America/New_York", -300),
    ("America/Los_Angeles", -480),
    ("Europe/London", 0),
    ("Europe/Berlin", 60),
    ("Asia/Kolkata", 330),
    ("Asia/Tokyo", 540),
)
teams: Final = ("Engineering", "Support", "Finance", "Sales", "Operations", "Security")


def sessions_of(person: Person) -> int:
    return person.sessions


# What is drawn for a grown person, all at once: each as many as there are to choose from, in this order.
given_names, family_names, job_titles, most_sessions = 500, 1000, 60, 3
before_zone: Final = given_names * family_names
before_sessions: Final = before_zone * len(zones) * 100 * job_titles * len(teams)  # and devices
grown_devices: Final = 2
from_sessions: Final = (most_sessions + 1) * 100 * 2000


def grown(index: int, chance: int, seed: str, devices: tuple[Device, ...]) -> Person:
    """The person of a number, made of what was drawn for it; names and titles are from pools that Faker fills once."""
    given, family, titles = pools(seed)
    chance, first = divmod(chance, given_names)
    chance, last = divmod(chance, family_names)
    chance, zone = divmod(chance, len(zones))
    chance, mine = divmod(chance, len(devices))
    chance, role = divmod(chance, 100)
    chance, title = divmod(chance, job_titles)
    chance, team = divmod(chance, len(teams))
    chance, sessions = divmod(chance, most_sessions + 1)
    joined, status = divmod(chance, 100)
    (first_name, first_word), (last_name, last_word) = given[first], family[last]
    return Person(
        index,
        first_name,
        last_name,
        f"{first_word}.{last_word}.{index}@example.com",
        "agent" if role < 15 else "end_user",
        titles[title],
        teams[team],
        *zones[zone],
        (devices[mine], devices[(mine + 1) % len(devices)]),
        sessions,
        "offboarded" if status < 3 else "employed",
        None,
        30 + joined,
    )


@lru_cache(maxsize=8)
def pools(seed: str) -> tuple[list[tuple[str, str]], list[tuple[str, str]], list[str]]:
    """Given names and family names, each also as it stands in an e-mail address, and job titles. Importing Faker costs 0.1 s, which only a grown scene pays."""
    from faker import Faker

    fake = Faker(["en_US", "de_DE", "fr_FR", "es_ES", "it_IT"], use_weighting=False)
    fake.seed_instance(seed)
    return (
        [(name := fake.first_name(), ascii_word(name)) for _ in range(given_names)],
        [(name := fake.last_name(), ascii_word(name)) for _ in range(family_names)],
        [fake.job()[:60] for _ in range(job_titles)],
    )


def ascii_word(text: str) -> str:
    """A name as it stands in an e-mail address."""
    plain = unicodedata.normalize("NFKD", text.replace("ß", "ss")).encode("ascii", "ignore").decode().lower()
    return "".join(letter for letter in plain if letter.isalnum()) or "person"
