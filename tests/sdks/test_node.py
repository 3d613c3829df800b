"""The vendors' own Node SDKs, unmodified: each file of tests/sdks/node drives one over real sockets and says what it saw."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from mockserver import vendors
from tests.sdks.conftest import Served

folder = Path(__file__).with_name("node")
node = shutil.which("node")


@pytest.mark.node
@pytest.mark.skipif(node is None, reason="NODE SDKs NOT TESTED: there is no Node.js here; install it, then run scripts/install-node")
@pytest.mark.skipif(not (folder / "node_modules").is_dir(), reason="NODE SDKs NOT TESTED: run scripts/install-node")
@pytest.mark.parametrize("vendor", vendors.names())
def test_the_node_sdk_does_not_notice(vendor: str, served: Callable[[str], Served]) -> None:
    """Lists over several pages, shows, revokes, sees it gone and meets its typed error; one line `ok …` for each promise."""
    here = served(vendor)
    ran = subprocess.run(
        [str(node), f"{vendor}.mjs"],
        cwd=folder,
        env={
            **os.environ,
            "MOCK_URL": here.url,
            "MOCK_TLS_URL": here.tls_url,
            "MOCK_CA": here.ca,
            "NODE_EXTRA_CA_CERTS": here.ca,
            "MOCK_CREDENTIALS": json.dumps(here.credentials),
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ran.returncode == 0, f"{ran.stdout}\n{ran.stderr}"
    promises = [line for line in ran.stdout.splitlines() if line.startswith("ok ")]
    assert len(promises) >= 5, ran.stdout
