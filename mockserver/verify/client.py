"""`verify client`: a command sent into one drawn world after another, and what it did there.

Rules of this file
- The command is run first in the plain world: what it asks for there is what is drawn for, and what it gets wrong there is told first.
- A case that shows something is made smaller, change by change, for as long as the same is seen; a case that only shows what a smaller one
  showed already is let go, so that every finding is told once.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mockserver import cabinet
from mockserver.contract.lines import line_of
from mockserver.errors import BadOption, UnknownName
from mockserver.values import frozen
from mockserver.verify.changes import Case, Change, Known, lenses
from mockserver.verify.commands import CannotRun
from mockserver.verify.draws import Draw, modes
from mockserver.verify.forms import told as undrawable
from mockserver.verify.judge import Judge, Sighting, told
from mockserver.verify.runs import Run, Runner

if TYPE_CHECKING:
    from mockserver.engine.engine import Engine
    from mockserver.engine.journal import Exchange
    from mockserver.message import Json

version: Final = 1
plain: Final = Case("plain", ())
most_findings: Final = 25
most_shown: Final = 4000


@frozen
class Found:
    """One thing that is wrong with a client.

    kind     one of `judge.kinds`                did      what the client did
    case     the smallest that shows it          reason   the line for a bug report
    allowed  where in the contract the reply is allowed, or why it is not
    replies  what the client asked and was answered, in order
    """

    kind: str
    operation: str
    did: str
    reason: str
    allowed: str
    case: Case
    replies: tuple[Json, ...] = ()
    about: str = ""

    def json(self) -> dict[str, Json]:
        return {
            "kind": self.kind, "mode": self.case.mode, "operation": self.operation, "reason": self.reason, "did": self.did,
            "allowed": self.allowed, "changes": list(self.case.changes), "replies": list(self.replies),
        }  # fmt: skip


@dataclass(slots=True)
class Report:
    """What came of it.

    troubles  what could not be drawn, and why
    """

    vendor: str
    seed: str
    found: list[Found] = field(default_factory=list)
    cases: dict[str, int] = field(default_factory=dict)
    runs: int = 0
    operations: list[str] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Verification:
    """One client under verification. `progress` is told a word now and then."""

    runner: Runner
    seed: str = "0"
    only: frozenset[str] = frozenset()
    kinds: tuple[str, ...] = tuple(modes)
    most: int = 60
    view: str | None = None
    progress: Callable[[str], None] = lambda _: None

    def __post_init__(self) -> None:
        for mode in self.kinds:
            if mode not in modes:
                raise UnknownName("mode", mode, modes)
        if self.view is not None and self.view not in self.engine.kinds and self.view not in self.listed:
            raise UnknownName("kind for --view", self.view, self.listed)
        self.only = frozenset(self.engine.contract.find(name).id for name in self.only)

    @property
    def engine(self) -> Engine:
        return self.runner.engine

    @property
    def listed(self) -> list[str]:
        """The kinds that some operation lists."""
        return [role.kind for operation in self.engine.contract.operations.values() if (role := self.engine.role(operation)).verb == "list"]

    # -- the whole ----------------------------------------------------------------------------------------------------

    def all(self) -> Report:
        """Every mode. Raises CannotRun."""
        report = Report(self.engine.vendor.name, self.seed)
        seen, draw, judge = self.rehearse()
        report.operations = draw.used
        used = [self.engine.contract.operations[name] for name in draw.used]
        report.troubles = undrawable(self.engine.contract, used)
        memory = Memory(self.engine.vendor.name, self.runner.command)
        self.settle(report, judge, [seen])
        if seen.ended.code == 0:
            cases = self.drawn(draw, memory)
            report.cases = {mode: sum(case.mode == mode for case in cases) for mode in self.kinds}
            self.progress(f"{len(cases)} cases over {', '.join(draw.used) or 'no operation'}")
            self.settle(report, judge, self.runner.all(cases))
        report.troubles += draw.troubles
        memory.keep(found.case for found in report.found)
        report.runs = self.runner.runs
        return report

    def again(self, cases: Sequence[Case]) -> Report:
        """Only these cases, as they were saved."""
        report = Report(self.engine.vendor.name, self.seed)
        seen, draw, judge = self.rehearse()
        report.operations, report.cases = draw.used, {"replay": len(cases)}
        for run in self.runner.all(cases) if cases else [seen]:
            self.note(report, judge(run), run)
        report.runs = self.runner.runs
        return report

    def rehearse(self) -> tuple[Run, Draw, Judge]:
        """The command in the plain world: what it uses, and what is known of it from then on."""
        run = self.runner.run(plain)
        calls = list(run.world.journal)
        if not any(each.operation for each in calls):
            words = f"; it said: {run.ended.err.strip().splitlines()[-1][:200]}" if run.ended.err.strip() else ""
            how = "was stopped" if run.ended.code is None else f"exit {run.ended.code}"
            raise CannotRun(f"the command made no call that {self.engine.vendor.name} knows ({how}){words}; it must call MOCKSERVER_URL")
        lists: dict[str, Any] = {}
        for each in calls:
            if each.operation and each.reply.status == 200 and self.verb(each.operation) == "list":
                lists.setdefault(each.operation, each.call)
        self.runner.known = Known(lists, self.runner.known.patience)
        view = self.viewed(lists)
        draw = Draw(self.engine, self.runner.site.worlds.origin, calls, self.runner.known, self.only, self.seed, view=view is not None)
        return run, draw, Judge(self.engine, self.runner.known, view)

    def verb(self, operation: str) -> str:
        return self.engine.role(self.engine.contract.operations[operation]).verb

    def viewed(self, lists: dict[str, Any]) -> str | None:
        """The list that the view is compared with: of this kind, and the one that was asked for last."""
        if self.view is None:
            return None
        fits = [name for name in lists if self.view == self.engine.role(self.engine.contract.operations[name]).kind]
        return fits[-1] if fits else ""

    def drawn(self, draw: Draw, memory: Memory) -> list[Case]:
        """What failed before first, then a fair share of each mode; what one mode has no cases for goes to those that have more."""
        share = -(-self.most // len(self.kinds))
        per = {mode: draw.cases(mode, share) for mode in self.kinds}
        left = self.most - sum(map(len, per.values()))
        if left > 0 and "valid" in per:
            per["valid"] = draw.cases("valid", share + left)
        remembered = [case for case in memory.cases() if case.mode in self.kinds]
        order = ("faults", *(mode for mode in self.kinds if mode != "faults"))
        return [*remembered, *(case for mode in order for case in per.get(mode, ()))][: max(self.most, len(remembered))]

    # -- findings -----------------------------------------------------------------------------------------------------

    def settle(self, report: Report, judge: Judge, runs: Iterable[Run]) -> None:
        """Note what runs show, each as small as it can be made and none twice."""
        for run in runs:
            for sighting in judge(run):
                if len(report.found) < most_findings and not known(report.found, sighting, run.case):
                    small = self.smaller(judge, sighting, run)
                    self.note(report, [each for each in judge(small) if same(each, sighting)][:1], small)

    def note(self, report: Report, sightings: Iterable[Sighting], run: Run) -> None:
        for sighting in sightings:
            if any(same(sighting, found) and shapes(found.case) == shapes(run.case) for found in report.found):
                continue
            reason = f"{sighting.did}; it was sent {told(run.case.changes)}" if run.case.changes else sighting.did
            replies = tuple(shown(each, run.world.name) for each in run.world.journal)
            changes = tuple(change for change in run.case.changes if change["do"] != "rows") or run.case.changes
            allowed = "; ".join(dict.fromkeys(filter(None, map(self.allowed, changes))))
            report.found.append(Found(sighting.kind, sighting.where, sighting.did, reason, allowed, run.case, replies, sighting.about))
            self.progress(f"{sighting.kind}: {reason}")

    def smaller(self, judge: Judge, sighting: Sighting, run: Run) -> Run:
        """The smallest case that still shows it: first field by field, however many records have it, then record by record."""
        if sighting.kind == "hang":
            run = self.runner.run(run.case)  # by itself: a machine that is busy with the others makes no hang
            if len(shapes(run.case)) < 2 or run.ended.code is not None:
                return run  # each try costs the whole of --timeout
        bare = without(run.case, shapes(run.case), shape)
        run = (self.first(judge, sighting, [bare]) if bare != run.case else None) or run
        for group in (shape, lambda change: json.dumps(change, sort_keys=True)):
            run = self.fewer(judge, sighting, run, group)
        everywhere = replace(
            run.case,
            changes=tuple(
                {**change, "record": "*"} if change["do"] in lenses and "record" in change else change for change in run.case.changes
            ),
        )
        if everywhere != run.case:  # what every record shows needs no more than one
            run = self.first(judge, sighting, [everywhere]) or run
        return self.shorter(judge, sighting, run)

    def fewer(self, judge: Judge, sighting: Sighting, run: Run, group: Callable[[Change], str]) -> Run:
        """The same without the groups of changes that it can do without: half of them, a quarter …"""
        names = list(dict.fromkeys(group(change) for change in run.case.changes if change["do"] != "rows"))
        chunk = len(names) // 2
        while chunk:
            parts = [frozenset(names[at : at + chunk]) for at in range(0, len(names), chunk)]
            better = self.first(judge, sighting, [without(run.case, part, group) for part in parts])
            if better is None:
                chunk //= 2
            else:
                run = better
                names = [name for name in names if any(group(change) == name for change in run.case.changes)]
                chunk = min(chunk, len(names) // 2)
        return run

    def first(self, judge: Judge, sighting: Sighting, cases: Sequence[Case]) -> Run | None:
        """The first of these cases that still shows it."""
        return next((run for run in self.runner.all(cases) if any(same(seen, sighting) for seen in judge(run))), None)

    def shorter(self, judge: Judge, sighting: Sighting, run: Run) -> Run:
        """The same with as few rows in the lists as will do."""
        for at, change in enumerate(run.case.changes):
            if change["do"] == "rows":
                counts = [count for count in (0, 1, 2, 4, 8) if count < change["count"]]
                fewer = [
                    replace(run.case, changes=(*run.case.changes[:at], {**change, "count": count}, *run.case.changes[at + 1 :]))
                    for count in counts
                ]
                run = self.first(judge, sighting, fewer) or run
        return run

    def allowed(self, change: Change) -> str:
        """Where the contract allows what a change made of a reply, or what it says against it."""
        contract = self.engine.contract
        match change["do"]:
            case "value" | "absent":
                place = (
                    f"#/components/schemas/{change['thing']}"
                    if contract.at(f"#/components/schemas/{change['thing']}", None)
                    else change["thing"]
                )
                for name in change["path"]:
                    place = contract.properties(place).get(name, place)
                return self.at(place)
            case "fault" if "status" in change and "body" not in change:
                answer = contract.operations[change["operation"]].answer(change["status"])
                return self.at(answer.place) if answer else ""
            case "break":
                return "not allowed: a near miss"
            case "fault":
                return "below the contract: what networks do"
            case _:
                return self.at(contract.operations[change["operation"]].place) if change.get("operation") else ""

    def at(self, place: str) -> str:
        file, line = line_of(self.engine.contract.document, place)
        return f"{file}{f':{line}' if line else ''} {place}"


def same(one: Sighting, other: Sighting | Found) -> bool:
    return (one.kind, one.about) == (other.kind, other.about)


def without(case: Case, names: frozenset[str], group: Callable[[Change], str]) -> Case:
    return replace(case, changes=tuple(change for change in case.changes if change["do"] == "rows" or group(change) not in names))


def shapes(case: Case) -> frozenset[str]:
    """What a case changes, without the values and the records: what two cases have in common that show the same."""
    return frozenset(shape(change) for change in case.changes if change["do"] != "rows")


def shape(change: Change) -> str:
    return json.dumps(
        {name: value for name, value in change.items() if name not in ("value", "record", "count", "size", "after")}, sort_keys=True
    )


def known(found: Iterable[Found], sighting: Sighting, case: Case) -> bool:
    """Whether a smaller case has shown this already, or the same error comes from another field."""
    return any(same(sighting, each) and (shapes(each.case) <= shapes(case) or sighting.about) for each in found)


def shown(each: Exchange, world: str) -> dict[str, Json]:
    """One exchange of a replay file. The world's own name is no part of it."""
    call, reply = each.call, each.reply
    body = reply.content[:most_shown].decode(errors="replace").replace(f"/_world/{world}", "")
    out: dict[str, Json] = {
        "request": f"{call.method} {call.path}" + (f"?{call.query}" if call.query else ""), "operation": each.operation, "status": reply.status,
        "headers": dict(reply.headers), "media": reply.media, "body": body,
    }  # fmt: skip
    delivery = reply.delivery
    travels = {name: value for name in ("delay", "cut_after", "pace", "length") if (value := getattr(delivery, name)) not in (None, 0.0)}
    return {**out, "delivery": travels} if travels else out


