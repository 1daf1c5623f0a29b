"""OAuth 2 client core without I/O: the host sends, stores, signs and reads the clock; evergrant decides."""

from . import _types
from ._errors import (
    ConfigurationError,
    MisuseError,
    OAuthError,
    ReauthorizationRequired,
    RequestRejected,
    RetryLater,
)
from ._native import (
    AccessToken,
    Binding,
    Client,
    HttpRequest,
    HttpResponse,
    Login,
    Now,
    Pending,
    Save,
    Send,
    ServiceToken,
    ServiceTokenWork,
    Sign,
    Step,
    message_names,
    messages,
)
from ._types import *

__all__ = [
    "AccessToken",
    "Binding",
    "Client",
    "ConfigurationError",
    "HttpRequest",
    "HttpResponse",
    "Login",
    "MisuseError",
    "Now",
    "OAuthError",
    "Pending",
    "ReauthorizationRequired",
    "RequestRejected",
    "RetryLater",
    "Save",
    "Send",
    "ServiceToken",
    "ServiceTokenWork",
    "Sign",
    "Step",
    "message_names",
    "messages",
]

# The generated values.
__all__ += _types.__all__
