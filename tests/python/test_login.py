"""A login is begun, and its pending half kept."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

import evergrant


def test_begin(client: evergrant.Client, now: evergrant.Now, entropy: bytes) -> None:
    login = client.begin(now, entropy, binding="session-7", scopes=["r:balance"], life=timedelta(minutes=10))
    query = parse_qs(urlsplit(login.url).query)
    assert query["client_id"] == ["client-of-a-test"]
    assert query["redirect_uri"] == ["https://app.example/callback"]
    assert query["code_challenge_method"] == ["S256"]
    assert login.id == login.pending.id
    assert evergrant.Pending.parse(login.pending.expose()) == login.pending


def test_the_same_inputs_give_the_same_login(client: evergrant.Client, now: evergrant.Now, entropy: bytes) -> None:
    first = client.begin(now, entropy, binding="session-7")
    assert first.url == client.begin(now, entropy, binding=evergrant.Binding.session("session-7")).url
    assert first.url != client.begin(now, entropy[::-1], binding="session-7").url


def test_without_a_session_in_so_many_words(client: evergrant.Client, now: evergrant.Now, entropy: bytes) -> None:
    with pytest.raises(evergrant.RequestRejected) as caught:
        client.begin(now, entropy, binding="")
    assert (caught.value.code, caught.value.field) == ("invalid_parameter", "binding")
    assert client.begin(now, entropy, binding=evergrant.Binding.no_session()).url


def test_parameters_keep_their_order(client: evergrant.Client, now: evergrant.Now, entropy: bytes) -> None:
    login = client.begin(now, entropy, binding="s", parameters={"zebra": "1", "ant": "2"})
    assert login.url.index("zebra=1") < login.url.index("ant=2")


def test_a_printed_pending_login_is_named_as_that_mistake(
    client: evergrant.Client, now: evergrant.Now, entropy: bytes
) -> None:
    pending = client.begin(now, entropy, binding="session-7").pending
    with pytest.raises(evergrant.OAuthError) as caught:
        evergrant.Pending.parse(str(pending))
    assert caught.value.code == "redacted_pending"


@pytest.mark.parametrize("length", [0, 31, 33])
def test_entropy_of_another_length_is_refused(client: evergrant.Client, now: evergrant.Now, length: int) -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        client.begin(now, bytes(length), binding="session-7")


def test_weak_entropy_is_refused(client: evergrant.Client, now: evergrant.Now) -> None:
    with pytest.raises(evergrant.ConfigurationError) as caught:
        client.begin(now, bytes(32), binding="session-7")
    assert caught.value.code == "weak_entropy"


def test_the_clock() -> None:
    first = evergrant.Now.system()
    assert evergrant.Now.system().steady >= first.steady
    assert first == evergrant.Now(first.wall, first.steady)
