"""The fixtures: a vendor in one argument, a world per test, at every scope and under every runner."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from mockserver import vendors
from tests.plugin.conftest import Run, ask


@pytest.mark.parametrize("name", vendors.names())
def test_every_bundled_vendor_has_a_fixture(request: pytest.FixtureRequest, name: str) -> None:
    """The fixture is called as the vendor is, and has all that the design promises."""
    double = request.getfixturevalue(name)
    assert double.url.startswith("http://127.0.0.1:")
    assert double.tls_url.startswith("https://127.0.0.1:")
    assert Path(double.ca).is_file()
    assert double.credentials
    assert list(double.state)
    assert list(double.calls) == []
    assert double.clock.now.tzinfo is not None


def test_a_call_by_socket_and_one_in_the_process_meet_in_one_world(pagerduty: Any) -> None:
    """What was deleted through a transport is gone over the wire; the journal has both calls in order."""
    key = {"authorization": f"Token token={pagerduty.credentials['api_key']}"}
    (first, *rest) = pagerduty.state.sessions(user="elif@example.com")
    path = f"/users/{first['user_id']}/sessions"
    with httpx.Client(transport=pagerduty.transport(), base_url="https://api.pagerduty.com", headers=key) as inside:
        assert inside.delete(f"{path}/{first['type']}/{first['id']}").status_code == 204
    with httpx.Client(headers=key) as outside:
        seen = outside.get(pagerduty.url + path).json()["user_sessions"]
    assert [each["id"] for each in seen] == [each["id"] for each in rest]
    assert [made.operation for made in pagerduty.calls] == ["deleteUserSession", "getUserSessions"]


def test_several_vendors_of_one_test_share_its_clock(pagerduty: Any, workos: Any, mockserver: Any) -> None:
    """Freezing one clock freezes both, for there is one world."""
    workos.clock.freeze("2027-01-01T00:00:00Z")
    assert pagerduty.clock.now == workos.clock.now == mockserver.clock.now
    assert mockserver["pagerduty"] is pagerduty
    assert set(mockserver.credentials) == {"pagerduty", "workos"}
    assert mockserver.url + "/workos" == workos.url


def test_a_bench_with_one_double_can_be_used_as_that_double(mockserver: Any) -> None:
    """`mockserver.url`, `.credentials`, `.state`, `.fail` are those of the only one there."""
    zendesk = mockserver("zendesk")
    assert mockserver.url == zendesk.url
    assert mockserver.credentials == zendesk.credentials
    assert len(mockserver.state.sessions) == len(zendesk.state.sessions)


def test_a_fork_starts_from_now_and_goes_its_own_way(pagerduty: Any) -> None:
    """What happens in a fork happens there only."""
    (first, *_) = pagerduty.state.sessions(user="ada@example.com")
    pagerduty.state.sessions.remove(first)
    with pagerduty.fork() as other:
        assert first["id"] not in other.state.sessions
        other.state.sessions.remove(other.state.sessions(user="ada@example.com")[0])
        assert len(other.state.sessions) == len(pagerduty.state.sessions) - 1


def test_the_marker_and_the_project_decide_who_there_is(run: Run) -> None:
    """Scene, seed, people, clock and options come from the marker, else from the ini file."""
    result = run(
        """
        import pytest

        def test_project(workos):
            assert workos.clock.now.isoformat() == "2026-01-31T09:00:00+00:00"

        @pytest.mark.mockserver(people=3, clock="2027-02-03T04:05:06Z", seed=7, options={"zendesk": {"plan": "team"}})
        class TestMarked:
            def test_marker(self, zendesk):
                assert zendesk.clock.now.isoformat() == "2027-02-03T04:05:06+00:00"
                assert len(zendesk.state.users) == 3
                assert zendesk.engine.options["plan"] == "team"

            @pytest.mark.mockserver(people=2)
            def test_nearest_marker(self, zendesk):
                assert zendesk.clock.now.year == 2027
                assert len(zendesk.state.users) == 2
        """,
        ini="mockserver_clock = 2026-01-31T09:00:00Z",
    )  # fmt: skip
    result.assert_outcomes(passed=3)


def test_a_marker_names_what_is_there_from_the_start(run: Run) -> None:
    """Names in the marker are vendors and documents, and `mockserver` has them all."""
    result = run(
        """
        import pytest

        @pytest.mark.mockserver("workos", "zendesk")
        def test_two(mockserver):
            assert [double.name for double in mockserver] == ["workos", "zendesk"]
        """
    )
    result.assert_outcomes(passed=1)


mistakes = {
    "vendor": ('@pytest.mark.mockserver("workoss")', "unknown vendor 'workoss': did you mean 'workos'?"),
    "argument": ("@pytest.mark.mockserver(sead=1)", "unknown argument of the mockserver marker 'sead': did you mean 'seed'?"),
    "sort of breach": ('@pytest.mark.mockserver(allow="undeclred")', "unknown sort of breach in allow 'undeclred': did you mean 'undeclared'?"),
    "pack of faults": ('@pytest.mark.mockserver(faults=["bad dai"])', "unknown pack of faults 'bad dai': did you mean 'bad day'?"),
    "scene": ('@pytest.mark.mockserver("workos", scene="compny")', "unknown scene 'compny': did you mean 'company'?"),
    "clock": ('@pytest.mark.mockserver("workos", clock="noon")', "clock 'noon' is neither `real` nor an ISO 8601 time"),
    "people": ("@pytest.mark.mockserver(people=0)", "people=0 is not a whole number from 1 on"),
    "strict": ('@pytest.mark.mockserver(strict="no")', "strict='no' is neither True nor False"),
    "option": ('@pytest.mark.mockserver("zendesk", options={"zendesk": {"pln": "team"}})', "unknown option of zendesk 'pln': did you mean 'plan'?"),
    "options": ('@pytest.mark.mockserver(options={"plan": "team"})', "is not options by vendor"),
    "name": ("@pytest.mark.mockserver(7)", "takes names of vendors and paths of documents, not 7"),
    "fault": ('@pytest.mark.mockserver("workos", faults=[{"status": 500, "operations": "listSesions"}])', "did you mean 'listSessions'?"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", mistakes)
def test_a_mistake_fails_at_set_up_with_the_nearest_that_exists(run: Run, mistake: str) -> None:
    """One clear line, no traceback of ours, and the test is never begun."""
    marker, words = mistakes[mistake]
    result = run(f"import pytest\n{marker}\ndef test_one(mockserver):\n    raise SystemExit('begun')\n")
    result.assert_outcomes(errors=1)
    told = result.stdout.str()
    assert f"mockserver: {words}" in told or words in told
    assert "Traceback" not in told
    assert "/mockserver/" not in told


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('workos.fail("listSesions")', "unknown operation 'listSesions': did you mean 'listSessions'?"),
        ("workos.state.sesions", "unknown kind of workos 'sesions': did you mean 'sessions'?"),
        ("workos.state.users(emial='ada@example.com')", "unknown field of workos's users 'emial': did you mean 'email'?"),
        ('workos.calls.made("listSesions")', "unknown operation 'listSesions': did you mean 'listSessions'?"),
        ('workos.expects_violation("undeclred")', "unknown sort of breach 'undeclred': did you mean 'undeclared'?"),
    ],
    ids=["operation of a fault", "kind", "field", "operation of a call", "sort of breach"],
)
def test_a_mistake_in_a_test_is_told_at_its_line(run: Run, line: str, words: str) -> None:
    """The traceback ends at the test's own line; our insides are left out."""
    result = run(f"def test_one(workos):\n    {line}\n")
    result.assert_outcomes(failed=1)
    told = result.stdout.str()
    assert words in told
    assert "/mockserver/" not in told


