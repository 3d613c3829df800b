"""`verify fake`: does a server keep its document? Schemathesis asks, against our own app in this process or a server of the user's.

Rules of this file
- A refusal of our own fake that no finding of the contract is behind is the vendor's affair (a cursor of nobody's, an address that is taken):
  it is no breach that data which fits its schema was refused; nor that a document has no reply for a refusal. Of other servers the document may say so: `x-mockserver-may-refuse: [400]`.
- No host is asked that the user did not name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from mockserver.contract.contract import Unmatched
from mockserver.contract.wire import BrokenEncoding
from mockserver.errors import BadOption, Finding, MockServerError, UnknownName
from mockserver.message import Call, Json
from mockserver.vendors import site as make_site
from mockserver.verify.needs import needed

if TYPE_CHECKING:
    from mockserver.engine.engine import Engine
    from mockserver.engine.site import Site

accepted: Final = ("2xx", "3xx", "401", "403", "404", "409")
modes: Final = ("positive", "negative", "coverage", "stateful")
word: Final = "x-mockserver-may-refuse"


@dataclass(slots=True)
class Trials:
    """What came of asking one server."""

    name: str
    found: list[Finding] = field(default_factory=list)
    cases: int = 0
    operations: int = 0

    def json(self) -> dict[str, Json]:
        rows = [
            {"operation": each.operation, "place": each.place, "rule": each.keyword, "message": each.message, "request": each.came}
            for each in self.found
        ]
        return {"name": self.name, "cases": self.cases, "operations": self.operations, "findings": rows}


def summary(trials: Trials) -> Iterator[str]:
    for each in trials.found:
        yield f"{each.operation}: {each.place}: {each.message}"
        if each.came:
            yield f"    {each.came}"
    count = len(trials.found)
    yield f"{trials.name}: {f'{count} findings' if count > 1 else '1 finding' if count else 'nothing found'} in {trials.cases} calls of {trials.operations} operations"


@dataclass(slots=True)
class Trial:
    """One document to be tried.

    name        a bundled vendor, or the path of a document
    url         the server to ask; None: our own fake
    operations  only these, by operationId
    modes       of `modes`
    """

    name: str
    url: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    operations: tuple[str, ...] = ()
    modes: tuple[str, ...] = modes
    examples: int = 15
    seed: int = 1

    def run(self) -> Trials:
        """Ask everything. Raises MockServerError when it cannot be done."""
        for mode in self.modes:
            if mode not in modes:
                raise UnknownName("mode", mode, modes)
        if self.url and (urlsplit(self.url).scheme not in ("http", "https") or not urlsplit(self.url).netloc):
            raise BadOption(f"--url {self.url!r} is no address such as https://staging.example.com/v2")
        schemathesis = needed("schemathesis")
        place = make_site([self.name])
        (engine,) = place.engines.values()
        only = frozenset(engine.contract.find(name).id for name in self.operations)
        config = schemathesis.Config.from_dict(self.settings(engine, place))
        schema = schemathesis.openapi.from_dict(self.document(engine, place), config=config)
        if only:
            schema = schema.include(operation_id=sorted(only))
        if self.url is None:
            from mockserver.web.app import App

            schema.app = App(place)
        return self.tried(schema, engine)

    # -- what is asked ------------------------------------------------------------------------------------------------

    def settings(self, engine: Engine, place: Site) -> dict[str, Any]:
        """schemathesis' configuration for one contract."""
        own = engine.vendor.authorize(engine.vendor.credentials(place.scene, engine.options)) if self.url is None else {}
        positive, negative = "positive" in self.modes, "negative" in self.modes
        return {
            "seed": self.seed,
            "base-url": self.url or f"http://{engine.vendor.name}.localhost",
            "headers": {
                **{name.title(): value for name, value in own.items()},
                **self.headers,
            },  # the check of sign-in looks for this spelling
            "generation": {
                "max-examples": self.examples,
                "database": "none",
                "mode": "all" if positive == negative else "positive" if positive else "negative",
            },
            "analysis": {"constants": {"enabled": False}},
            "phases": {
                "examples": {"enabled": positive},
                "coverage": {"enabled": "coverage" in self.modes},
                "fuzzing": {"enabled": positive or negative},
                "stateful": {"enabled": "stateful" in self.modes},
            },
            "checks": {"positive_data_acceptance": {"expected-statuses": list(accepted)}},
            "operations": list(self.exceptions(engine)),
        }

    def exceptions(self, engine: Engine) -> Iterator[dict[str, Any]]:
        """What single operations are spared."""
        cleared = {each.path for each in engine.contract.operations.values() if engine.role(each).verb == "clear"}
        for each in engine.contract.operations.values():
            checks: dict[str, Any] = {}
            if each.node.get(word):
                checks["positive_data_acceptance"] = {"expected-statuses": [*accepted, *map(str, each.node[word])]}
            if each.path in cleared:  # emptying a list leaves the list
                checks["use_after_free"] = {"enabled": False}
            if checks and "operationId" in each.node:
                yield {"include-operation-id": each.id, "checks": checks}

    def document(self, engine: Engine, place: Site) -> dict[str, Any]:
        """The contract; our own fake's is told what there is, as names that are drawn would stop nearly every call at the door."""
        import orjson

        root: dict[str, Any] = orjson.loads(orjson.dumps(engine.contract.document.root))
        if self.url is None:
            known = {**engine.vendor.credentials(place.scene, engine.options), **engine.vendor.subject(place.scene, engine.options)}
            for node in parameters(root):
                value = known.get(node.get("name", ""))
                if value is not None and node.get("in") == "path" and isinstance(node.get("schema"), dict):
                    node["schema"] = {"anyOf": [{"enum": [value]}, node["schema"]]}
        return root

    # -- what comes of it ---------------------------------------------------------------------------------------------

    def tried(self, schema: Any, engine: Engine) -> Trials:
        from schemathesis.engine import events, from_schema

        trials = Trials(engine.vendor.name, operations=len(self.operations) or len(engine.contract.operations))
        seen: set[tuple[str, str, str]] = set()
        for event in from_schema(schema).execute():
            if isinstance(event, events.FatalError):
                raise MockServerError(f"{engine.vendor.name}: schemathesis cannot go on: {' '.join(str(event.exception).split())[:300]}")
            if isinstance(event, events.NonFatalError):
                trials.found.append(Finding(str(event.label), "document", "error", " ".join(str(event.value).split())[:300]))
            if isinstance(event, events.ScenarioFinished):
                trials.cases += len(event.recorder.cases)
                for finding in self.failures(event.recorder, engine):
                    key = (finding.operation, finding.keyword, finding.place)
                    if key not in seen:
                        seen.add(key)
                        trials.found.append(finding)
        return trials

    def failures(self, recorder: Any, engine: Engine) -> Iterator[Finding]:
        for id_, checks in recorder.checks.items():
            for check in checks:
                if check.failure_info is None:
                    continue
                told = recorder.interactions.get(id_)
                call = call_of(told.request, engine) if told is not None else None
                if call is not None and self.url is None and (unforeseen(check.name, told.response) or spared(engine, check.name, call)):
                    continue
                failure = check.failure_info.failure
                if check.name == "negative_data_rejection" and "in header - object with unexpected properties" in failure.message:
                    continue  # nobody forbids headers that a document does not name
                words = " ".join(f"{failure.title}: {failure.message}".split())
                label = operation_of(engine, call) or str(recorder.label)
                yield Finding(label, places.get(check.name, check.name), check.name, words[:400], check.failure_info.code_sample)


