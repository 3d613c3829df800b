"""Replies of a document's fake, made to fit the operation's own schemas and media types: what is said, what is refused, what `Prefer` asks for."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

from mockserver.contract import bodies, words
from mockserver.contract.operation import escape
from mockserver.contract.paths import plain as letters
from mockserver.contract.paths import trimmed, word_of
from mockserver.contract.sample import Impossible
from mockserver.engine import problems
from mockserver.engine.conditions import judge, tag_of, unchanged
from mockserver.engine.fields import inside
from mockserver.engine.listing import text
from mockserver.errors import BadSpec, Finding, Refusal
from mockserver.message import NOTHING, Json, Reply

if TYPE_CHECKING:
    from mockserver.contract.contract import Contract
    from mockserver.contract.operation import Answer, Operation
    from mockserver.engine.plain import Plain
    from mockserver.engine.vendor import Behaviour, Turn


ours: Final = "_ours"
"""Marks a refusal that the document has no part in."""


def documents(operation: Operation, status: int) -> bool:
    """Whether the contract has a reply of this status; `default` counts when it is not the only one."""
    answer = operation.answer(status)
    return answer is not None and (answer.status != "default" or len(operation.answers) > 1)


def dressed(turn: Turn, behave: Behaviour) -> Reply:
    """What a behaviour answers, in the operation's own schema and a media type the caller takes; or what `Prefer` asks for."""
    engine = of(turn)
    if "prefer" in turn.call.headers and (wish := preferred(turn.call.headers["prefer"])):
        return wished(engine, turn, wish)
    engine.prepare(turn)
    conditional = "if-match" in turn.call.headers or "if-none-match" in turn.call.headers
    if conditional:
        judge(engine, turn)
    reply = fitted(engine, turn, behave(turn))
    known = unchanged(turn, reply) if conditional else None
    return reply if known is None else fitted(engine, turn, known)


def of(turn: Turn) -> Plain:
    engine: Plain = turn.engine  # type: ignore[assignment]  # only a document's card is dressed here
    return engine


def fitted(engine: Plain, turn: Turn, reply: Reply) -> Reply:
    """The reply in a media type that the contract has for it. A JSON value that there is stays as it is: it is checked before it leaves."""
    answer = turn.operation.answer(reply.status)
    headers = headers_of(engine, turn, answer, reply) if answer is not None and answer.headers else reply.headers
    if answer is None or not answer.media or reply.status in (204, 304):
        return Reply(reply.status, headers=headers)
    media = accepted(answer, turn.call.headers.get("accept", ""))
    if reply.value is not NOTHING and bodies.family(media) == "json":
        return Reply(reply.status, reply.value, headers, media=bodies.sent_as(media))
    return valued(engine, turn, answer, media, Reply(reply.status, reply.value, headers))


def remade(engine: Plain, turn: Turn, reply: Reply) -> Reply:
    """A reply that breaks the contract with a value that keeps it, as near to its own as can be; ours when nothing keeps it."""
    answer = turn.operation.answer(reply.status)
    if answer is None or not answer.media:
        return reply
    try:
        return valued(engine, turn, answer, accepted(answer, turn.call.headers.get("accept", "")), reply)
    except Refusal as refusal:
        return refused(turn, refusal)


def valued(engine: Plain, turn: Turn, answer: Answer, media: str, reply: Reply) -> Reply:
    """The reply with a value that keeps its schema. Raises Refusal (422, ours) when nothing does."""
    try:
        value = shaped(engine, turn, answer.media[media], reply.value)
    except Impossible as error:
        loose = next((each for each, place in answer.media.items() if not place), None)
        if loose is None:
            raise unsatisfiable(error) from None
        media, value = loose, {} if reply.value is NOTHING else reply.value
    return sent_in(engine, answer, media, Reply(reply.status, value, reply.headers))


def unsatisfiable(error: Impossible) -> Refusal:
    """What is said when nothing keeps the schema of a reply: ours to say, for the contract cannot be kept."""
    return Refusal(422, "unsatisfiable", f"nothing keeps the schema of this reply: {error}", extra={ours: "unsatisfiable"})


