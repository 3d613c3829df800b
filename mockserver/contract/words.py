"""What a field is likely to hold, told from its name: data for made-up values."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from mockserver.message import Json

given_names: Final = (
    "Ada", "Ben", "Chiara", "Dai", "Elif", "Farid", "Grace", "Hugo", "Ines", "Jonas", "Kofi", "Liam", "Maya", "Noor", "Olga", "Priya",
)  # fmt: skip
family_names: Final = (
    "Abara", "Brandt", "Conti", "Dubois", "Evans", "Fischer", "Garcia", "Haddad", "Ito", "Jensen", "Kaya", "Larsen", "Moreau", "Novak",
)  # fmt: skip
nouns: Final = (
    "amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "harbor", "indigo", "juniper", "kestrel", "lagoon", "meadow", "nectar",
    "orchid", "pebble", "quartz", "raven", "saffron", "timber", "umber", "velvet", "willow", "zephyr",
)  # fmt: skip
sentences: Final = (
    "Checked and ready for use.", "Waiting for the second review.", "Arrived this morning in good order.", "Please read before the meeting.",
    "Works as described.", "A short note for the team.", "Moved here from the old system.", "Nothing unusual to report.",
)  # fmt: skip
cities: Final = (
    ("Amsterdam", "North Holland", "NL", "NLD", "Netherlands", "1012 AB", "+31 20 555 0142", "Europe/Amsterdam", 52.3702, 4.8952),
    ("Lisbon", "Lisboa", "PT", "PRT", "Portugal", "1100-148", "+351 21 555 0118", "Europe/Lisbon", 38.7223, -9.1393),
    ("Toronto", "Ontario", "CA", "CAN", "Canada", "M5H 2N2", "+1 416 555 0177", "America/Toronto", 43.6532, -79.3832),
    ("Nairobi", "Nairobi", "KE", "KEN", "Kenya", "00100", "+254 20 555 0133", "Africa/Nairobi", -1.2921, 36.8219),
    ("Osaka", "Osaka", "JP", "JPN", "Japan", "530-0001", "+81 6 5550 0164", "Asia/Tokyo", 34.6937, 135.5023),
)  # fmt: skip
streets: Final = ("Harbour Street", "Mill Lane", "Station Road", "Orchard Avenue", "Bridge Street")
companies: Final = ("Amber Works", "Birch & Co", "Cedar Labs", "Delta Supplies", "Ember Foods", "Fjord Systems")
jobs: Final = ("Engineer", "Designer", "Accountant", "Support Agent", "Team Lead")
colours: Final = ("#2f6f4f", "#c0563b", "#3b6fc0", "#8a5fb0")

boundary: Final = re.compile(r"[^A-Za-z0-9]+|(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


@lru_cache(maxsize=8192)
def words_of(name: str) -> tuple[str, ...]:
    """The words of a name, lower case: "createdAt", "created_at" and "created-at" are all ("created", "at")."""
    return tuple(word.lower() for word in boundary.split(name) if word)


@lru_cache(maxsize=8192)
def pointed(name: str) -> str:
    """What a field of this name ("owner_id", "petId") holds the id of: its last word before that; "" when it is no such field."""
    words = words_of(name)
    return words[-2] if len(words) > 1 and words[-1] == "id" else ""


@lru_cache(maxsize=8192)
def singular(word: str) -> str:
    """One of what the word names many of, as far as spelling tells."""
    for ending, instead in (("ies", "y"), ("sses", "ss"), ("xes", "x"), ("ches", "ch"), ("shes", "sh"), ("ses", "se")):
        if word.endswith(ending) and len(word) > len(ending) + 1:
            return word[: -len(ending)] + instead
    return word[:-1] if word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 2 else word


topics: Final[tuple[tuple[str, frozenset[str]], ...]] = tuple(
    (topic, frozenset(words.split()))
    for topic, words in (
        ("email", "email mail"),
        ("given", "firstname givenname forename first given"),
        ("family", "lastname familyname surname last family"),
        ("user", "username login handle nickname screenname"),
        ("phone", "phone mobile telephone fax cell tel msisdn"),
        ("ip", "ip ipv4 ipaddress"),
        ("url", "url uri href link website homepage webpage avatar logo image picture photo thumbnail callback webhook"),
        ("host", "host hostname domain fqdn"),
        ("street", "street address1 line1 addressline1 address"),
        ("line2", "line2 address2 addressline2"),
        ("city", "city town locality municipality"),
        ("region", "province region county"),
        ("post", "zip zipcode postal postcode postalcode"),
        ("country", "country countrycode nationality"),
        ("currency", "currency currencycode"),
        ("language", "language lang locale"),
        ("zone", "timezone tz"),
        ("latitude", "latitude lat"),
        ("longitude", "longitude lng lon"),
        ("company", "company organization organisation employer vendor brand manufacturer"),
        ("job", "job occupation profession jobtitle"),
        ("colour", "color colour"),
        ("money", "price amount cost total balance fee salary subtotal tax discount"),
        ("year", "year"),
        ("month", "month"),
        ("day", "day"),
        ("age", "age"),
        ("percent", "percent percentage ratio rate"),
        ("port", "port"),
        ("version", "version revision"),
        ("secret", "token secret password hash sha checksum fingerprint etag signature digest key md5 sha1 sha256"),
        ("media", "mimetype mediatype contenttype mime"),
        ("file", "filename file"),
        ("path", "path folder directory"),
        ("slug", "slug permalink"),
        (
            "prose",
            "description summary note notes comment comments bio message text content body details reason about instructions remarks",
        ),
        ("title", "title subject headline caption label"),
        ("count", "count quantity qty size length limit number num position index order rank sort"),
        ("status", "status"),
        ("time", "time date timestamp datetime at on"),
        ("id", "id guid uuid identifier"),
        ("name", "name"),
    )
)
by_word: Final = {word: topic for topic, words in reversed(topics) for word in words}
joined: Final = frozenset(word for word in by_word if len(word) > 6)

begun: Final = frozenset(
    "new open opened active created draft pending queued scheduled submitted requested registered received placed invited waiting started running "
    "enabled available online live valid todo initial unpaid unread incomplete ok".split()
)
over: Final = frozenset(
    "closed deleted deleting removed destroyed archived revoked expired canceled cancelled terminated stopped ended finished completed complete done "
    "resolved solved suspended disabled inactive deactivated blocked banned locked failed failure error rejected declined denied refunded voided void "
    "retired deprecated".split()
)
"""What the state of a thing is called that is new or in use, and of one that is not any more."""

went_well: Final = frozenset("ok success successful succeeded".split())

moments: Final[tuple[tuple[frozenset[str], int], ...]] = (
    (frozenset("created create born opened submitted added joined start started from begin begins placed since".split()), 0),
    (frozenset("updated update modified changed edited seen used activity last".split()), 1),
    (over | frozenset("stop published shipped paid delivered approved accepted verified confirmed merged read".split()), 2),
    (frozenset("expires expiry expiration end ends due until deadline valid next to".split()), 3),
)
"""When in the life of a thing a time with such a word lies: 0 its beginning, 1 then, 2 what becomes of it, 3 in the future."""

happened: Final = frozenset("created updated modified started ended expires expired closed deleted opened joined".split())


@lru_cache(maxsize=8192)
def topic_of(name: str) -> str:
    """What a field of this name is about: one of `topics`, or "" when the name does not say."""
    words = words_of(name)
    if not words:
        return ""
    whole = "".join(words)
    if whole in by_word:
        return by_word[whole]
    if len(words) > 1 and "".join(words[-2:]) in joined:
        return by_word["".join(words[-2:])]
    last = words[-1]
    if last == "name" and len(words) > 1:
        return {"first": "given", "given": "given", "last": "family", "family": "family", "user": "user", "file": "file",
                "host": "host", "domain": "host", "company": "company", "city": "city", "country": "country"}.get(words[-2], "name")  # fmt: skip
    if last == "code" and len(words) > 1:
        return by_word.get(words[-2], "")
    if last in happened:
        return "time"
    return by_word.get(last) or by_word.get(singular(last)) or ""


@lru_cache(maxsize=8192)
def moment_of(name: str) -> int:
    """When in the life of its thing a time of this name lies (see `moments`)."""
    words = frozenset(words_of(name))
    return next((when for known, when in reversed(moments) if words & known), 0)


@lru_cache(maxsize=8192)
def comes_late(name: str) -> bool:
    """Whether a field of this name is a time that a new thing has not met yet."""
    return topic_of(name) == "time" and moment_of(name) == 2


@lru_cache(maxsize=8192)
def at_first(name: str) -> bool | None:
    """What a yes-or-no of this name says of a new thing: it is active, it is not closed. None: either."""
    told = frozenset(words_of(name))
    return False if told & over else True if told & begun else None


def states_at_first(states: list[Json]) -> list[Json]:
    """Those of an enum's values that a new thing may be in: the first that names a beginning, else those that name no end, else any."""
    told = [frozenset(words_of(each)) if isinstance(each, str) else frozenset() for each in states]
    beginning = [state for state, said in zip(states, told, strict=True) if said & begun and not said & over]
    return beginning[:1] or [state for state, said in zip(states, told, strict=True) if not said & over] or states


def is_counted(name: str) -> bool:
    """Whether a field of this name counts what belongs to a thing: nothing does when it is new."""
    return bool({"count", "counts", "counter"} & set(words_of(name)))