places: Final[dict[str, str]] = {
    "not_a_server_error": "status",
    "status_code_conformance": "status",
    "content_type_conformance": "reply header content-type",
    "response_headers_conformance": "reply headers",
    "response_schema_conformance": "reply body",
    "negative_data_rejection": "status, of a call that breaks the contract",
    "positive_data_acceptance": "status, of a call that keeps the contract",
    "missing_required_header": "status, of a call without a required header",
    "unsupported_method": "status, of a method the path does not take",
    "use_after_free": "status, after the thing was deleted",
    "ensure_resource_availability": "status, after the thing was made",
    "ignored_auth": "status, of a call without credentials",
}
"""Each check in our words: what of the reply it looks at."""


def parameters(node: Any) -> Iterator[dict[str, Any]]:
    """Every parameter object of a document."""
    if isinstance(node, dict):
        if isinstance(node.get("in"), str) and isinstance(node.get("name"), str):
            yield node
        for each in node.values():
            yield from parameters(each)
    elif isinstance(node, list):
        for each in node:
            yield from parameters(each)


def call_of(request: Any, engine: Engine) -> Call:
    """What schemathesis recorded as a call of ours."""
    parts = urlsplit(request.uri)
    headers = {name.lower(): ", ".join(values) for name, values in request.headers.items()}
    return Call(request.method, engine.vendor.rewrite(parts.path), parts.query, headers, request.body or b"")


def operation_of(engine: Engine, call: Call | None) -> str:
    try:
        return engine.contract.match(call.method, call.path)[0].id if call else ""
    except (Unmatched, BrokenEncoding):
        return ""


def unforeseen(check: str, reply: Any) -> bool:
    """Whether our fake refused what its document has no reply for, and said that it speaks for itself."""
    return check == "status_code_conformance" and reply is not None and reply.headers.get("mock-problem") == ["undocumented-refusal"]


def spared(engine: Engine, check: str, call: Call) -> bool:
    """Whether our fake was right all the same."""
    if check == "unsupported_method":  # the path is one of another template too, which takes the method
        return bool(operation_of(engine, call))
    if check != "positive_data_acceptance":
        return False
    try:
        operation, values = engine.contract.match(call.method, call.path)
    except (Unmatched, BrokenEncoding):
        return False
    return not engine.contract.check_call(operation, call, values).findings
