"""The values that programs trip over: each format at the edges of its standard, texts, numbers. The plainest stands first."""

from __future__ import annotations

from typing import Final

formats: Final[dict[str, tuple[str, ...]]] = {
    "date-time": (
        "2026-01-31T12:00:00Z", "2026-01-31T12:00:00.000Z", "2026-06-30T12:00:00.1Z", "2026-01-31T12:00:00.123456789Z",
        "2026-01-31T12:00:00+00:00", "2026-01-31T12:00:00-00:00", "2026-01-31T23:30:00+14:00", "2026-01-31T00:30:00-12:00",
        "2024-02-29T23:59:59Z", "1970-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z",
        "2038-01-19T03:14:08Z", "2016-12-31T23:59:60Z", "2026-01-31t12:00:00z",
    ),
    "date": ("2026-01-31", "2024-02-29", "1970-01-01", "0001-01-01", "9999-12-31"),
    "time": ("12:00:00Z", "00:00:00Z", "23:59:59.999999Z", "12:00:00+05:30", "23:59:60Z"),
    "duration": ("PT1H", "PT0S", "P0D", "P4W", "P1Y2M3DT4H5M6S", "P10000D"),
    "email": ("someone@example.com", "a@example.com", "first.last+tag@example.com", "o'brien@example.com", "a@sub.sub.example.com", '"a b"@example.com'),
    "idn-email": ("someone@example.com", "josé@example.com"),
    "hostname": ("example.com", "a.example.com", "xn--nxasmq6b.example.com", "a" * 63 + ".example.com", "localhost"),
    "idn-hostname": ("example.com", "bücher.example.com"),
    "ipv4": ("192.0.2.1", "203.0.113.255", "255.255.255.255"),
    "ipv6": ("2001:db8::1", "::", "::1", "::ffff:192.0.2.1", "2001:0db8:0000:0000:0000:0000:0000:0001"),
    "uri": (
        "https://example.com", "https://example.com/", "http://[2001:db8::1]:8080/a?b=c#d", "urn:example:a", "mailto:someone@example.com",
        "https://example.com/%F0%9F%98%80", "https://user@example.com:8443/a;b=c",
    ),
    "uri-reference": ("/a", "", "#", "../a", "//example.com/a", "?q="),
    "iri": ("https://example.com/", "https://example.com/ü"),
    "iri-reference": ("/a", "/ü"),
    "uri-template": ("https://example.com/{id}", "/a"),
    "uuid": (
        "2f6a1b7e-7c43-4c0a-9d1e-5b8f7a6c5d4e", "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff",
        "2F6A1B7E-7C43-4C0A-9D1E-5B8F7A6C5D4E",
    ),
    "json-pointer": ("/a", "", "/a~1b/~0"),
    "relative-json-pointer": ("0", "1/a"),
    "regex": ("^a$", ""),
    "byte": ("YQ==", "", "AAECAwQF"),
    "base64": ("YQ==", ""),
    "password": ("correct-horse-battery-staple",),
}  # fmt: skip

texts: Final = (
    "a", "", " ", "0", "null", "true", "Zoë", "日本語", "𝔘𝔫𝔦𝔠𝔬𝔡𝔢 😀", "👩‍👩‍👧‍👦", "e\u0301", "مرحبا", "\u202eabc", "a\nb", "a\tb", '"\\/', "<b>&amp;</b>",
    "'; --", "${a}{{b}}%s%n", "\x00a", "\ufeffa", "x" * 256, "é" * 1024, "word " * 800,
)  # fmt: skip

integers: Final = (
    0, 1, -1, 2, 10, 100, 255, 65_536, 2**31 - 1, -(2**31), 2**31, 2**32, 2**53 - 1, 2**53 + 1, -(2**53) - 1, 2**63 - 1, -(2**63), 2**64, 10**30,
)  # fmt: skip
numbers: Final = (0.0, 1, -1, 0.5, 0.1, -0.1, 1e-9, 1e21, 1.7976931348623157e308, 5e-324, 2**53 + 1)
