"""The verdict: a suite with planted breaches fails exactly where they are planted, and says what is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from mockserver.contract.audit import audit
from mockserver.testing.verdict import passed
from tests.plugin.conftest import Run, ask

# what the client does, and what the verdict must say of it
planted = {
    "unknown path": ("get('/usrs')", ["*GET /usrs*", "*where    path", "*the nearest are GET /users*"]),
    "unknown method": ("put('/users')", ["*where    method", "*this path takes GET*"]),
    "undeclared query parameter": ("get('/users?limt=5')", ["*where    query limt", "*came     '5'", "*did you mean 'limit'?*"]),
    "ill-typed query parameter": ("get('/users?limit=x')", ["*where    query limit", "*came     'x'", "*allowed  of type integer"]),
    "repeated query parameter": ("get('/users?limit=1&limit=2')", ["*where    query limit", "*given more than once*"]),
    "missing query parameter": ("delete('/session_configurations')", ["*where    query type", "*is required*"]),
    "undeclared field": (
        "put('/session_configurations?type=web', json=body | {'idle': 1})",
        ["*where    body /idle", "*no such field; declared: session_configuration*"],
    ),
    "undeclared field inside": (
        "put('/session_configurations?type=web', json={'session_configuration': body['session_configuration'] | {'x': 1}})",
        ["*where    body /session_configuration/x"],
    ),
    "ill-typed field": (
        "put('/session_configurations?type=web', json={'session_configuration': body['session_configuration'] | {'idle_session_ttl': '1'}})",
        ["*where    body /session_configuration/idle_session_ttl", "*came     '1'", "*allowed  of type integer"],
    ),
    "missing field": ("put('/session_configurations?type=web', json={})", ["*where    body", '*"session_configuration" is a required*']),
    "missing body": ("put('/session_configurations?type=web')", ["*where    body", "*a body is required*"]),
    "no JSON": (
        "put('/session_configurations?type=web', content=b'{', headers={'content-type': 'application/json'})",
        ["*where    body", "*is not JSON*"],
    ),
    "media type": (
        "put('/session_configurations?type=web', content=b'a=1', headers={'content-type': 'text/csv'})",
        ["*where    header content-type", "*'text/csv' is not one of application/json*"],
    ),
    "form of the key": ("get('/users', headers={'authorization': 'Basic abc'})", ["*where    header authorization", "*came     'Basic …'"]),
    "no key": ("get('/users', headers={'authorization': ''})", ["*where    header authorization"]),
}
fine = {
    "a good call": "get('/users?limit=5')",
    "a wrong key of the right form": "get('/users', headers={'authorization': 'Token token=nobody'})",
    "a person who is not there": "get('/users/PNOBODY')",
    "a deprecated operation": "get('/users/P000000/sessions')",
}
start = ask + "\nbody = {'session_configuration': {'absolute_session_ttl': 3600, 'idle_session_ttl': 3600}}\n"


def test_a_suite_fails_exactly_where_breaches_are_planted(run: Run) -> None:
    """Of twenty tests those fail that leave the contract, and no other; each says operation, place, what came and what is allowed."""
    tests = {**{name: call for name, (call, _) in planted.items()}, **fine}
    named = {name: f"test_{name.replace(' ', '_').replace('-', '_')}" for name in tests}
    suite = start + "".join(f"\ndef {named[name]}(pagerduty):\n    client_of(pagerduty).{call}\n" for name, call in tests.items())
    result = run(suite, "-rfp")
    result.assert_outcomes(failed=len(planted), passed=len(fine))
    for name in planted:
        result.stdout.fnmatch_lines([f"FAILED *::{named[name]}*"])
    for name in fine:
        result.stdout.fnmatch_lines([f"PASSED *::{named[name]}"])


@pytest.mark.parametrize("name", planted)
def test_a_verdict_names_place_and_what_came(run: Run, name: str) -> None:
    """The text has the place, the value, what is allowed, the line of the spec, and what to do."""
    call, lines = planted[name]
    result = run(f"{start}\ndef test_one(pagerduty):\n    client_of(pagerduty).{call}\n")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*the client left the contract of pagerduty in 1 place*"])
    for line in lines:
        result.stdout.fnmatch_lines([line])
    result.stdout.re_match_lines(
        [r".*spec     \S*openapi\.yaml:\d+  #/.*", r"Mend the client; or, where it is meant, .*expects_violation\(\".*"]
    )


ways = {
    "by socket": ("", "httpx.get(pagerduty.url + '/usrs')"),
    "by https": ("", "httpx.get(pagerduty.tls_url + '/usrs', verify=ssl.create_default_context(cafile=pagerduty.ca))"),
    "by interception": ("@pytest.mark.mockserver(intercept=True)", "httpx.get('https://api.pagerduty.com/usrs')"),
    "by adapter": (
        "",
        "session = requests.Session(); session.mount('https://', pagerduty.adapter()); session.get('https://a.example.com/usrs')",
    ),
    "in a fork": ("", "\n    with pagerduty.fork() as other: client_of(other).get('/usrs')"),
}


@pytest.mark.parametrize("way", ways)
def test_the_verdict_reaches_every_way_in(run: Run, way: str) -> None:
    """The test touches nothing but its client, and the breach is found."""
    marker, call = ways[way]
    result = run(f"import pytest, requests, ssl\n{start}\n{marker}\ndef test_one(pagerduty):\n    {call}\n")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*where    path"])


def test_the_line_of_the_spec_is_the_line_of_the_rule(pagerduty: Any) -> None:
    """Opening the spec at the line told shows the rule that was broken."""
    from mockserver.contract.lines import line_of

    document = pagerduty.engine.contract.document
    place = "#/components/parameters/offset_limit/schema/type"
    file, line = line_of(document, place)
    assert line is not None
    assert "type" in Path(file).read_text().splitlines()[line - 1]
    assert line_of(document, "#/components/nowhere/at/all")[1] == line_of(document, "#/components")[1]


def test_a_breach_in_a_test_that_fails_anyway_is_told_beside_its_error(run: Run) -> None:
    """The error stays what it was; the verdict, which often explains it, is added."""
    result = run(start + "\ndef test_one(pagerduty):\n    client_of(pagerduty).get('/users?limit=x').raise_for_status()\n")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*HTTPStatusError*", "*where    query limit"])


def test_equal_breaches_are_told_once(run: Run) -> None:
    """A client that makes its mistake on every page is told so once, with the number."""
    loop = "\n    for n in range(5): client_of(pagerduty).get(f'/users?page={1}&offset={n}')\n"
    result = run(start + "\ndef test_one(pagerduty):" + loop)
    result.stdout.fnmatch_lines(["*in 1 place*", "*(and 4 more like it)*"])


def test_a_breach_in_teardown_is_an_error(run: Run) -> None:
    """What a fixture's finaliser does wrong after the test is not lost."""
    result = run(
        start
        + """
import pytest

@pytest.fixture
def client(pagerduty):
    client = client_of(pagerduty)
    yield client
    client.get("/usrs")

def test_one(client):
    client.get("/users")
"""
    )
    result.assert_outcomes(passed=1, errors=1)