def test_wider_scopes_have_worlds_of_their_own(run: Run) -> None:
    """A module's and a class's double keep what their tests do; a test's own double does not see it; each verdict falls on its test."""
    result = run(
        ask
        + """
import pytest

@pytest.fixture(scope="module")
def shared(mockserver_factory):
    with mockserver_factory("pagerduty", seed=7) as bench:
        yield bench

@pytest.fixture(scope="class")
def of_class(mockserver_factory):
    with mockserver_factory("pagerduty") as bench:
        yield bench

def test_writes(shared):
    shared.state.users.remove(shared.state.users.one(email="liam@example.com"))

def test_sees_it(shared, pagerduty):
    assert shared.state.users(email="liam@example.com") == []
    assert pagerduty.state.users(email="liam@example.com") != []

def test_leaves_the_contract(shared):
    client_of(shared).get("/users?limt=1")

def test_is_not_blamed_for_it(shared):
    client_of(shared).get("/users?limit=1")

class TestClass:
    def test_writes(self, of_class):
        of_class.state.users.remove(of_class.state.users.one(email="liam@example.com"))

    def test_sees_it(self, of_class):
        assert of_class.state.users(email="liam@example.com") == []
"""
    )
    result.assert_outcomes(passed=5, failed=1)
    result.stdout.fnmatch_lines(["*FAILED*test_leaves_the_contract*"])


