//! evergrant for JavaScript: the machines and the message functions of the core as classes of wasm-bindgen.
//!
//! Nothing is decided here. Values leave as JSON, secrets as classes with accessors, errors as one JSON text that the
//! layer in `bindings-wasm/ts` makes an `OAuthError` of. The module imports nothing from the host but what
//! wasm-bindgen itself needs to throw.
//!
//! Two modules are built from this crate, each with one of the features `machines` and `messages`, so that who uses the
//! machines does not download the message functions.

#![cfg_attr(target_family = "wasm", no_std)]
#![deny(missing_docs)]

extern crate alloc;

mod json;
#[cfg(feature = "machines")]
mod machines;
#[cfg(feature = "messages")]
mod messages;

#[cfg(feature = "machines")]
pub use machines::{
    AccessToken, AuthorizationRequest, Binding, Client, HttpResponse, Scopes, ServiceToken, ServiceTokenWork,
    pending_id,
};
#[cfg(feature = "messages")]
pub use messages::{message_names, messages};

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