strictness = {
    "lenient marker": ("@pytest.mark.mockserver(strict=False)", "", "get('/usrs')", True),
    "lenient project": ("", "mockserver_strict = false", "get('/usrs')", True),
    "marker over project": ("@pytest.mark.mockserver(strict=True)", "mockserver_strict = false", "get('/usrs')", False),
    "allowed by marker": ("@pytest.mark.mockserver(allow='unknown-path')", "", "get('/usrs')", True),
    "allowed by project": ("", "mockserver_allow = undeclared unknown-path", "get('/usrs')", True),
    "another is allowed": ("@pytest.mark.mockserver(allow=['undeclared'])", "", "get('/usrs')", False),
    "deprecated is forbidden": ("@pytest.mark.mockserver(forbid='deprecated')", "", "get('/users/P11IHH3/sessions')", False),
    "deprecated is forbidden by project": ("", "mockserver_forbid = deprecated", "get('/users/P11IHH3/sessions')", False),
}


@pytest.mark.parametrize("name", strictness)
def test_strictness_is_the_markers_or_the_projects(run: Run, name: str) -> None:
    """`strict`, `allow` and `forbid` decide what counts, the marker's before the ini file's."""
    marker, ini, call, passes = strictness[name]
    result = run(f"import pytest\n{start}\n{marker}\ndef test_one(pagerduty):\n    client_of(pagerduty).{call}\n", ini=ini)
    result.assert_outcomes(passed=int(passes), failed=int(not passes))


def client_of(double: Any) -> httpx.Client:
    key = {"authorization": f"Token token={double.credentials['api_key']}"}
    return httpx.Client(transport=double.transport(), base_url="https://api.pagerduty.com", headers=key)


def test_an_expected_breach_is_forgiven_and_can_be_looked_at(pagerduty: Any) -> None:
    """Inside the block it does not count; what was found says where and what."""
    with pagerduty.expects_violation("undeclared", operation="listUsers", place="query limt") as found:
        client_of(pagerduty).get("/users?limt=5")
    assert [(breach.sort, breach.operation, breach.place, breach.finding.came) for breach in found] == [
        ("undeclared", "listUsers", "query limt", "5")
    ]