def test_unittest_style_tests_are_judged_too(run: Run) -> None:
    """A TestCase takes the double from an autouse fixture, and fails when its client leaves the contract."""
    result = run(
        ask
        + """
import unittest, pytest

class TestClient(unittest.TestCase):
    @pytest.fixture(autouse=True)
    def vendor(self, pagerduty):
        self.pagerduty = pagerduty

    def test_good(self):
        self.assertEqual(client_of(self.pagerduty).get("/users").status_code, 200)

    def test_bad(self):
        client_of(self.pagerduty).get("/usrs")

    def test_fails_anyway(self):
        client_of(self.pagerduty).get("/usrs").raise_for_status()
"""
    )
    result.assert_outcomes(passed=1, failed=2)
    result.stdout.fnmatch_lines(["*pagerduty.?  GET /usrs*", "*HTTPStatusError*"])


@pytest.mark.parametrize(
    ("plugin", "loop"), [pytest.param("asyncio", "asyncio", marks=pytest.mark.slow), ("anyio", "asyncio"), ("anyio", "trio")]
)
def test_async_tests_work(run: Run, plugin: str, loop: str) -> None:
    """Under pytest-asyncio and anyio, trio too, a test awaits its client, in the process and by socket; verdict and faults hold there, too."""
    result = run(
        ask
        + f"""
import pytest

@pytest.fixture
def anyio_backend():
    return "{loop}"

@pytest.mark.{plugin}
async def test_good(pagerduty):
    key = {{"authorization": "Token token=" + pagerduty.credentials["api_key"]}}
    async with httpx.AsyncClient(transport=pagerduty.transport(), base_url="https://api.pagerduty.com", headers=key) as client:
        assert (await client.get("/users")).status_code == 200
    async with httpx.AsyncClient(transport=httpx.ASGITransport(pagerduty.asgi), base_url="https://api.pagerduty.com", headers=key) as client:
        assert (await client.get("/users")).status_code == 200
    async with httpx.AsyncClient(headers=key) as client:
        assert (await client.get(pagerduty.url + "/users")).status_code == 200

@pytest.mark.{plugin}
async def test_late(pagerduty):
    pagerduty.slow(seconds=0.001)
    pagerduty.fault({{"effect": "drip", "pace": 0.0001, "operations": "getUser"}})
    key = {{"authorization": "Token token=" + pagerduty.credentials["api_key"]}}
    for transport in (pagerduty.transport(), httpx.ASGITransport(pagerduty.asgi)):
        async with httpx.AsyncClient(transport=transport, base_url="https://api.pagerduty.com", headers=key) as client:
            assert (await client.get("/users?limit=1")).status_code == 200
            assert (await client.get("/users/" + pagerduty.subject["id"])).json()["user"]

@pytest.mark.{plugin}
async def test_bad(pagerduty):
    async with httpx.AsyncClient(transport=pagerduty.transport(), base_url="https://api.pagerduty.com") as client:
        await client.get("/users")
""",
        apart=plugin == "asyncio",
    )
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["*header authorization*"])


