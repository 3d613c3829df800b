"""The pytest plugin: a vendor in one fixture argument, a world per test, the contract as the verdict.

Rules of this file
- It is imported by every pytest run of whoever has us installed: whatever costs anything is imported when a fixture is first used.
- It knows pytest and nothing else does; what the fixtures give is made in `testing`.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from mockserver.vendors import names

if TYPE_CHECKING:
    from mockserver.testing.bench import Bench, Double
    from mockserver.testing.coverage import Tally
    from mockserver.testing.host import Host
    from mockserver.testing.terms import Terms

package: Final = Path(__file__).parent

settings: Final = (
    ("scene", "string", "who there is: a bundled scene's name or the path of a scene file"),
    ("seed", "string", "what everything made up is drawn from"),
    ("clock", "string", "`real`, or an ISO 8601 time to stand still at"),
    ("strict", "bool", "whether leaving the contract fails a test (default: true)"),
    ("allow", "args", "sorts of breach that do not count"),
    ("forbid", "args", "sorts of breach that count although they usually do not, such as deprecated"),
    ("intercept", "bool", "whether calls to the vendors' real hosts are answered in the process"),
    ("allow_hosts", "args", "hosts that may be reached for real while calls are intercepted"),
)
"""The settings of pytest's ini file, each called mockserver_<name>."""

host_key: Final = pytest.StashKey["Host"]()
tally_key: Final = pytest.StashKey["Tally"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    for name, kind, about in settings:
        parser.addini(f"mockserver_{name}", about, type=kind, default=None)  # type: ignore[arg-type]  # kinds of pytest's own
    group = parser.getgroup("mockserver", "fakes of vendors, checked by contract")
    group.addoption(
        "--mockserver-coverage", action="store_true", help="tell which operations, parameters and statuses of the contracts were exercised"
    )
    group.addoption(
        "--mockserver-coverage-dir", default="mockserver-coverage", metavar="DIR", help="where coverage.json and index.html are written"
    )
    group.addoption(
        "--mockserver-fail-under",
        type=float,
        metavar="PERCENT",
        help="fail when fewer of the operations of the contracts used were exercised",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        "mockserver(*names, scene, seed, people, clock, options, strict, allow, forbid, intercept, allow_hosts, faults): "
        "what the doubles of this test are, and what their clients are held to",
    )
    if config.option.mockserver_coverage or config.option.mockserver_fail_under is not None:
        from mockserver.testing.coverage import Tally

        config.stash[tally_key] = Tally()


# -- fixtures -------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def _mockserver_host(request: pytest.FixtureRequest) -> Iterator[Host]:
    """What the tests of this process share."""
    from mockserver.testing.host import Host

    host = request.config.stash[host_key] = Host(request.config.stash.get(tally_key, None))
    try:
        yield host
    finally:
        del request.config.stash[host_key]
        host.close()


@pytest.fixture
def mockserver(request: pytest.FixtureRequest, _mockserver_host: Host) -> Iterator[Bench]:
    """The doubles of this test: those the marker names, `mockserver["name"]`, `mockserver("petstore.yaml")`."""
    with usable(), _mockserver_host.open(terms_of(request)) as bench:
        yield bench


@pytest.fixture(scope="session")
def mockserver_factory(request: pytest.FixtureRequest, _mockserver_host: Host) -> Callable[..., AbstractContextManager[Any]]:
    """For fixtures of a wider scope: `with mockserver_factory("name", seed=7) as double:` has a world of its own."""

    def open_(*names: str, **given: Any) -> AbstractContextManager[Bench]:
        return _mockserver_host.open(project_terms(request.config).told(names, given))

    return open_


def double_of(name: str) -> Any:
    """The fixture of a bundled vendor."""

    def double(mockserver: Bench) -> Double:
        with usable():
            return mockserver[name]

    double.__doc__ = f"{name} in the world of this test."
    return pytest.fixture(name=name)(double)


for _name in names():
    globals()[f"{_name}_fixture"] = double_of(_name)


class usable(AbstractContextManager[None]):
    """Bad terms are one clear line, not a traceback of ours."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        if error is not None:
            from mockserver.errors import MockServerError

            if isinstance(error, MockServerError):
                raise pytest.fail.Exception(f"mockserver: {error}", pytrace=False) from None


def terms_of(request: pytest.FixtureRequest) -> Terms:
    """The terms of a test: its markers, the nearest first, over the project's settings."""
    markers = list(request.node.iter_markers("mockserver"))
    given: dict[str, Any] = {}
    for marker in reversed(markers):
        given |= marker.kwargs
    named = next((marker.args for marker in markers if marker.args), ())
    return project_terms(request.config).told(named, given)


def project_terms(config: pytest.Config) -> Terms:
    from mockserver.testing.terms import Terms

    given = {name: value for name, *_ in settings if (value := config.getini(f"mockserver_{name}")) not in (None, "", [])}
    return Terms().told((), given)


# -- the verdict ----------------------------------------------------------------------------------------------------------


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """A test whose client left the contract fails at its end; one that fails anyway is told of it."""
    host = item.config.stash.get(host_key, None)
    if host is None or not host.benches:
        return (yield)
    try:
        result = yield
    except Exception as error:
        for verdict in verdicts(host):
            if str(error) not in verdict:
                error.add_note(f"\nand {verdict}")
        shorten(error)
        raise
    found = "\n\n".join(verdicts(host))
    if found:
        pytest.fail(found, pytrace=False)
    return result


def shorten(error: BaseException) -> None:
    """Leave our own frames out of the traceback of an error that we raised to tell the test something."""
    from mockserver.errors import MockServerError

    frames = list(traceback.walk_tb(error.__traceback__))
    ours = [str(package) in frame.f_code.co_filename for frame, _ in frames]
    if not isinstance(error, MockServerError | AssertionError) or not ours or not ours[-1]:
        return
    last = max((at for at, own in enumerate(ours) if not own), default=0)
    here = error.__traceback__
    for _ in range(last):
        here = here.tb_next if here else None
    if here is not None:
        here.tb_next = None


def verdicts(host: Host) -> list[str]:
    """What there is to say of every bench that is in use."""
    from mockserver.testing.verdict import Verdict

    found = []
    for bench in host.benches.values():
        try:
            bench.settle()
        except Verdict as verdict:
            found.append(str(verdict))
    return found


# -- coverage -------------------------------------------------------------------------------------------------------------


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """A worker hands its counts on; whoever has them all judges them."""
    config = session.config
    tally = config.stash.get(tally_key, None)
    if tally is None:
        return
    if hasattr(config, "workeroutput"):
        config.workeroutput["mockserver_coverage"] = tally.vendors
    elif too_little(config, tally) and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """What a worker of pytest-xdist counted."""
    tally = node.config.stash.get(tally_key, None)
    if tally is not None:
        tally.add(getattr(node, "workeroutput", {}).get("mockserver_coverage", {}))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    tally = config.stash.get(tally_key, None)
    if tally is None:
        return
    terminalreporter.section("contract coverage")
    for line in tally.lines(whole=config.option.verbose > 0):
        terminalreporter.line(line)
    if config.option.mockserver_coverage:
        terminalreporter.line(f"written to {tally.write(config.rootpath / config.option.mockserver_coverage_dir)}")
    if too_little(config, tally):
        under = config.option.mockserver_fail_under
        terminalreporter.line(f"FAIL: {tally.percent():.1f} % of the operations were exercised, {under:g} % are required", red=True)


def too_little(config: pytest.Config, tally: Tally) -> bool:
    under: float | None = config.option.mockserver_fail_under
    return under is not None and tally.percent() < under
