"""The card of a vendor: everything about it that its spec cannot say, as one value; and the turn its parts are given."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from mockserver.contract.operation import Operation
from mockserver.engine.pages import Pages, whole
from mockserver.errors import BadOption, Finding, Refusal, UnknownName
from mockserver.message import NOTHING, Call, Json, Reply
from mockserver.state.ids import Draws
from mockserver.state.record import revised
from mockserver.state.scene import Scene
from mockserver.state.table import Layout, Record, Table
from mockserver.state.world import Post, World
from mockserver.values import frozen

if TYPE_CHECKING:
    from mockserver.contract.resource import Role
    from mockserver.engine.engine import Engine

nothing: Final[Mapping[str, Any]] = MappingProxyType({})


@frozen
class Caller:
    """Who asks.

    id      the caller's own record key, or None for a key that is nobody's
    role    the vendor's word for what the caller may do
    scopes  what a scoped token grants; None: not scoped
    how     the security scheme that was used
    facts   whatever else the vendor needs to know about the caller
    """

    id: Any = None
    role: str = ""
    scopes: frozenset[str] | None = None
    how: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


anonymous: Final = Caller()


class Turn:
    """One call being answered: who asks what of which world.

    operation  which question it is          params  its typed parameters by name
    call       as it came                    body    its typed body, or NOTHING
    world      everything remembered         caller  who asks, once authenticated
    now        milliseconds since the epoch  notes   what one part of a card leaves for another within this turn
    """

    __slots__ = ("body", "call", "caller", "engine", "notes", "now", "operation", "params", "tables", "world")

    def __init__(self, engine: Engine, operation: Operation, call: Call, world: World) -> None:
        self.engine, self.operation, self.call, self.world = engine, operation, call, world
        self.tables = world.store(engine.vendor.name)
        self.now = world.clock.now()
        self.params: dict[str, Json] = {}
        self.body: Json = NOTHING
        self.caller = anonymous
        self.notes: dict[str, Any] = {}

    @property
    def options(self) -> Mapping[str, str]:
        """The switches of the vendor's card as this world, else this server, has them."""
        return self.world.options.get(self.engine.vendor.name) or self.engine.options

    @property
    def base(self) -> str:
        """What every link in the reply begins with: scheme, host, port and prefix as the client used them."""
        return self.call.base

    def table(self, kind: str) -> Table:
        """The table of a kind."""
        return self.tables[kind]

    def draws(self) -> Draws:
        """Fresh dice of this world."""
        return self.world.draws()

    def view(self, kind: str, record: Record) -> Json:
        """The record as it goes on the wire."""
        return self.engine.kinds[kind].view(self, record)


def as_stored(_: Turn, record: Record) -> Json:
    return record


def never_missing(turn: Turn, key: Any) -> Refusal:
    return Refusal(404, "not_found", f"{key} does not exist")


def laid_over(turn: Turn, record: Record, sent: Mapping[str, Json]) -> Record:
    return revised(record, sent)


def last_named(turn: Turn, role: Role) -> Any:
    return turn.params.get(role.key)


def nothing_more(turn: Turn, role: Role) -> Record | None:
    """What is not there is not there."""


def allow(turn: Turn, verb: str, record: Record | None) -> None:
    """Everybody may."""


def as_sent(body: Mapping[str, Json]) -> Mapping[str, Json]:
    return body


def as_given(world: World, partial: Mapping[str, Json]) -> Record:
    return dict(partial)


@frozen
class Kind:
    """One kind of thing that is remembered.

    name     what tables and the control API call it: the collection's word in the paths
    schema   its component in the contract; what is stored is checked against it. "": never travels, never checked (keys, codes)
    layout   how its records are found and in which order they are listed
    within   record field to the path parameter it must equal where the path names a parent: {"user_id": "id"}
    parents  path parameter to the kind it names, when a parent must exist before its children are spoken of: {"id": "users"}
    listed   path parameter to the index that groups by it: {"id": "user"}
    view     the record as it goes on the wire (links are made here, from turn.base)
    offered  what of a client's body may become a record: not what only the server sets
    make     a whole record from a part of one: what creating, seeding and scenes use; must not write
    change   the record with what was sent laid over it; must not write
    missing  what is said of a key that is not there
    address  the key of the item that a path names
    conjure  a record for a key that nobody has yet, or None: what a document's fake does about ids it was never told of
    guard    raises a Refusal when the caller may not: (turn, verb, record or None for the whole collection)
    """

    name: str
    schema: str
    layout: Layout = Layout()
    within: Mapping[str, str] = field(default_factory=dict)
    parents: Mapping[str, str] = field(default_factory=dict)
    listed: Mapping[str, str] = field(default_factory=dict)
    view: Callable[[Turn, Record], Json] = as_stored
    offered: Callable[[Mapping[str, Json]], Mapping[str, Json]] = as_sent
    make: Callable[[World, Mapping[str, Json]], Record] = as_given
    change: Callable[[Turn, Record, Mapping[str, Json]], Record] = laid_over
    missing: Callable[[Turn, Any], Refusal] = never_missing
    address: Callable[[Turn, Role], Any] = last_named
    conjure: Callable[[Turn, Role], Record | None] = nothing_more
    guard: Callable[[Turn, str, Record | None], None] = allow


@frozen
class Option:
    """A switch of a vendor's card: its default, the values it takes (empty: any text) and what it decides."""

    default: str
    allowed: tuple[str, ...]
    about: str


@frozen
class Held:
    """A session that a person holds with a vendor, as people look at it.

    since   when it began, and
    until   when it ends by itself; milliseconds since the epoch, None when that is not told
    device  what it was begun from, and
    address from where; "" when that is not told
    note    what else is worth a word: "impersonated by …"
    end     the call that ends it, but for the caller's headers
    """

    id: str
    since: int | None
    until: int | None
    device: str
    address: str
    note: str
    end: Call


