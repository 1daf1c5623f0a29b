//! One file per protocol message, request beside answer: pure functions.

pub mod access_token;
pub mod authorize;
pub mod binding;
pub mod callback;
mod damaged;
mod harvest;
pub mod oddity;
pub mod pending;
pub mod pkce;
pub mod resource;
pub mod revocation;
pub mod settle;
pub mod token_answer;
mod token_error;
mod token_life;
pub mod token_request;
pub mod www_authenticate;