def sent_in(engine: Plain, answer: Answer, media: str, reply: Reply) -> Reply:
    """The reply in a media type."""
    if bodies.family(media) == "json":
        return Reply(reply.status, reply.value, reply.headers, media=bodies.sent_as(media))
    content, sent_as = bodies.write(engine.contract, answer.media[media], media, reply.value)
    return Reply(reply.status, reply.value, reply.headers, content, sent_as)


def shaped(engine: Plain, turn: Turn, place: str, value: Json) -> Json:
    """A value of the schema at a place, made of this one as far as it goes; the same for the same question. Raises Impossible."""
    if not place:
        return {} if value is NOTHING else value
    if value is not NOTHING and engine.sampler.keeps((place,), "reply", value):
        return value
    making = engine.records.making(engine.question(turn), turn.now)
    making.spare = value is not NOTHING
    return engine.sampler.value(place, making, value, words.singular(word_of(turn.operation.path)))


@lru_cache(maxsize=1000)
def accepted(answer: Answer, accept: str) -> str:
    """The documented media type that the caller likes best; JSON when it does not say. Clients say few different things, again and again."""
    known = sorted(answer.media, key=lambda media: (bodies.family(media) != "json", not answer.media[media]))
    if len(known) > 1 and accept and accept.strip() != "*/*":
        for part in sorted(accept.lower().split(","), key=lambda part: -quality(part)):
            wanted = part.partition(";")[0].strip()
            for media in known:
                bare = media.partition(";")[0].strip()
                if (
                    part.strip() == media
                    or wanted in (bare, "*/*")
                    or (wanted.endswith("/*") and bare.startswith(wanted[:-1]))
                    or bare == "*/*"
                ):
                    return known_as(media, known)
    return known_as(known[0], known)


def known_as(media: str, known: list[str]) -> str:
    """A range, or the documented media type that it is sent as."""
    sent = bodies.sent_as(media)
    return sent if sent in known else media


def quality(part: str) -> float:
    found = re.search(r";\s*q=([0-9.]+)", part)
    try:
        return float(found[1]) if found else 1.0
    except ValueError:
        return 0.0


never_made: Final = frozenset("content-type content-length transfer-encoding connection date".split())


def headers_of(engine: Plain, turn: Turn, answer: Answer | None, reply: Reply) -> dict[str, str]:
    """The reply's headers with those that the contract documents for it."""
    out = dict(reply.headers)
    there = never_made | {name.lower() for name in out}
    for name in answer.headers if answer is not None else ():
        if name.lower() == "location":
            out[name] = located(engine, turn, reply)
        elif name.lower() == "etag" and "etag" not in there:
            out[name] = tag_of(reply)
        elif name.lower() not in there and answer is not None:
            value = header_value(engine, turn, f"{answer.place}/headers/{escape(name)}", name)
            out |= {name: value} if value else {}
    return out


def header_value(engine: Plain, turn: Turn, place: str, name: str) -> str:
    """A header's value by its schema; "" when nothing that can stand in a header keeps it."""
    try:
        at = engine.contract.follow(place) + "/schema"
        making = engine.records.making((turn.operation.id, name), turn.now)
        value = engine.sampler.value(at, making, name=name) if engine.contract.at(at, None) is not None else None
    except (Impossible, BadSpec, ValueError):
        return ""
    written = "" if value is None or isinstance(value, dict | list) else text(value)
    return written if written.isascii() and written.isprintable() else ""


def located(engine: Plain, turn: Turn, reply: Reply) -> str:
    """Where what was made is to be found."""
    resource, role = engine.resource(turn.operation), engine.role(turn.operation)
    here = f"{turn.base}{turn.call.path.rstrip('/')}"
    if resource is None or not resource.id or trimmed(turn.operation.path) != resource.path:
        return here
    ident = inside(reply.value, (*filter(None, role.envelope.split("/")), *resource.id))
    return here if ident is NOTHING else f"{here}/{quote(str(ident), safe='')}"


# -- refusals ---------------------------------------------------------------------------------------------------------------


