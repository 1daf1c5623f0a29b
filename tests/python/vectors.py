"""Reads the shared vectors; ``tests/vectors`` says what the files mean."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent.parent / "vectors"
EXPECTED_FAILURES = "expected_failures.json"


@dataclass(frozen=True)
class Vector:
    """One case of a message function."""

    file: str
    function: str
    name: str
    given: Any
    expect: dict[str, Any]
    secrets: list[str]


@dataclass
class Counts:
    """What ran, what other languages run, and the names of both."""

    ran: int = 0
    files: int = 0
    script_files: int = 0
    scripts: int = 0
    names: set[str] = field(default_factory=set)

    def __str__(self) -> str:
        return (
            f"{self.ran} vectors of {self.files} files ran; "
            f"{self.scripts} scripts of {self.script_files} files run in Rust only"
        )


COUNTS = Counts()


def load() -> list[Vector]:
    """Every case of every file with message functions; scripts are counted."""
    vectors = []
    for path in sorted(FOLDER.glob("*.json")):
        if path.name == EXPECTED_FAILURES:
            continue
        content = json.loads(path.read_text(encoding="utf-8"))
        COUNTS.names.update(case["name"] for case in content["cases"])
        if "script" in content:
            COUNTS.script_files += 1
            COUNTS.scripts += len(content["cases"])
            continue
        COUNTS.files += 1
        for case in content["cases"]:
            given = merged(content.get("defaults", {}), case["given"])
            secrets = case.get("secrets", [])
            vectors.append(Vector(path.name, content["function"], case["name"], given, case["expect"], secrets))
    return vectors


def merged(defaults: Any, given: Any) -> Any:
    """Objects are merged member by member; anything else in ``given``, null too, replaces what the defaults have."""
    if not (isinstance(defaults, dict) and isinstance(given, dict)):
        return given
    return {**defaults, **{name: merged(defaults[name], value) if name in defaults else value for name, value in given.items()}}


def load_expected_failures() -> dict[str, str]:
    """Names of cases that must fail, and why."""
    path = FOLDER / EXPECTED_FAILURES
    failures: dict[str, str] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    return failures
