"""Texts and numbers that suit a field: by its format, else by its name, else like its example."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Final

from mockserver.contract import words

if TYPE_CHECKING:
    from mockserver.contract.making import Dice, Making
    from mockserver.contract.shape import Shape

Writer = Callable[["str", "Making"], str]
"""Writes a text for a field of a name."""


# -- numbers ----------------------------------------------------------------------------------------------------------------

in_millis: Final = frozenset({"ms", "millis"})


def number_for(name: str, shape: Shape | None) -> Callable[[Making], float]:
    """What draws numbers that suit a field of this name."""
    topic, last = words.topic_of(name), words.words_of(name)[-1:]
    if topic == "time" or last == ("timestamp",):
        told = str(shape.word("description") or "").lower() if shape else ""
        unit, moment = (1 if "milli" in told or in_millis & set(last) else 1000), words.moment_of(name)
        return lambda making: making.time(moment) // unit
    return numbers.get(topic) or numbers[""]


numbers: Final[dict[str, Callable[[Making], float]]] = {
    "year": lambda making: 2020 + making.dice.below(6),
    "month": lambda making: 1 + making.dice.below(12),
    "day": lambda making: 1 + making.dice.below(28),
    "age": lambda making: 18 + making.dice.below(60),
    "percent": lambda making: making.dice.below(101),
    "port": lambda making: 8000 + making.dice.below(1000),
    "latitude": lambda making: float(str(words.cities[making.city][8])),
    "longitude": lambda making: float(str(words.cities[making.city][9])),
    "money": lambda making: 1 + making.dice.below(500),
    "count": lambda making: 1 + making.dice.below(20),
    "id": lambda making: 1 + making.dice.below(1_000_000),
    "": lambda making: 1 + making.dice.below(100),
}


# -- texts ------------------------------------------------------------------------------------------------------------------


def text_for(name: str, shape: Shape | None) -> Callable[[Making], str]:
    """What writes texts that suit a field of this name and shape."""
    form = str(shape.word("format") or "") if shape else ""
    if form in formats:
        return partial(formats[form], name)
    topic = words.topic_of(name)
    example = next((each for each in shape.examples if isinstance(each, str) and each), "") if shape else ""
    if example and topic in ("", "id", "secret", "slug", "version"):
        return lambda making: like(example, making.dice)
    if topic in texts:
        return partial(texts[topic], name)
    if topic in numbers and topic:
        draw = numbers[topic]
        return lambda making: str(draw(making))
    return a_noun


def a_noun(making: Making) -> str:
    return making.dice.choose(words.nouns)


def fitted(text: str, least: int, most: int, making: Making) -> str:
    """The text no longer and no shorter than allowed."""
    if len(text) > most:
        short = text[:most].rstrip()
        return short if len(short) >= least else text[:most]
    while len(text) < least:
        text += ("" if " " not in text else " ") + words.nouns[making.dice.below(24)]
    return text[:most] if len(text) > most else text


zones: Final = ("Z", "+00:00", ".000Z", ".000000Z", ".000+00:00", ".000000+00:00")


def as_long(moment: str, least: int, most: int) -> str:
    """A time in the spelling that is as long as asked; as it is when none is."""
    return next((text for zone in zones if least <= len(text := moment[:-1] + zone) <= most), moment)


def like(example: str, dice: Dice) -> str:
    """An id of the example's form: its prefix kept, the rest drawn anew, letter for letter and digit for digit."""
    if guid.fullmatch(example):
        return a_guid(dice)
    prefix = example[: max(example.rfind("_"), example.rfind("-")) + 1] if not any(map(str.isdigit, example[:3])) else ""
    tail = example[len(prefix) :]
    if tail.isalpha() and tail.islower() and len(tail) < 16:
        return prefix + dice.choose(words.nouns)
    hexadecimal = all(letter in "0123456789abcdef" for letter in tail)
    return prefix + "".join(redrawn(letter, dice, hexadecimal=hexadecimal) for letter in tail)


def redrawn(letter: str, dice: Dice, *, hexadecimal: bool) -> str:
    if hexadecimal and letter.isalpha():
        return "abcdef"[dice.below(6)]
    for alphabet in ("0123456789", "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ"):
        if letter in alphabet:
            return alphabet[dice.below(len(alphabet))]
    return letter


guid: Final = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}")


def a_guid(dice: Dice) -> str:
    text = f"{dice.bits(128):032x}"
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{'89ab'[int(text[16], 16) % 4]}{text[17:20]}-{text[20:]}"


@lru_cache(maxsize=4096)
def date(days: int) -> str:
    """A day counted from the epoch."""
    return datetime.fromtimestamp(days * 86400, UTC).strftime("%Y-%m-%d")


@lru_cache(maxsize=4096)
def clock(second: int) -> str:
    """A time of day."""
    return f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}Z"