def refused(turn: Turn, refusal: Refusal) -> Reply:
    """A refusal in the shape the document has for it; as a problem of ours where it has none."""
    engine, operation = of(turn), turn.operation
    status = next((each for each in (refusal.status, *stand_ins.get(refusal.status, ())) if documents(operation, each)), 0)
    answer = operation.answer(status) if status and ours not in refusal.extra else None
    if answer is not None:
        try:
            return spoken(engine, turn, status, answer, refusal)
        except (Impossible, BadSpec):
            pass  # the document's own shape for errors cannot be kept
    kind = str(refusal.extra.get(ours) or "undocumented-refusal")
    body = {
        "type": f"about:mockserver/{kind}", "title": "The contract has no reply for this", "status": refusal.status,
        "detail": str(refusal.message or refusal.code), "findings": problems.told(refusal.findings),
    }  # fmt: skip
    return Reply(refusal.status, body, {problems.header: kind, **refusal.headers}, media="application/problem+json")


stand_ins: Final[Mapping[int, tuple[int, ...]]] = {
    400: (422,),
    422: (400,),
    401: (403,),
    403: (401,),
    404: (410,),
    409: (422, 400),
    415: (400, 422),
}


def spoken(engine: Plain, turn: Turn, status: int, answer: Answer, refusal: Refusal) -> Reply:
    """The documented error with the refusal's words in it. Raises Impossible."""
    headers = {**headers_of(engine, turn, answer, Reply(status)), **refusal.headers}
    if not answer.media:  # the document lets nobody say why
        return Reply(status, headers={**headers, problems.why: in_a_header(str(refusal.message or refusal.code))})
    media = accepted(answer, "")
    place = answer.media[media]
    value = error_body(engine, turn, place, status, refusal) if place else {"error": refusal.code, "message": refusal.message}
    return sent_in(engine, answer, media, Reply(status, value, headers))


def error_body(engine: Plain, turn: Turn, place: str, status: int, refusal: Refusal) -> Json:
    """A value of an error's schema that says what the refusal says, wherever it has a place for it. Raises Impossible."""

    def named(name: str) -> Json:
        said = sayings.get(letters(name))
        return NOTHING if said is None else said(status, refusal)

    making = engine.records.making((turn.operation.id, status), turn.now)
    making.named, making.examples, making.terse = named, False, True
    return engine.sampler.value(place, making)


def in_a_header(words: str) -> str:
    """As much of a sentence as a header bears."""
    return "".join(each if each.isascii() and each.isprintable() else "?" for each in words[:400])


def about(refusal: Refusal) -> str:
    """The JSON pointer of what a refusal is about in the body, else the parameter's name; "" when it is about neither."""
    place, _, name = (refusal.field or "").partition(" ")
    missing = re.match(r'"([^"]+)" is a required property', refusal.findings[0].message) if refusal.findings else None
    if place != "body":
        return name
    return f"{name}/{escape(missing[1])}" if missing else name


def pointed(_: int, refusal: Refusal) -> Json:
    return at if (at := about(refusal))[:1] == "/" else NOTHING


def named_as(_: int, refusal: Refusal) -> Json:
    return about(refusal)[1:].replace("/", ".") if pointed(0, refusal) is not NOTHING else about(refusal) or NOTHING


def asked_as(_: int, refusal: Refusal) -> Json:
    return NOTHING if (refusal.field or "body").startswith("body") else about(refusal)


Saying = Callable[[int, Refusal], Json]

sayings: Final[Mapping[str, Saying]] = {
    **dict.fromkeys(
        ("message", "detail", "details", "description", "errormessage", "errordescription", "msg", "usermessage", "reason"),
        lambda _, refusal: refusal.message,
    ),
    **dict.fromkeys(("code", "errorcode", "type", "error", "title", "name"), lambda _, refusal: refusal.code),
    **dict.fromkeys(("status", "statuscode", "httpstatus", "httpstatuscode"), lambda status, _: status),
    **dict.fromkeys(("field", "fieldname", "property", "propertyname", "target", "attribute"), named_as),
    **dict.fromkeys(("parameter", "param", "parametername"), asked_as),
    **dict.fromkeys(("pointer", "jsonpointer"), pointed),
    **dict.fromkeys(("ok", "success", "successful", "succeeded"), lambda *_: False),
}
"""What a member of an error's body says, by its name (letters only, lower case)."""


