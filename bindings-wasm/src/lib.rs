//! evergrant for JavaScript: the machines and the message functions of the core as classes of wasm-bindgen.
//!
//! Nothing is decided here. Values leave as JSON, secrets as classes with accessors, errors as one JSON text that the
//! layer in `bindings-wasm/ts` makes an `OAuthError` of. The module imports nothing from the host but what
//! wasm-bindgen itself needs to throw.

#![cfg_attr(target_family = "wasm", no_std)]
#![deny(missing_docs)]

extern crate alloc;

mod access_token;
mod client;
mod http;
mod json;
mod messages;
mod numbers;
mod service_token;
mod step;

pub use access_token::AccessToken;
pub use client::{AuthorizationRequest, Binding, Client, pending_id};
pub use http::HttpResponse;
pub use messages::{message_names, messages};
pub use service_token::{ServiceToken, ServiceTokenWork};

#[cfg(target_family = "wasm")]
mod platform {
    //! What `std` would bring.

    #[global_allocator]
    static ALLOCATOR: dlmalloc::GlobalDlmalloc = dlmalloc::GlobalDlmalloc;

    /// No call of the core is known to panic; one that does stops the module, and JavaScript sees a `RuntimeError`.
    #[panic_handler]
    fn stop(_: &core::panic::PanicInfo<'_>) -> ! {
        core::arch::wasm32::unreachable()
    }
}