Behaviour = Callable[[Turn], Reply]
Populated = Mapping[str, Iterable[Record]]


def no_credentials(scene: Scene, options: Mapping[str, str]) -> dict[str, str]:
    return {}


def nobody(scene: Scene, options: Mapping[str, str]) -> Populated:
    return {}


def no_check(turn: Turn) -> Caller:
    return anonymous


def no_headers(turn: Turn, reply: Reply) -> Mapping[str, str]:
    return nothing


def no_meter(turn: Turn) -> None:
    """Nothing is limited."""


def no_tick(world: World) -> None:
    """Nothing falls due."""


def unsigned(world: World, post: Post, wall: int) -> Mapping[str, str]:
    return nothing


def no_sessions(world: World, email: str) -> Iterable[Held]:
    return ()


def straight(turn: Turn, behave: Behaviour) -> Reply:
    return behave(turn)


def same_path(path: str) -> str:
    return path


def plain_refusal(turn: Turn, refusal: Refusal) -> Reply:
    """The error body of a document that has no vendor behind it: RFC 9457."""
    body = {"title": refusal.code or "error", "status": refusal.status, "detail": refusal.message, **refusal.extra}
    return Reply(refusal.status, body, headers=refusal.headers, media="application/problem+json")


def plain_invalid(turn: Turn, findings: list[Finding]) -> Refusal:
    """400 with the first finding, or 422 where the operation documents that and no 400."""
    first = findings[0]
    status = 422 if turn.operation.answer(400) is None and turn.operation.answer(422) else 400
    return Refusal(status, "invalid_request", f"{first.place}: {first.message}", field=first.place, findings=tuple(findings))


@frozen
class Vendor:
    """The card.

    name          the word of its five places; also its path prefix
    hosts         the real hosts it answers for; "*.example.com" covers every name below
    kinds         what it remembers
    authenticate  who asks, or a Refusal (401)
    meter         counts the call against the vendor's limits; raises the 429
    invalid       findings of a badly put call as the vendor's refusal
    refuse        a refusal as the vendor's error body
    headers       what the vendor adds to every reply
    pages         the dialect its lists are paged in
    paged         the dialects of those operations that differ, by operationId
    tick          makes happen what is due by the world's clock (expiry), before each call
    around        stands around every behaviour (idempotent replay)
    sign          further headers of a webhook at each try; `wall` is real time in milliseconds, by which receivers judge signatures
    populate      the records of a scene, by kind
    credentials   working ones of an admin of the scene, as `serve --json` prints them
    authorize     the headers of a call with those credentials
    holds         the sessions of the person with this e-mail address, oldest first
    subject       the path parameters of the person of the scene with the most sessions: what a client is sent to work on
    options       its switches
    media         the media type of its JSON bodies
    fold_case     path words, query names and booleans are read without regard to case
    rewrite       what the vendor does to a path before it means anything
    root          paths it answers at the server's root as well
    sample        arguments of a curl line worth trying, with {url}, {tls_url}, credentials and subject to fill in
    """

    name: str
    title: str = ""
    hosts: tuple[str, ...] = ()
    kinds: tuple[Kind, ...] = ()
    authenticate: Callable[[Turn], Caller] = no_check
    meter: Callable[[Turn], None] = no_meter
    invalid: Callable[[Turn, list[Finding]], Refusal] = plain_invalid
    refuse: Callable[[Turn, Refusal], Reply] = plain_refusal
    headers: Callable[[Turn, Reply], Mapping[str, str]] = no_headers
    pages: Pages = whole
    paged: Mapping[str, Pages] = field(default_factory=dict)
    tick: Callable[[World], None] = no_tick
    around: Callable[[Turn, Behaviour], Reply] = straight
    sign: Callable[[World, Post, int], Mapping[str, str]] = unsigned
    populate: Callable[[Scene, Mapping[str, str]], Populated] = nobody
    credentials: Callable[[Scene, Mapping[str, str]], dict[str, str]] = no_credentials
    authorize: Callable[[Mapping[str, str]], Mapping[str, str]] = dict
    holds: Callable[[World, str], Iterable[Held]] = no_sessions
    subject: Callable[[Scene, Mapping[str, str]], dict[str, Any]] = no_credentials
    options: Mapping[str, Option] = field(default_factory=dict)
    media: str = "application/json"
    fold_case: bool = False
    rewrite: Callable[[str], str] = same_path
    root: re.Pattern[str] | None = None
    sample: str = ""
    behaviours: dict[str, Behaviour] = field(default_factory=dict)

    __eq__ = object.__eq__  # there is one of each name
    __hash__ = object.__hash__

    def behaviour(self, *operations: str) -> Callable[[Behaviour], Behaviour]:
        """Register the behaviour of these operationIds; ids the spec does not have fail when the engine is built."""

        def register(behave: Behaviour) -> Behaviour:
            for operation in operations:
                if operation in self.behaviours:
                    raise ValueError(f"{self.name}: {operation} has a behaviour already")
                self.behaviours[operation] = behave
            return behave

        return register

    def settle(self, given: Mapping[str, str]) -> dict[str, str]:
        """The options with what was given laid over the defaults. Raises UnknownName or BadOption."""
        settled = {name: option.default for name, option in self.options.items()}
        for name, value in given.items():
            option = self.options.get(name)
            if option is None:
                raise UnknownName(f"option of {self.name}", name, self.options)
            if option.allowed and value not in option.allowed:
                raise BadOption(f"option {self.name}.{name}={value!r} is not one of {', '.join(option.allowed)}")
            settled[name] = value
        return settled
