"""The pytest plugin: a vendor in one fixture argument, a world per test, the contract as the verdict.

Rules of this file
- It is imported by every pytest run of whoever has us installed: whatever costs anything is imported when a fixture is first used.
- It knows pytest and nothing else does; what the fixtures give is made in `testing`.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager
from functools import cached_property
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
    plugin = config.stash[plugin_key] = Plugin(config)
    config.pluginmanager.register(plugin)
    if config.option.mockserver_coverage or config.option.mockserver_fail_under is not None:
        from mockserver.testing.coverage import Tally

        plugin.tally = Tally()
        config.pluginmanager.register(Coverage(config, plugin.tally))


# -- fixtures -------------------------------------------------------------------------------------------------------------


class Plugin:
    """What the tests of one process share, and the fixtures of each.

    No fixture here asks for pytest's `request`, which costs a test more than a world does: which test runs, a hook tells.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._item: pytest.Item | None = None
        self._bench: Bench | None = None
        self._told: dict[tuple[int, ...], tuple[tuple[pytest.Mark, ...], Terms]] = {}
        self.tally: Tally | None = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        self._item, self._bench = item, None

    @cached_property
    def host(self) -> Host:
        """What holds every world; with the first one, tests are judged."""
        from mockserver.testing.host import Host

        host = Host(self.tally)
        self._config.add_cleanup(host.close)
        self._config.pluginmanager.register(Judge(host))
        return host

    @cached_property
    def terms(self) -> Terms:
        """The project's settings."""
        from mockserver.testing.terms import Terms

        given = {name: value for name, *_ in settings if (value := self._config.getini(f"mockserver_{name}")) not in (None, "", [])}
        return Terms().told((), given)

    def terms_of(self, item: pytest.Item) -> Terms:
        """The terms of a test: its markers, the nearest first, over the project's settings."""
        markers = tuple(item.iter_markers("mockserver"))
        if not markers:
            return self.terms
        key = tuple(map(id, markers))  # those of a class or of a parametrised function are the same for all its tests
        if key not in self._told:
            given: dict[str, Any] = {}
            for marker in reversed(markers):
                given |= marker.kwargs
            named = next((marker.args for marker in markers if marker.args), ())
            self._told[key] = (markers, self.terms.told(named, given))
        return self._told[key][1]

    def bench(self) -> Bench:
        """The bench of the test that runs, opened by the first fixture that needs it and closed when the test is over."""
        if self._bench is None:
            assert self._item is not None
            self._bench = self.host.open(self.terms_of(self._item)).__enter__()
            self._item.addfinalizer(self._close)
        return self._bench

    def _close(self) -> None:
        bench, self._bench = self._bench, None
        assert bench is not None
        with usable():
            bench.close()

    def double(self, name: str) -> Double:
        with usable():
            return self.bench()[name]

    @pytest.fixture
    def mockserver(self) -> Bench:
        """The doubles of this test: those the marker names, `mockserver["name"]`, `mockserver("petstore.yaml")`."""
        with usable():
            return self.bench()


@pytest.fixture(scope="session")
def mockserver_factory(request: pytest.FixtureRequest) -> Callable[..., AbstractContextManager[Any]]:
    """For fixtures of a wider scope: `with mockserver_factory("name", seed=7) as double:` has a world of its own."""
    plugin = request.config.stash[plugin_key]

    def open_(*names: str, **given: Any) -> AbstractContextManager[Bench]:
        return plugin.host.open(plugin.terms.told(names, given))

    return open_


def double_of(name: str) -> Any:
    """The fixture of a bundled vendor."""

    def double(self: Plugin) -> Double:
        return self.double(name)

    double.__doc__ = f"{name} in the world of this test."
    return pytest.fixture(name=name)(double)


for _name in names():
    setattr(Plugin, f"_{_name}", double_of(_name))

plugin_key: Final = pytest.StashKey[Plugin]()


class usable(AbstractContextManager[None]):
    """Bad terms are one clear line, not a traceback of ours."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        if error is not None:
            from mockserver.errors import MockServerError

            if isinstance(error, MockServerError):
                raise pytest.fail.Exception(f"mockserver: {error}", pytrace=False) from None


# -- the verdict ----------------------------------------------------------------------------------------------------------


class Judge:
    """Judges every test from the first use of a fixture on."""

    def __init__(self, host: Host) -> None:
        self._host = host

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self) -> Generator[None, object, object]:
        """A test whose client left the contract fails at its end; one that fails anyway is told of it."""
        try:
            result = yield
        except Exception as error:
            for verdict in self._host.verdicts():
                if str(error) not in verdict:
                    error.add_note(f"\nand {verdict}")
            shorten(error)
            raise
        found = self._host.verdicts()
        if found:
            pytest.fail("\n\n".join(found), pytrace=False)
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


# -- coverage -------------------------------------------------------------------------------------------------------------


class Coverage:
    """A worker hands its counts on; whoever has them all judges them."""

    def __init__(self, config: pytest.Config, tally: Tally) -> None:
        self._config, self._tally = config, tally
        self._under: float | None = config.option.mockserver_fail_under

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        if hasattr(self._config, "workeroutput"):
            self._config.workeroutput["mockserver_coverage"] = self._tally.vendors
        elif self._too_little and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """What a worker of pytest-xdist counted."""
        self._tally.add(getattr(node, "workeroutput", {}).get("mockserver_coverage", {}))

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        tally, option = self._tally, self._config.option
        terminalreporter.section("contract coverage")
        for line in tally.lines(whole=option.verbose > 0):
            terminalreporter.line(line)
        if option.mockserver_coverage:
            terminalreporter.line(f"written to {tally.write(self._config.rootpath / option.mockserver_coverage_dir)}")
        if self._too_little:
            words = f"FAIL: {tally.percent():.1f} % of the operations were exercised, {self._under:g} % are required"
            terminalreporter.line(words, red=True)

    @property
    def _too_little(self) -> bool:
        return self._under is not None and self._tally.percent() < self._under
