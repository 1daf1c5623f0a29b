//! The profiles that ship with the library, as data; what is known of each field stands in `evidence/`, which no binary carries.

use crate::base::error::{ErrorCode, OAuthError};
use crate::provider::profile::Profile;

/// Ids and texts. A test reads every one of them.
const TEXTS: [(&str, &str); 7] = [
    ("airwallex", include_str!("data/airwallex.json")),
    ("ofx_payments", include_str!("data/ofx_payments.json")),
    ("ofx_rates", include_str!("data/ofx_rates.json")),
    ("ofx_aisp", include_str!("data/ofx_aisp.json")),
    ("ofx_pisp", include_str!("data/ofx_pisp.json")),
    ("wise", include_str!("data/wise.json")),
    ("generic", include_str!("data/generic.json")),
];

impl Profile {
    /// A profile that ships with the library.
    ///
    /// The ids: `airwallex`, `ofx_payments`, `ofx_rates`, `ofx_aisp`, `ofx_pisp`, `wise`, and `generic`, which has no
    /// hosts and keeps to the RFCs.
    ///
    /// # Errors
    /// `unknown_profile` for any other id.
    pub fn built_in(id: &str) -> Result<Self, OAuthError> {
        match TEXTS.iter().find(|(known, _)| *known == id) {
            Some((_, text)) => Self::from_json(text),
            None => Err(OAuthError::configuration(
                ErrorCode::UnknownProfile,
                "no built-in profile has this id; choose one of airwallex, ofx_payments, ofx_rates, ofx_aisp, ofx_pisp, wise and generic, or load your own from JSON",
            )
            .at("profile")),
        }
    }

    /// The ids of the profiles that ship with the library.
    pub fn built_in_ids() -> impl Iterator<Item = &'static str> {
        TEXTS.iter().map(|(id, _)| *id)
    }
}
