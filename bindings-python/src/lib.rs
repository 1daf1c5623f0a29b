//! evergrant for Python: the machines and the message functions of the core as the native module `evergrant._native`.
//!
//! Nothing is decided here. Values leave as JSON and are decoded by generated Python, secrets are classes that print
//! redacted, and errors become the exceptions that Python defines.

#![deny(missing_docs)]

mod access_token;
mod argument;
mod client;
mod clock;
mod error;
mod http;
mod messages;
mod service_token;
mod step;

/// The native module.
#[pyo3::pymodule(gil_used = false)]
mod _native {
    #[pymodule_export]
    use crate::access_token::AccessToken;
    #[pymodule_export]
    use crate::client::{Binding, Client, Login, Pending};
    #[pymodule_export]
    use crate::clock::Now;
    #[pymodule_export]
    use crate::http::{HttpRequest, HttpResponse};
    #[pymodule_export]
    use crate::messages::{message_names, messages};
    #[pymodule_export]
    use crate::service_token::{ServiceToken, ServiceTokenWork};
    #[pymodule_export]
    use crate::step::{Save, Send, Sign, Step};
}