# -- what is kept -----------------------------------------------------------------------------------------------------------


class Memory:
    """The cases that failed before, by vendor and command; tried first the next time. Without a cache there are none."""

    def __init__(self, vendor: str, command: Sequence[str]) -> None:
        name = hashlib.sha256(json.dumps([vendor, *command]).encode()).hexdigest()[:16]
        folder = cabinet.folder()
        self.file = folder / "verify" / f"{vendor}-{name}.json" if folder else None

    def cases(self) -> list[Case]:
        try:
            return cases_of(json.loads(self.file.read_text(encoding="utf-8"))) if self.file else []
        except (OSError, ValueError, BadOption):
            return []

    def keep(self, cases: Iterable[Case]) -> None:
        kept = [{"mode": case.mode, "changes": list(case.changes)} for case in cases if case.changes]
        if self.file is None:
            return
        try:
            if kept:
                self.file.parent.mkdir(parents=True, exist_ok=True)
                self.file.write_text(json.dumps({"version": version, "findings": kept}), encoding="utf-8")
            else:
                self.file.unlink(missing_ok=True)
        except OSError:
            return  # a cache that cannot be written only makes the next run forgetful


def cases_of(told: Any) -> list[Case]:
    """The cases of a replay file. Raises BadOption."""
    try:
        if told["version"] != version:
            raise BadOption(f"is of version {told['version']}; this reads version {version}")
        return [Case(str(each["mode"]), tuple(each["changes"])) for each in told["findings"]]
    except (KeyError, TypeError):
        raise BadOption("is no file that --save wrote: it needs version and findings, each with mode and changes") from None


def load(file: Path) -> list[Case]:
    """The cases of a replay file. Raises BadOption."""
    try:
        return cases_of(json.loads(file.read_text(encoding="utf-8")))
    except OSError as error:
        raise BadOption(f"--replay {file}: {error.strerror}") from None
    except (ValueError, BadOption) as error:
        raise BadOption(f"--replay {file}: {error}") from None


def saved(report: Report) -> dict[str, Json]:
    """What --save writes, and --json prints."""
    return {
        "version": version, "vendor": report.vendor, "seed": report.seed, "operations": report.operations, "cases": report.cases,
        "runs": report.runs, "troubles": report.troubles, "findings": [found.json() for found in report.found],
    }  # fmt: skip
