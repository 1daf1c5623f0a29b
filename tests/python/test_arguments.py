"""Arguments that are nothing of the kind: an ordinary exception, and the interpreter goes on."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

import pytest

import evergrant


class Liar(list[Any]):
    """A list that claims a length of its own."""

    def __init__(self, items: list[Any], length: int) -> None:
        super().__init__(items)
        self.length = length

    def __len__(self) -> int:
        return self.length

    def __length_hint__(self) -> int:
        return self.length


class Endless(list[Any]):
    """A list that never ends."""

    def __init__(self, item: object) -> None:
        super().__init__()
        self.item = item

    def __iter__(self) -> Iterator[Any]:
        while True:
            yield self.item


class EndlessMap(dict[str, str]):
    """A mapping that never ends."""

    def items(self) -> Any:
        return Endless(("a", "b"))


class Broken(list[Any]):
    """A list that fails on the way."""

    def __iter__(self) -> Iterator[Any]:
        yield "a"
        raise KeyError("on the way")


class Places:
    """Every argument that takes a list or bytes."""

    def __init__(self, client: evergrant.Client, now: evergrant.Now, entropy: bytes) -> None:
        self.client, self.now, self.entropy = client, now, entropy

    def headers(self, value: Any) -> object:
        return evergrant.HttpResponse(200, value, b"")

    def scopes(self, value: Any) -> object:
        return self.client.begin(self.now, self.entropy, binding="s", scopes=value)

    def beside(self, value: Any) -> object:
        return self.client.begin(self.now, self.entropy, binding="s", beside=value)

    def service_scopes(self, value: Any) -> object:
        return evergrant.ServiceToken(self.client, scopes=value)

    def parameters(self, value: Any) -> object:
        return self.client.begin(self.now, self.entropy, binding="s", parameters=value)

    def body(self, value: Any) -> object:
        return evergrant.HttpResponse(200, [], value)

    def signature(self, value: Any) -> object:
        evergrant.ServiceToken(self.client).obtain(self.now, self.entropy).signed(1, self.now, value, "raw")
        return None


LISTS = [Places.headers, Places.scopes, Places.beside, Places.service_scopes]
TEXTS = [Places.scopes, Places.beside, Places.service_scopes]
BYTES = [Places.body, Places.signature]
Place = Callable[[Places, Any], object]


@pytest.fixture
def places(client: evergrant.Client, now: evergrant.Now, entropy: bytes) -> Places:
    return Places(client, now, entropy)


@pytest.mark.parametrize("length", [2**60, 2**62, 2**63 - 1])
@pytest.mark.parametrize("place", LISTS + BYTES + [Places.parameters])
def test_a_huge_range_is_refused(places: Places, place: Place, length: int) -> None:
    with pytest.raises(TypeError):
        place(places, range(length))


@pytest.mark.parametrize("length", [-1, 0, 2**60, 2**62, 2**63 - 1, 2**64])
def test_a_length_is_not_believed(places: Places, length: int) -> None:
    for place in TEXTS:
        assert place(places, Liar(["r:balance"], length))
    assert places.headers(Liar([("a", "b")], length))
    for place in BYTES:
        with pytest.raises(TypeError):
            place(places, Liar([1], length))


@pytest.mark.parametrize("place", LISTS)
def test_a_list_has_an_end(places: Places, place: Place) -> None:
    item = ("a", "b") if place is Places.headers else "r:balance"
    with pytest.raises(ValueError, match="^must have at most 1000 items"):
        place(places, Endless(item))


def test_a_thousand_items_and_no_more(places: Places) -> None:
    assert places.headers([("a", "b")] * 1000)
    with pytest.raises(ValueError, match="^must have at most 1000 items"):
        places.headers([("a", "b")] * 1001)
    for value in (EndlessMap(), {str(number): "" for number in range(1001)}):
        with pytest.raises(ValueError, match="^must have at most 1000 items"):
            places.parameters(value)


@pytest.mark.parametrize("place", TEXTS)
def test_an_exception_on_the_way_comes_out(places: Places, place: Place) -> None:
    with pytest.raises(KeyError, match="on the way"):
        place(places, Broken())


@pytest.mark.parametrize("value", ["", "r:balance", b"r:balance", 7, {"a": "b"}, {"a"}, [b"a"], [None], [["a"]], object()])
@pytest.mark.parametrize("place", LISTS)
def test_what_is_no_list_of_the_kind_is_refused(places: Places, place: Place, value: object) -> None:
    with pytest.raises(TypeError):
        place(places, value)


@pytest.mark.parametrize("value", ["", 7, None, [1, 2], (1,), object()])
@pytest.mark.parametrize("place", BYTES)
def test_what_is_not_bytes_is_refused(places: Places, place: Place, value: object) -> None:
    with pytest.raises(TypeError):
        place(places, value)


def test_a_bytearray_is_bytes(places: Places, service_client: evergrant.Client) -> None:
    work = evergrant.ServiceToken(service_client).obtain(places.now, places.entropy)
    body = bytearray(b'{"access_token":"token-of-a-test","token_type":"bearer"}')
    work.answer(work.step().id, places.now, evergrant.HttpResponse(200, [("content-type", "application/json")], body))
    token = work.step().access_token
    assert token is not None and token.expose() == "token-of-a-test"
    with pytest.raises(evergrant.MisuseError):
        places.signature(bytearray(b"abc"))


@pytest.mark.parametrize("value", ["", 7, [("a", "b")], {"a": 1}, {1: "a"}, object()])
def test_parameters_are_a_mapping_of_text(places: Places, value: object) -> None:
    with pytest.raises(TypeError):
        places.parameters(value)


def test_parameters_are_any_mapping(client: evergrant.Client, now: evergrant.Now, entropy: bytes) -> None:
    parameters: Mapping[str, str] = MappingProxyType({"zebra": "1"})
    assert "zebra=1" in client.begin(now, entropy, binding="s", parameters=parameters).url


@pytest.mark.parametrize("value", [7, None, b"s", ["s"], object()])
def test_a_binding_is_text_or_a_binding(places: Places, value: Any) -> None:
    with pytest.raises(TypeError, match="must be a str or a Binding"):
        places.client.begin(places.now, places.entropy, binding=value)


@pytest.mark.parametrize(
    "function",
    [evergrant.ServiceToken, evergrant.ServiceToken.token, evergrant.ServiceToken.obtain, evergrant.Client.begin],
)
def test_signatures_show_defaults_that_can_be_passed(function: Callable[..., object]) -> None:
    for parameter in inspect.signature(function).parameters.values():
        assert parameter.default in (inspect.Parameter.empty, None)
