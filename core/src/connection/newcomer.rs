//! Who brings a consent, and to what.

use alloc::string::String;
use alloc::vec::Vec;

use crate::message::pending::Consenter;

/// What a login or an adoption says about the consent that may come of it.
#[derive(Clone)]
pub(crate) struct Newcomer {
    /// 128 random bits in base64url.
    pub(crate) consent_id: String,
    pub(crate) scopes_asked: Vec<String>,
    pub(crate) consenter: Option<Consenter>,
}