@pytest.mark.parametrize(
    ("expected", "call", "words"),
    [
        ("'undeclared'", "get('/users')", "*were: none at all*"),
        ("'undeclared'", "get('/users?limit=x')", "*were: ill-typed at query limit*"),
        ("operation='getUser'", "get('/users?limit=x')", "*of pagerduty's contract operation 'getUser'*"),
    ],
    ids=["nothing happened", "another sort", "another operation"],
)
def test_an_expected_breach_that_does_not_come_fails_the_test(run: Run, expected: str, call: str, words: str) -> None:
    """The failure says what was found instead."""
    body = f"    with pagerduty.expects_violation({expected}):\n        client_of(pagerduty).{call}\n"
    result = run(f"{start}\ndef test_one(pagerduty):\n{body}")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([words])


def test_what_was_not_expected_still_counts(run: Run) -> None:
    """A block forgives what it names; a breach before it, after it, or of another sort fails the test."""
    body = "\n    with pagerduty.expects_violation('undeclared'):\n        client_of(pagerduty).get('/users?limt=1&limit=x')\n"
    result = run(f"{start}\ndef test_one(pagerduty):{body}")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*in 1 place*", "*where    query limit"])


def test_our_own_broken_reply_fails_the_test_and_says_whose_fault_it_is(run: Run) -> None:
    """A reply of the fake that breaks its own contract is loud, even in a lenient test."""
    result = run(
        """
        from dataclasses import replace
        import httpx, pytest
        from mockserver.message import Reply

        @pytest.mark.mockserver(strict=False)
        def test_one(pagerduty, monkeypatch):
            monkeypatch.setitem(pagerduty.engine._behaviours, "listUsers", lambda turn: Reply(200, {"users": "none"}))
            key = {"authorization": "Token token=" + pagerduty.credentials["api_key"]}
            with httpx.Client(transport=pagerduty.transport(), base_url="https://api.pagerduty.com", headers=key) as client:
                client.get("/users")
        """
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*mockserver itself failed at pagerduty.listUsers (GET /users)*please report it*"])


def test_a_refusal_of_the_vendor_is_no_breach(pagerduty: Any) -> None:
    """404, 401 and 403 in the vendor's words are business, not contract."""
    client = client_of(pagerduty)
    assert client.get("/users/PNOBODY").status_code == 404
    assert client.get("/users", headers={"authorization": "Token token=nobody"}).status_code == 401
    assert pagerduty.bench.judge() == []


def test_a_call_refused_early_is_read_all_the_same(pagerduty: Any) -> None:
    """Behind a 401 or a rate limit the engine never looks at the parameters; the verdict does."""
    pagerduty.fail("listUsers", status=429)
    with pagerduty.expects_violation("ill-typed", place="query limit"):
        assert client_of(pagerduty).get("/users?limit=x").status_code == 429


@pytest.mark.mockserver(strict=False)
@pytest.mark.parametrize(
    ("call", "is_passed"),
    [
        ("GET /user_management/users?limit=1", True),
        ("GET /user_management/users?limt=1", True),
        ("GET /user_management/users?organization=org_1", True),
        ("GET /user_management/users?or%67anization=org_1", True),
        ("GET /user_management/users?limit=x", False),
        ("GET /user_management/users/nobody", False),
        ('POST /user_management/users {"email": "new@example.com", "nickname": "N"}', True),
        ('POST /user_management/users {"nickname": 7}', False),
        ("GET /nothing", False),
    ],
    ids=str,
)
def test_what_the_engine_has_found_well_put_is_judged_as_if_it_had_not(workos: Any, call: str, is_passed: bool) -> None:
    """A call that was answered is read again only for what the engine does not look for; nothing is missed by it."""
    method, address, *body = call.split(" ", 2)
    path, _, query = address.partition("?")
    key = {"authorization": "Bearer " + workos.credentials["api_key"], "content-type": "application/json"}
    workos.answer(method, "https", "api.workos.com", path, query, key, "".join(body).encode())
    (exchange,) = workos.bench.world.journal
    assert passed(exchange) is is_passed
    contract = workos.engine.contract
    assert audit(contract, exchange.call, path, passed=is_passed) == audit(contract, exchange.call, path)


@pytest.mark.mockserver(strict=False)
def test_what_a_fault_answered_is_read_from_the_start(workos: Any) -> None:
    """The fault may have answered before anybody looked at the call, with a success too."""
    workos.fault({"effect": "status", "status": 200, "body": "{}"})
    workos.answer("GET", "https", "api.workos.com", "/user_management/users", "limit=x", {}, b"")
    assert not passed(workos.bench.world.journal[0])
    assert {breach.place for breach in workos.bench.judge()} == {"query limit", "header authorization"}
