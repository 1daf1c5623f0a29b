//! The parts of the Python file that do not depend on core.

/// What the file says of itself, and what it imports.
pub(crate) const OPENING: &str = r#""""The values that core hands out, and their decoders from core's JSON.

Moments and spans are milliseconds. A later release may know more words, fields and types: have a default branch, and
build a value by keyword. Core and this file are parts of one wheel, so a decoder refuses a word that it does not know.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import ClassVar, Literal, TypeAlias, TypeVar"#;

/// What the classes and decoders stand on.
pub(crate) const HELPERS: &str = r#"
_T = TypeVar("_T")
_Decoder: TypeAlias = Callable[[object, str], _T]


class _Word(str, Enum):
    """An enum whose members are text, and print as it."""

    def __str__(self) -> str:
        return str(self.value)


class _Members:
    """The members of one JSON object, and whose they are, for messages."""

    __slots__ = ("_json", "_place")

    def __init__(self, json: object, place: str) -> None:
        if not isinstance(json, dict):
            raise TypeError(f"{place}: expected an object")
        self._json: dict[object, object] = json
        self._place = place

    def read(self, name: str, decode: _Decoder[_T]) -> _T:
        return decode(self._json.get(name), f"{self._place}.{name}")


def _text(json: object, place: str) -> str:
    if not isinstance(json, str):
        raise TypeError(f"{place}: expected text")
    return json


def _integer(json: object, place: str) -> int:
    if not isinstance(json, int) or isinstance(json, bool):
        raise TypeError(f"{place}: expected an integer")
    return json


def _flag(json: object, place: str) -> bool:
    if not isinstance(json, bool):
        raise TypeError(f"{place}: expected true or false")
    return json


def _optional(decode: _Decoder[_T]) -> _Decoder[_T | None]:
    return lambda json, place: None if json is None else decode(json, place)


def _list(decode: _Decoder[_T]) -> _Decoder[tuple[_T, ...]]:
    def read(json: object, place: str) -> tuple[_T, ...]:
        if not isinstance(json, list):
            raise TypeError(f"{place}: expected a list")
        return tuple(decode(item, f"{place}[{at}]") for at, item in enumerate(json))

    return read
"#;