crowd = (
    ask
    + """
import pytest

@pytest.mark.parametrize("n", range(500))
def test_alone(pagerduty, n):
    everybody = len(pagerduty.state.users)
    assert everybody == 12, "somebody else's newcomer is here"
    pagerduty.state.users.add(name=f"Newcomer {n}", email=f"n{n}@example.com")
    found = client_of(pagerduty).get("/users", params={"query": "newcomer"}).json()["users"]
    assert [each["name"] for each in found] == [f"Newcomer {n}"]
    assert len(pagerduty.calls) == 1
"""
)


@pytest.mark.slow
def test_five_hundred_tests_over_four_workers_never_see_each_other(run: Run) -> None:
    """Each test adds a person and finds that one only."""
    run(crowd, "-n", "4", "-q", apart=True).assert_outcomes(passed=500)


def test_tests_of_one_process_never_see_each_other(run: Run) -> None:
    """The same without workers, fewer."""
    run(crowd.replace("range(500)", "range(20)"), "-q").assert_outcomes(passed=20)


petstore = """
openapi: 3.1.0
info: {title: Pets, version: "1"}
servers: [{url: "https://pets.example.com"}]
security: [{key: []}]
paths:
  /pets:
    get:
      operationId: listPets
      parameters: [{name: limit, in: query, schema: {type: integer, maximum: 100}}]
      responses:
        "200": {description: Yes, content: {application/json: {schema: {type: array, items: {$ref: "#/components/schemas/Pet"}}}}}
        "401": {description: No}
    post:
      operationId: createPet
      requestBody: {required: true, content: {application/json: {schema: {$ref: "#/components/schemas/Pet"}}}}
      responses:
        "201": {description: Yes, content: {application/json: {schema: {$ref: "#/components/schemas/Pet"}}}}
        "401": {description: No}
  /pets/{id}:
    get:
      operationId: readPet
      parameters: [{name: id, in: path, required: true, schema: {type: integer}}]
      responses:
        "200": {description: Yes, content: {application/json: {schema: {$ref: "#/components/schemas/Pet"}}}}
        "401": {description: No}
components:
  securitySchemes:
    key: {type: apiKey, in: header, name: X-Key}
  schemas:
    Pet: {type: object, required: [name], properties: {id: {type: integer, readOnly: true}, name: {type: string, maxLength: 40}}}
"""


def test_any_document_is_a_double(run: Run, pytester: pytest.Pytester) -> None:
    """By its path, beside a vendor, in the same world: stateful, steered, intercepted and judged."""
    pytester.makefile(".yaml", pets=petstore)
    result = run(
        """
        import httpx, pytest

        def client_of(pets):
            return httpx.Client(transport=pets.transport(), base_url="https://pets.example.com", headers={"x-key": pets.credentials["key"]})

        def test_good(mockserver, workos):
            pets = mockserver("pets.yaml")
            made = client_of(pets).post("/pets", json={"name": "Rex"}).json()
            assert client_of(pets).get(f"/pets/{made['id']}").json() == made
            assert pets.state.pets(name="Rex") == [made]
            workos.clock.freeze("2027-01-01T00:00:00Z")
            assert pets.clock.now.year == 2027
            with pets.fail("listPets", status=401):
                assert client_of(pets).get("/pets").status_code == 401

        @pytest.mark.mockserver("pets.yaml", intercept=True)
        def test_intercepted(mockserver):
            assert mockserver.url == "https://pets.example.com"
            assert httpx.get(mockserver.url + "/pets", headers={"x-key": mockserver.credentials["key"]}).status_code == 200

        def test_bad(mockserver):
            client_of(mockserver("pets.yaml")).post("/pets", json={"name": "Rex", "nickname": "R"})
        """
    )
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["*where    body /nickname", "*did you mean 'name'?*"])
