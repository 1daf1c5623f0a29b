//! The low door: the pure functions of the core by name, JSON in and JSON out.

use pyo3::prelude::*;

use crate::argument::Text;
use crate::error::raised;

/// Call the message function of this name: JSON in, JSON out.
///
/// This is the low door. Secrets are plain text here, and nothing makes sure that anything is saved before it is sent.
#[pyfunction]
#[pyo3(signature = (name, input, /))]
pub(crate) fn messages(name: Text<'_>, input: Text<'_>) -> PyResult<String> {
    evergrant::messages::call(name.0, input.0).map_err(raised)
}

/// The names that ``messages`` knows.
#[pyfunction]
pub(crate) fn message_names() -> Vec<&'static str> {
    evergrant::messages::names().collect()
}
