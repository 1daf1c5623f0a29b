"""Errors: one exception for each thing to do, structured, picklable, and without secrets."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable

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


LONE = SECRET + "\ud800"
LONE_TEXTS: dict[str, Callable[[evergrant.Client, evergrant.Now, bytes], object]] = {
    "from_json": lambda client, now, entropy: evergrant.Client.from_json(LONE),
    "parse": lambda client, now, entropy: evergrant.Pending.parse(LONE),
    "session": lambda client, now, entropy: evergrant.Binding.session(LONE),
    "message name": lambda client, now, entropy: evergrant.messages(LONE, "{}"),
    "message input": lambda client, now, entropy: evergrant.messages("begin", LONE),
    "header name": lambda client, now, entropy: evergrant.HttpResponse(200, [(LONE, "")], b""),
    "header value": lambda client, now, entropy: evergrant.HttpResponse(200, [("", LONE)], b""),
    "binding": lambda client, now, entropy: client.begin(now, entropy, binding=LONE),
    "begin scopes": lambda client, now, entropy: client.begin(now, entropy, binding="s", scopes=[LONE]),
    "beside": lambda client, now, entropy: client.begin(now, entropy, binding="s", beside=[LONE]),
    "parameter name": lambda client, now, entropy: client.begin(now, entropy, binding="s", parameters={LONE: ""}),
    "parameter value": lambda client, now, entropy: client.begin(now, entropy, binding="s", parameters={"": LONE}),
    "consenter": lambda client, now, entropy: client.begin(now, entropy, binding="s", consenter=LONE),
    "role": lambda client, now, entropy: client.begin(now, entropy, binding="s", consenter="u", role=LONE),
    "scopes": lambda client, now, entropy: evergrant.ServiceToken(client, scopes=[LONE]),
    "fingerprint": lambda client, now, entropy: evergrant.ServiceToken(client).rejected(LONE, now, entropy),
    "encoding": lambda client, now, entropy: (
        evergrant.ServiceToken(client).obtain(now, entropy).signed(1, now, b"", LONE)  # type: ignore[arg-type]
    ),
}


@pytest.mark.parametrize("call", LONE_TEXTS.values(), ids=LONE_TEXTS.keys())
def test_a_lone_surrogate_is_no_text_and_the_text_is_not_printed(
    call: Callable[[evergrant.Client, evergrant.Now, bytes], object],
    client: evergrant.Client,
    now: evergrant.Now,
    entropy: bytes,
) -> None:
    with pytest.raises(ValueError, match="^must be text without lone surrogates") as caught:
        call(client, now, entropy)
    error = caught.value
    assert (type(error), str(error)) == (ValueError, "must be text without lone surrogates")
    assert (error.__cause__, error.__context__) == (None, None)
    assert SECRET not in f"{error} {error!r} {error.args!r} {vars(error)!r}"
