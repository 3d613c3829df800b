"""Our server for one document with so many records stored; prints its port as the peers' starters do."""

from __future__ import annotations

import argparse

from mockserver.state.drawn import base_of
from mockserver.state.record import Placed
from mockserver.vendors import site
from mockserver.web.app import App
from mockserver.web.server import Plan, serve

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("document")
parser.add_argument("--port", type=int, default=0)
parser.add_argument("--stored", type=int, default=0)
told = parser.parse_args()

made = site([told.document])
name, engine = next(iter(made.engines.items()))
tables = made.lay(name)
if told.stored:
    first = next(iter(tables["sessions"]))
    ids = (f"{number:020d}" for number in range(told.stored))
    tables["sessions"]._base = base_of(
        tables["sessions"]._layout, (Placed({**first, "id": each}, each, each, int(each), {}) for each in ids)
    )
serve(App(made), Plan(port=told.port), lambda _: None)