def invalid(turn: Turn, findings: list[Finding]) -> Refusal:
    """400, or 422 where the document has that and no 400."""
    first = findings[0]
    coded = first.place == "header content-encoding"
    status = 415 if (coded or first.keyword == "media-type") and documents(turn.operation, 415) else 400
    takes = {"Accept-Encoding": ", ".join(turn.engine.contract.codings)} if coded else {}
    return Refusal(status, "invalid_request", f"{first.place}: {first.message}", field=first.place, headers=takes, findings=tuple(findings))


# -- Prefer -----------------------------------------------------------------------------------------------------------------


def preferred(header: str) -> dict[str, str]:
    """`Prefer: code=404, example=cat, dynamic=true` as Prism reads it; what else stands there is somebody else's."""
    found = {}
    for part in re.split(r"[,;]", header) if header else ():
        name, _, value = part.strip().partition("=")
        if name.strip().lower() in ("code", "example", "dynamic"):
            found[name.strip().lower()] = value.strip().strip('"')
    return found


def wished(engine: Plain, turn: Turn, wish: Mapping[str, str]) -> Reply:
    """The documented reply that a `Prefer` header asks for. Raises Refusal (404, ours) when there is none."""
    operation = turn.operation
    code = wish.get("code", "")
    status = operation.success if not code else int(code) if code.isdecimal() and len(code) == 3 else 0
    answer = operation.answer(status)
    if answer is None or (code and status != operation.success and not documents(operation, status)):
        raise no_such(f"{operation.id} documents no {code}; it has {', '.join(operation.answers)}")
    headers = headers_of(engine, turn, answer, Reply(status))
    if not answer.media:
        return Reply(status, headers=headers)
    media = accepted(answer, turn.call.headers.get("accept", ""))
    value = wished_value(engine, turn, answer, media, status, wish)
    return sent_in(engine, answer, media, Reply(status, value, headers))


def wished_value(engine: Plain, turn: Turn, answer: Answer, media: str, status: int, wish: Mapping[str, str]) -> Json:
    """The example of the name asked for, or (dynamic) something new each time, or the first example; as far as it keeps its schema."""
    place, examples = answer.media[media], named_examples(engine.contract, answer, media)
    making = engine.records.making((turn.operation.id, status), turn.now)
    if "example" in wish:
        if wish["example"] not in examples:
            known = ", ".join(filter(None, examples)) or "none with a name"
            raise no_such(f"{turn.operation.id} has no example {wish['example']!r} for {status}; it has {known}")
        value = examples[wish["example"]]
    elif wish.get("dynamic", "").lower() == "true":
        making, value = engine.records.making(turn.draws(), turn.now), NOTHING
        making.examples = False
    else:
        value = next(iter(examples.values()), NOTHING)
    if not place:
        return {} if value is NOTHING else value
    try:
        return engine.sampler.value(place, making, value)
    except Impossible as error:
        raise unsatisfiable(error) from None


def no_such(words_of_it: str) -> Refusal:
    return Refusal(404, "no_such_reply", f"Prefer: {words_of_it}", extra={ours: "no-such-reply"})


def named_examples(contract: Contract, answer: Answer, media: str) -> dict[str, Json]:
    """The examples of a media type of a reply, by name ("" for the one without)."""
    content = contract.at(f"{answer.place}/content", {})
    written = next((name for name in content if name.lower() == media), "")
    at = f"{answer.place}/content/{escape(written)}"
    node: Any = contract.at(at, {})
    if not isinstance(node, dict):
        return {}
    out = {"": node["example"]} if "example" in node else {}
    named = node.get("examples")
    for name in named if isinstance(named, dict) else ():
        try:
            each = contract.at(contract.follow(f"{at}/examples/{escape(name)}"))
        except (BadSpec, ValueError):
            continue
        if isinstance(each, dict) and "value" in each:
            out[name] = each["value"]
    return out
