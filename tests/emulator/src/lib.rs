//! The emulated providers: Airwallex, OFX, Wise and a generic one, on loopback, as a library and as a program.
//!
//! Each behaves as its documents say, and refuses what the real one refuses. What the documents leave open is a choice:
//! [`Settings`], above all the [`kernel::Policy`] of refresh tokens. Faults strike at named points ([`fault`]), the
//! clock can be moved ([`Clock`]), and the [`Journal`] tells what happened. The [`kernel`] alone, without I/O, serves
//! model checkers.
//!
//! ```no_run
//! use evergrant_emulator::{Decision, Emulator, Options, consent};
//!
//! # fn main() -> std::io::Result<()> {
//! let emulator = Emulator::start(Options::default())?;
//! let airwallex = emulator.airwallex();
//! let url = format!(
//!     "{}?response_type=code&client_id={}&redirect_uri=https%3A%2F%2Fapp.example%2Fcallback&scope=balance%3Aread&state=s",
//!     airwallex.authorize_url(),
//!     airwallex.client_id(),
//! );
//! let callback = consent(&url, Decision::ALLOW)?.callback();
//! # Ok(())
//! # }
//! ```

#![forbid(unsafe_code)]
#![deny(missing_docs)]

use std::sync::{Mutex, MutexGuard, PoisonError};

mod airwallex;
mod assertion;
mod authorize;
mod browser;
mod clock;
mod control;
mod credentials;
mod customers;
mod directory;
mod emulator;
pub mod fault;
mod generic;
mod http;
mod journal;
pub mod kernel;
mod mint;
mod ofx;
mod params;
mod provider;
mod realm;
mod server;
mod settings;
mod tls;
mod token;
mod wise;

pub use browser::{Decision, Landing, consent};
pub use clock::Clock;
pub use credentials::BasicEncoding;
pub use directory::Role;
pub use emulator::{Emulator, Options, Ports};
pub use journal::{Entry, Journal, What};
pub use provider::{Dialect, Provider};
pub use settings::{ErrorShape, Settings};
pub use tls::Certificates;

/// A panic of another thread spoils no state here: every change is made whole under its lock.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
