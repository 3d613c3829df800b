"""WorkOS: user sessions, how they begin and end, and the users, organizations and events around them.

Evidence behind an oddity is named where it stands: recorded (replies in public test suites), official (the API document), docs (the vendor's
prose), sdk (client source), vendor's emulator (its source, and what it says was seen live), inferred (nothing observed).
"""

from mockserver.vendors.workos import events, people, sessions, signin
from mockserver.vendors.workos.card import vendor

__all__ = ["events", "people", "sessions", "signin", "vendor"]
