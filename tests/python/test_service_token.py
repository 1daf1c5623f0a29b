"""A service token, its machine driven by hand."""

from __future__ import annotations

from datetime import timedelta

import pytest

import evergrant

ANSWER = b'{"access_token":"token-of-a-test","token_type":"bearer","expires_in":43199}'
HEADERS = [("content-type", "application/json")]


@pytest.fixture
def work(service_client: evergrant.Client, now: evergrant.Now, entropy: bytes) -> evergrant.ServiceTokenWork:
    return evergrant.ServiceToken(service_client).obtain(now, entropy)


def test_obtain(service_client: evergrant.Client, now: evergrant.Now, entropy: bytes) -> None:
    token = evergrant.ServiceToken(service_client)
    assert token.token(now) is None
    assert token.wants_renewal(now)

    work = token.obtain(now, entropy)
    step = work.step()
    assert step.type == "send" and step.send is not None
    assert step.send.request.method == "POST"
    assert step.send.client_certificate
    assert step.send.send_by.wall > now.wall
    assert step.send.timeout > timedelta()
    assert b"grant_type=client_credentials" in step.send.request.body

    work.answer(step.id, now, evergrant.HttpResponse(200, HEADERS, ANSWER))
    done = work.step()
    assert (done.type, done.error) == ("done", None)
    assert done.access_token is not None
    assert done.access_token.expose() == "token-of-a-test"
    assert done.access_token.authorization() == "Bearer token-of-a-test"
    assert done.access_token.remaining(now) == timedelta(seconds=43199)

    token = work.service_token()
    assert token.token(now, min_life=timedelta(hours=1)) == done.access_token
    assert not token.wants_renewal(now)


def test_what_remains_fits_a_timedelta(work: evergrant.ServiceTokenWork, now: evergrant.Now) -> None:
    work.answer(work.step().id, now, evergrant.HttpResponse(200, HEADERS, ANSWER))
    token = work.step().access_token
    assert token is not None
    assert token.remaining(evergrant.Now(-(2**63), -(2**63))) == timedelta.max
    assert token.remaining(evergrant.Now(2**63 - 1, 2**63 - 1)) == timedelta()


def test_events_are_values(work: evergrant.ServiceTokenWork, now: evergrant.Now) -> None:
    assert work.events() == []
    work.answer(work.step().id, now, evergrant.HttpResponse(200, HEADERS, ANSWER))
    assert len(work.events()) == 1
    assert work.events() == []


def test_misuse_is_an_error_and_changes_nothing(work: evergrant.ServiceTokenWork, now: evergrant.Now) -> None:
    step = work.step()
    answer = evergrant.HttpResponse(200, HEADERS, ANSWER)
    with pytest.raises(evergrant.MisuseError):
        work.woke(step.id, now)
    with pytest.raises(evergrant.MisuseError):
        work.signed(step.id, now, b"", "raw")
    with pytest.raises(evergrant.MisuseError):
        work.sign_failed(step.id, now)
    for wrong in (0, -1, step.id + 1, 2**62, -(2**63)):
        with pytest.raises(evergrant.MisuseError) as caught:
            work.answer(wrong, now, answer)
        assert (caught.value.code, caught.value.action.type) == ("unexpected_input", "misuse")
    assert (work.step().id, work.step().type) == (step.id, "send")
    assert work.events() == []
    work.answer(step.id, now, answer)
    assert work.step().type == "done"


def test_a_repeated_answer_is_ignored(work: evergrant.ServiceTokenWork, now: evergrant.Now) -> None:
    step = work.step()
    for _ in range(3):
        work.answer(step.id, now, evergrant.HttpResponse(200, HEADERS, ANSWER))
    assert work.step().access_token is not None


def test_an_answer_after_the_end_is_taken(work: evergrant.ServiceTokenWork, now: evergrant.Now) -> None:
    first = work.step().id
    moment = now
    for _ in range(20):
        step = work.step()
        if step.type == "send":
            work.no_answer(step.id, moment, over=False)
        elif step.type == "wait" and step.wait is not None:
            waited = step.wait // timedelta(milliseconds=1)
            moment = evergrant.Now(moment.wall + waited, moment.steady + waited)
            work.woke(step.id, moment)
        else:
            break
    done = work.step()
    assert done.type == "done" and isinstance(done.error, evergrant.RetryLater)
    work.answer(first, moment, evergrant.HttpResponse(200, HEADERS, ANSWER))
    assert work.service_token().token(moment) is not None


GARBAGE = [b"", b"\xff\x00", b"{", b"[" * 100_000]


@pytest.mark.parametrize("clock", [(0, 0), (-1, -1), (2**63 - 1, 2**63 - 1), (-(2**63), -(2**63))])
@pytest.mark.parametrize(
    ("status", "body", "kind", "code"),
    [
        *((200, body, "done", "unexpected_answer") for body in GARBAGE),
        *((65535, body, "wait", None) for body in GARBAGE),
        # Cut off behind the token, which is taken.
        (200, ANSWER[:-9], "done", None),
        (65535, ANSWER[:-9], "done", None),
    ],
)
def test_no_answer_at_any_time_breaks_it(
    service_client: evergrant.Client,
    entropy: bytes,
    clock: tuple[int, int],
    status: int,
    body: bytes,
    kind: str,
    code: str | None,
) -> None:
    now = evergrant.Now(*clock)
    work = evergrant.ServiceToken(service_client).obtain(now, entropy, min_life=timedelta.max)
    work.answer(work.step().id, now, evergrant.HttpResponse(status, [("", "\n")], body))
    step = work.step()
    assert (step.type, step.error and step.error.code) == (kind, code)
    assert (step.wait is not None) == (kind == "wait")
    assert (step.access_token is not None) == (kind == "done" and code is None)
    assert work.service_token().token(now) == step.access_token


def test_a_rejected_token_is_replaced_once(
    work: evergrant.ServiceTokenWork, now: evergrant.Now, entropy: bytes
) -> None:
    work.answer(work.step().id, now, evergrant.HttpResponse(200, HEADERS, ANSWER))
    token = work.service_token()
    held = token.token(now)
    assert held is not None
    other = token.rejected("of another token", now, entropy).step()
    assert other.access_token == held

    replacing = token.rejected(held.fingerprint, now, entropy)
    assert replacing.step().type == "send"
    replacing.answer(replacing.step().id, now, evergrant.HttpResponse(200, HEADERS, ANSWER))
    again = replacing.service_token().rejected(held.fingerprint, now, entropy).step()
    assert isinstance(again.error, evergrant.RetryLater)
    assert again.error.code == "fresh_token_rejected"


def test_numbers_out_of_range_are_refused_by_python(work: evergrant.ServiceTokenWork, now: evergrant.Now) -> None:
    with pytest.raises(OverflowError):
        work.woke(2**63, now)
    with pytest.raises(OverflowError):
        evergrant.HttpResponse(65536, [], b"")
    with pytest.raises(ValueError, match="encoding"):
        work.signed(1, now, b"", "base64")  # type: ignore[arg-type]
