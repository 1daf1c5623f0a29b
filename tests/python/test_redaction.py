"""Nothing that may hold a secret prints it."""

from __future__ import annotations

import pprint

import pytest

import evergrant
from conftest import SECRET

TOKEN = "token-of-a-test"


def things(client: evergrant.Client, now: evergrant.Now, entropy: bytes) -> list[object]:
    """One of each class that may hold a secret."""
    work = evergrant.ServiceToken(client).obtain(now, entropy)
    step = work.step()
    assert step.send is not None
    response = evergrant.HttpResponse(200, [("x-secret", TOKEN)], b'{"access_token":"%s","expires_in":60}' % TOKEN.encode())
    work.answer(step.id, now, response)
    return [client, work, step, step.send, step.send.request, response, work.step(), work.step().access_token, work.service_token()]


def test_a_service_token_prints_redacted(service_client: evergrant.Client, now: evergrant.Now, entropy: bytes) -> None:
    for thing in things(service_client, now, entropy):
        printed = f"{thing} {thing!r} {thing:} {pprint.pformat([thing])}"
        assert SECRET not in printed, type(thing)
        assert TOKEN not in printed, type(thing)


def test_a_login_prints_redacted(client: evergrant.Client, now: evergrant.Now, entropy: bytes) -> None:
    login = client.begin(now, entropy, binding="session-of-a-test")
    pending = login.pending.expose()
    printed = f"{client!r} {login!r} {login.pending!r} {login.pending} {evergrant.Binding.session('session-of-a-test')!r}"
    for secret in (SECRET, pending, pending.split(".")[-1], "session-of-a-test"):
        assert secret not in printed


def test_nothing_has_a_dict_that_could_be_dumped(service_client: evergrant.Client, now: evergrant.Now, entropy: bytes) -> None:
    for thing in things(service_client, now, entropy):
        with pytest.raises(TypeError):
            vars(thing)
