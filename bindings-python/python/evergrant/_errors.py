"""The exceptions, one for each thing that a caller can do about them."""

from __future__ import annotations

import json

from ._types import Action, ErrorCode, ErrorDetails, Party, decode_error_details


class _ServerWords:
    """Text that no print of its owner shows."""

    __slots__ = ("text",)

    def __init__(self, text: str | None) -> None:
        self.text = text

    def __repr__(self) -> str:
        return "<not printed>"


class OAuthError(Exception):
    """What every function and machine of this package raises.

    It says who was at fault, a stable code, and what to do. It holds no secret and may be logged. Raised as itself it
    means that nothing can be done with this attempt; a new one may be begun.
    """

    __module__ = "evergrant"

    def __init__(self, text: str, details: ErrorDetails, description: str | None = None) -> None:
        super().__init__(text)
        self._details = details
        self._description = _ServerWords(description)

    @property
    def details(self) -> ErrorDetails:
        """Everything there is to know, as plain data."""
        return self._details

    @property
    def code(self) -> ErrorCode:
        """What went wrong, as a stable word in snake_case."""
        return self._details.code

    @property
    def party(self) -> Party:
        """Who was at fault."""
        return self._details.party

    @property
    def action(self) -> Action:
        """What to do."""
        return self._details.action

    @property
    def oauth_error(self) -> str | None:
        """The provider's OAuth ``error``, where there was one."""
        return self._details.oauth_error

    @property
    def status(self) -> int | None:
        """The HTTP status of the provider's answer, where there was one."""
        return self._details.status

    @property
    def field(self) -> str | None:
        """The argument or field that is wrong, as a path."""
        return self._details.field

    def description(self) -> str | None:
        """The server's own words (``error_description``). They may hold anything, so nothing prints them."""
        return self._description.text

    def __reduce__(self) -> tuple[type[OAuthError], tuple[str, ErrorDetails]]:
        # Without the server's words: a pickled exception ends in logs and queues.
        return type(self), (str(self), self._details)


class RetryLater(OAuthError):
    """Ask again later; nothing is lost. ``action`` says when."""

    __module__ = "evergrant"


class ReauthorizationRequired(OAuthError):
    """The user must authorize again. ``action`` has the reason, and words for the user."""

    __module__ = "evergrant"


class RequestRejected(OAuthError):
    """The request itself must change: other parameters, other scopes."""

    __module__ = "evergrant"


class ConfigurationError(OAuthError):
    """The configuration of host, client or profile must change."""

    __module__ = "evergrant"


class MisuseError(OAuthError):
    """The program called in an order that makes no sense, and nothing was changed; fix the program."""

    __module__ = "evergrant"


_BY_ACTION: dict[str, type[OAuthError]] = {
    "retry_after": RetryLater,
    "reauthorize": ReauthorizationRequired,
    "adjust_request": RequestRejected,
    "fix_configuration": ConfigurationError,
    "give_up": OAuthError,
    "misuse": MisuseError,
}


def error_from_native(text: str, details: str, description: str | None) -> OAuthError:
    """Make the exception for an error of the native module, which calls this; ``details`` is JSON."""
    value = json.loads(details)
    kind = _BY_ACTION.get(value["action"]["type"], OAuthError)
    return kind(text, decode_error_details(value), description)
