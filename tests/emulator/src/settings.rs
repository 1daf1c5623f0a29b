//! What can be chosen about a provider, and each provider's documented choice.

use crate::credentials::BasicEncoding;
use crate::kernel::{Login, Policy};
use crate::provider::Dialect;

/// The shapes in which OFX (Apigee) words its errors.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ErrorShape {
    /// `{"ErrorCode":"invalid_request","Error":"…"}`.
    ErrorCode,
    /// `{"fault":{"faultstring":"…","detail":{"errorcode":"…"}}}`.
    Fault,
    /// `{"error":"…","error_description":"…"}`, for a proxy that was configured to follow RFC 6749.
    Rfc6749,
}

/// What can be chosen about one provider. A field names the providers that read it; others ignore it.
#[derive(Clone, PartialEq, Debug)]
pub struct Settings {
    /// All: rotation, reuse, logins and lives, in milliseconds. OFX takes its lives from the scope instead.
    pub policy: Policy,
    /// All but Airwallex: the life of a service token (client credentials), in milliseconds. OFX takes it from the
    /// scope.
    pub service_ms: i64,
    /// Airwallex: accept form bodies and HTTP Basic beside the documented JSON bodies.
    pub form_and_basic: bool,
    /// Airwallex: put `refresh_token_expires_in` into answers. AISP of OFX and Wise always do.
    pub refresh_life_in_answer: bool,
    /// Airwallex: put `account_id` into answers (seen in client code, not documented).
    pub account_in_answer: bool,
    /// Airwallex: answer the refresh of a deleted user in the shape of the API (`{"code":"unauthorized",…}`), not as
    /// `invalid_client`. The documents say only "authentication errors".
    pub deleted_user_as_api_error: bool,
    /// OFX: the shape of errors.
    pub error_shape: ErrorShape,
    /// Wise: accept token requests on the host without client certificates too.
    pub tokens_without_mtls: bool,
    /// Wise: redirect a refusal to the client; the documented behaviour is an error page and no callback.
    pub refusal_redirects: bool,
    /// Wise: the name of the callback parameter, `profileId` or `profileID`.
    pub profile_parameter: String,
    /// Wise: the status of `invalid_grant` at a code exchange (401 in the specification, 400 in older pages).
    pub exchange_rejection_status: u16,
    /// Wise: the status of `invalid_grant` at a refresh.
    pub refresh_rejection_status: u16,
    /// Generic: how id and secret are encoded in HTTP Basic.
    pub basic: BasicEncoding,
    /// Generic: put `iss` into callbacks (RFC 9207).
    pub issuer_in_callback: bool,
    /// All but Airwallex: a new service token kills the one before it.
    pub service_token_replaces: bool,
}

const SECOND: i64 = 1000;
const MINUTE: i64 = 60 * SECOND;
const DAY: i64 = 24 * 60 * MINUTE;

impl Settings {
    /// What the provider's documents say; where they say nothing, the strictest reading.
    pub(crate) fn documented(dialect: Dialect) -> Settings {
        Settings {
            policy: policy(dialect),
            service_ms: match dialect {
                // "client_credentials … 43199" (Wise, token API).
                Dialect::Wise => 43_199 * SECOND,
                _ => 3600 * SECOND,
            },
            form_and_basic: false,
            refresh_life_in_answer: true,
            account_in_answer: true,
            deleted_user_as_api_error: false,
            error_shape: ErrorShape::ErrorCode,
            tokens_without_mtls: false,
            refusal_redirects: false,
            profile_parameter: "profileId".to_owned(),
            exchange_rejection_status: 401,
            refresh_rejection_status: 400,
            basic: BasicEncoding::Form,
            issuer_in_callback: true,
            service_token_replaces: false,
        }
    }
}

fn policy(dialect: Dialect) -> Policy {
    match dialect {
        // Airwallex, Existing customers, steps 2 and 3: 5 minutes, 60 days, the old token works for a minute, later use
        // invalidates the connection. Whether a retry kills the lower answer is not said: the strictest reading.
        Dialect::Airwallex => Policy {
            refuses_concurrent: true,
            code_ms: MINUTE,
            ..Policy::newest_wins(MINUTE).lives(300 * SECOND, 60 * DAY)
        },
        // OFX, Introduction: "always use the refresh token returned in the most recent response", no grace documented.
        Dialect::Ofx => Policy {
            code_ms: 10 * MINUTE,
            ..Policy::no_window().harmless().lives(3599 * SECOND, 30 * DAY)
        },
        // Wise, "Linking accounts" and "Refresh tokens": codes live 30 minutes; a refresh kills the previous access token
        // at once; a repeated code grant kills the old refresh token while its last access token lives on.
        Dialect::Wise => Policy {
            code_ms: 30 * MINUTE,
            refresh_kills_access: true,
            login: Login::KillsRefresh,
            ..Policy::no_window()
                .harmless()
                .lives(43_199 * SECOND, 628_639_555 * SECOND)
        },
        // RFC 9700 section 4.14.2: rotation, and reuse kills.
        Dialect::Generic => Policy {
            code_ms: MINUTE,
            ..Policy::no_window().lives(3600 * SECOND, 30 * DAY)
        },
    }
}
