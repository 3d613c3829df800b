"""A suite of somebody's own, run by pytester."""

from __future__ import annotations

from collections.abc import Callable
from textwrap import dedent

import aiohttp
import httpcore
import httpcore2
import httpx
import httpx2
import pytest
import requests
import trio
import trustme
import uvicorn
import yaml

from mockserver import vendors
from mockserver.testing import adapter, asgi, coverage_page, host, intercept
from mockserver.web import server

# pytester forgets what its suites import, and a module that is imported twice is two: whatever the plugin needs is here before.
at_hand = [
    *(aiohttp, httpcore, httpcore2, httpx, httpx2, requests, trio, trustme, uvicorn, yaml),
    *(adapter, asgi, coverage_page, host, intercept, server),
    *(vendors.load(name) for name in vendors.names()),
]

Run = Callable[..., pytest.RunResult]


@pytest.fixture
def run(pytester: pytest.Pytester) -> Run:
    """`run('def test…', "-v", ini="mockserver_intercept = true")`: the outcome of that suite, in this process."""

    def run(text: str, *args: str, ini: str = "", apart: bool = False) -> pytest.RunResult:
        pytester.makepyfile(dedent(text))
        pytester.makeini(f"[pytest]\nasyncio_default_fixture_loop_scope = function\n{dedent(ini)}")
        go = pytester.runpytest_subprocess if apart else pytester.runpytest_inprocess
        return go("-p", "no:schemathesis", "-p", "no:cacheprovider", *args)

    return run


ask = '''
import httpx

def client_of(double, **headers):
    """A plain client of PagerDuty that answers to nobody's network."""
    key = {"authorization": "Token token=" + double.credentials["api_key"], **headers}
    return httpx.Client(transport=double.transport(), base_url="https://api.pagerduty.com", headers=key)
'''
"""What the suites below have in common: put it first."""