def day_of(name: str, making: Making) -> str:
    return date(making.time(words.moment_of(name)) // 86_400_000)


def hour_of(name: str, making: Making) -> str:
    return clock(making.time(words.moment_of(name)) // 1000 % 86400)


def moment_of(name: str, making: Making) -> str:
    days, second = divmod(making.time(words.moment_of(name)) // 1000, 86400)
    return f"{date(days)}T{clock(second)}"


def slug(name: str, making: Making) -> str:
    return f"{making.dice.choose(words.nouns)}-{making.dice.choose(words.nouns)}"


def address(name: str, making: Making) -> str:
    """A URL below example.com."""
    return f"https://example.com/{slug(name, making)}{'.png' if pictures.intersection(words.words_of(name)[:1]) else ''}"


pictures: Final = frozenset({"image", "avatar", "photo", "logo"})


def host(name: str, making: Making) -> str:
    return f"{making.dice.choose(words.nouns)}.example.com"


def reference(name: str, making: Making) -> str:
    return f"/{slug(name, making)}"


def encoded(name: str, making: Making) -> str:
    return base64.b64encode(slug(name, making).encode()).decode()


def decimal(name: str, making: Making) -> str:
    return f"{1 + making.dice.below(500)}.{making.dice.below(90) + 10}"


def network(name: str, making: Making) -> str:
    return f"192.0.2.{1 + making.dice.below(254)}"


def mailbox(name: str, making: Making) -> str:
    return making.person.email


def phone(name: str, making: Making) -> str:
    return f"{str(words.cities[making.city][6])[:-2]}{making.dice.below(90) + 10}"


def place_part(index: int) -> Writer:
    return lambda _, making: str(words.cities[making.city][index])


def country(name: str, making: Making) -> str:
    return str(words.cities[making.city][2 if "code" in words.words_of(name) else 4])


people_words: Final = frozenset(
    "user customer contact person owner author member employee patient display full sender recipient real".split()
)


def full_name(name: str, making: Making) -> str:
    """A person's name where the field says so, else a thing's."""
    if people_words & set(words.words_of(name)):
        return f"{making.person.given} {making.person.family}"
    return slug(name, making).replace("-", " ").capitalize()


formats: Final[dict[str, Writer]] = {
    "date-time": moment_of,
    "date": day_of,
    "time": hour_of,
    "duration": lambda _, making: f"PT{1 + making.dice.below(12)}H",
    "email": mailbox,
    "idn-email": mailbox,
    "hostname": host,
    "idn-hostname": host,
    "ipv4": network,
    "ip": network,
    "ipv6": lambda _, making: f"2001:db8::{1 + making.dice.below(9999)}",
    "uri": address,
    "url": address,
    "iri": address,
    "uri-reference": reference,
    "iri-reference": reference,
    "uri-template": lambda name, making: f"https://example.com/{slug(name, making)}/{{id}}",
    **dict.fromkeys(("uuid", "guid"), lambda _, making: a_guid(making.dice)),
    "byte": encoded,
    "base64": encoded,
    "json-pointer": lambda _, making: f"/{making.dice.choose(words.nouns)}",
    "relative-json-pointer": lambda _, making: f"0/{making.dice.choose(words.nouns)}",
    "regex": lambda *_: "^[a-z]+$",
    "password": lambda *_: "correct-horse-battery-staple",
    "phone": phone,
    "decimal": decimal,
    **dict.fromkeys(("int64", "uint64"), lambda _, making: str(1 + making.dice.below(1_000_000))),
    "int32": lambda _, making: str(1 + making.dice.below(1000)),
    "google-datetime": moment_of,
    "google-duration": lambda _, making: f"{1 + making.dice.below(600)}s",
    "google-fieldmask": lambda _, making: making.dice.choose(words.nouns),
}

texts: Final[dict[str, Writer]] = {
    "email": mailbox,
    "given": lambda _, making: making.person.given,
    "family": lambda _, making: making.person.family,
    "user": lambda _, making: f"{making.person.given}.{making.person.family}".lower(),
    "name": full_name,
    "phone": phone,
    "ip": network,
    "url": address,
    "host": host,
    "street": lambda _, making: f"{1 + making.dice.below(180)} {making.dice.choose(words.streets)}",
    "line2": lambda _, making: f"Floor {1 + making.dice.below(12)}",
    "city": place_part(0),
    "region": place_part(1),
    "post": place_part(5),
    "zone": place_part(7),
    "country": country,
    "currency": lambda _, making: ("EUR", "EUR", "CAD", "KES", "JPY")[making.city],
    "language": lambda _, making: ("nl", "pt", "en", "sw", "ja")[making.city],
    "company": lambda _, making: making.dice.choose(words.companies),
    "job": lambda _, making: making.dice.choose(words.jobs),
    "colour": lambda _, making: making.dice.choose(words.colours),
    "money": decimal,
    "version": lambda _, making: f"{1 + making.dice.below(9)}.{making.dice.below(20)}.{making.dice.below(10)}",
    "secret": lambda _, making: f"{making.dice.bits(160):040x}",
    "media": lambda *_: "application/json",
    "file": lambda _, making: f"{making.dice.choose(words.nouns)}.txt",
    "path": lambda name, making: f"/{slug(name, making).replace('-', '/')}",
    "slug": slug,
    "prose": lambda _, making: making.dice.choose(words.sentences),
    "title": lambda _, making: slug("", making).replace("-", " ").capitalize(),
    "status": lambda *_: "active",
    "time": moment_of,
    "id": lambda _, making: f"{making.dice.bits(80):020x}",
}
