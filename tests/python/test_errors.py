"""Errors: one exception for each thing to do, structured, picklable, and without secrets."""

from __future__ import annotations

import copy
import pickle

import pytest

import evergrant
from conftest import SECRET


def test_a_configuration_error_names_the_field() -> None:
    with pytest.raises(evergrant.ConfigurationError) as caught:
        evergrant.Client.from_json('{"profile":"airwallex","environment":"sandbox","client_id":7}')
    error = caught.value
    assert isinstance(error, evergrant.OAuthError)
    assert (error.code, error.party, error.field) == ("invalid_configuration", "host", "client_id")
    assert error.action.type == "fix_configuration"
    assert error.details.message in str(error)
    assert error.description() is None


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, lambda error: pickle.loads(pickle.dumps(error))])
def test_errors_can_be_copied_and_pickled(duplicate: object) -> None:
    with pytest.raises(evergrant.OAuthError) as caught:
        evergrant.messages("nonesuch", "{}")
    assert callable(duplicate)
    twin = duplicate(caught.value)
    assert type(twin) is type(caught.value)
    assert (str(twin), twin.details) == (str(caught.value), caught.value.details)


def test_a_secret_in_a_faulty_configuration_is_not_printed() -> None:
    with pytest.raises(evergrant.OAuthError) as caught:
        evergrant.Client.from_json(
            '{"profile":"airwallex","environment":"nowhere","client_id":"c","client_secret":"%s"}' % SECRET
        )
    assert SECRET not in f"{caught.value} {caught.value!r} {caught.value.details!r}"


GARBAGE = ["", " ", "null", "[]", "{", "\0", "\ud7ff\uffff", '"' * 1000, "[" * 100_000, '{"a":' * 10_000, "1e999", "\u202e" * 99]


@pytest.mark.parametrize("text", GARBAGE, ids=range(len(GARBAGE)))
def test_garbage_is_an_error_and_nothing_worse(text: str) -> None:
    with pytest.raises(evergrant.OAuthError):
        evergrant.Client.from_json(text)
    with pytest.raises(evergrant.OAuthError):
        evergrant.Pending.parse(text)
    with pytest.raises(evergrant.OAuthError):
        evergrant.messages(text, "{}")
    for name in evergrant.message_names():
        with pytest.raises(evergrant.OAuthError):
            evergrant.messages(name, text)


def test_a_lone_surrogate_is_no_text() -> None:
    with pytest.raises(UnicodeEncodeError):
        evergrant.Pending.parse("\ud800")
