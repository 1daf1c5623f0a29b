"""What the tests share: a client, clocks, and the counts that end a run."""

from __future__ import annotations

import json

import pytest

import evergrant
from vectors import COUNTS

SECRET = "client-secret-of-a-test"


@pytest.fixture
def client() -> evergrant.Client:
    """A client of Airwallex, which has both grants of the skeleton."""
    configuration = {
        "profile": "airwallex",
        "environment": "sandbox",
        "client_id": "client-of-a-test",
        "client_secret": SECRET,
        "redirect_uri": "https://app.example/callback",
    }
    return evergrant.Client.from_json(json.dumps(configuration))


@pytest.fixture
def service_client() -> evergrant.Client:
    """A client of Wise, which has client credentials."""
    configuration = {"profile": "wise", "environment": "sandbox", "client_id": "client-of-a-test", "client_secret": SECRET}
    return evergrant.Client.from_json(json.dumps(configuration))


@pytest.fixture
def now() -> evergrant.Now:
    return evergrant.Now(1_790_000_000_000, 5_000)


@pytest.fixture
def entropy() -> bytes:
    """The same 32 bytes for every test, so that every run is the same."""
    return bytes(range(32))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many vectors ran; tests/run shows lines that begin so."""
    terminalreporter.write_line(f"report: {COUNTS}")
    passed = len(terminalreporter.stats.get("passed", []))
    others = {kind: len(terminalreporter.stats.get(kind, [])) for kind in ("failed", "error", "skipped", "xfailed")}
    words = ", ".join(f"{count} {kind}" for kind, count in others.items() if count)
    terminalreporter.write_line(f"report: {passed} tests passed" + (f", {words}" if words else ""))
