"""Every shared vector of a message function, through the package."""

from __future__ import annotations

import json
import traceback
from typing import Any

import pytest

import evergrant
from vectors import COUNTS, Vector, load, load_expected_failures

VECTORS = load()
EXPECTED_FAILURES = load_expected_failures()


def test_there_are_vectors() -> None:
    assert VECTORS


def test_every_expected_failure_is_the_name_of_a_case() -> None:
    assert EXPECTED_FAILURES.keys() <= COUNTS.names


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: f"{vector.file}: {vector.name}")
def test_vector(vector: Vector) -> None:
    COUNTS.ran += 1
    if vector.name in EXPECTED_FAILURES:
        with pytest.raises((AssertionError, evergrant.OAuthError, pytest.fail.Exception)):
            check(vector)
    else:
        check(vector)


def check(vector: Vector) -> None:
    if "ok" in vector.expect:
        output = json.loads(evergrant.messages(vector.function, json.dumps(vector.given)))
        same(output, vector.expect["ok"], "$")
        # What is data and may be logged must be free of secrets too.
        free(json.dumps([output.get("error"), output.get("evidence")]), vector.secrets)
        return
    with pytest.raises(evergrant.OAuthError) as caught:
        evergrant.messages(vector.function, json.dumps(vector.given))
    error = caught.value
    found = {
        "code": error.code,
        "party": error.party,
        "field": error.field,
        "oauth_error": error.oauth_error,
        "action": error.action.type,
    }
    assert {member: found[member] for member in vector.expect["error"]} == vector.expect["error"]
    free("\n".join([str(error), repr(error), repr(error.details), repr(vars(error))]), vector.secrets)
    free("".join(traceback.format_exception(error)), vector.secrets)


def free(text: str, secrets: list[str]) -> None:
    """The text holds no secret, as it is or as JSON or Python write it."""
    for secret in secrets:
        assert not [form for form in (secret, json.dumps(secret)[1:-1], repr(secret)[1:-1]) if form in text]


def same(found: Any, wanted: Any, path: str) -> None:
    """Deep equality, where ``{"$any": "string"}`` stands for any string that is not empty, ``number`` for any number."""
    if wanted == {"$any": "string"}:
        assert isinstance(found, str) and found, path
    elif wanted == {"$any": "number"}:
        assert isinstance(found, (int, float)) and not isinstance(found, bool), path
    elif isinstance(wanted, dict):
        assert isinstance(found, dict) and found.keys() == wanted.keys(), f"{path}: members"
        for key, value in wanted.items():
            same(found[key], value, f"{path}.{key}")
    elif isinstance(wanted, list):
        assert isinstance(found, list) and len(found) == len(wanted), f"{path}: length"
        for at, value in enumerate(wanted):
            same(found[at], value, f"{path}[{at}]")
    else:
        # By type too: in Python 1 == True == 1.0.
        assert type(found) is type(wanted) and found == wanted, path
