//! Errors and values on their way to Python.

use evergrant::base::error::OAuthError;
use pyo3::prelude::*;
use pyo3::types::PyString;
use serde::Serialize;

/// The Python exception for an error of the core, about to be raised.
///
/// The exceptions are defined in Python, in `evergrant._errors`; no other place raises them.
pub(crate) fn raised(error: OAuthError) -> PyErr {
    Python::attach(|py| match exception(py, &error) {
        Ok(exception) => PyErr::from_value(exception),
        Err(error) => error,
    })
}

/// The Python exception for an error of the core, as a value.
pub(crate) fn exception<'py>(py: Python<'py>, error: &OAuthError) -> PyResult<Bound<'py, PyAny>> {
    py.import("evergrant._errors")?.getattr("error_from_native")?.call1((
        error.to_string(),
        to_json(error.details()),
        error.description(),
    ))
}

/// A value of the core, decoded by the function of this name in the generated `evergrant._types`.
pub(crate) fn decoded<'py>(py: Python<'py>, decoder: &str, value: &impl Serialize) -> PyResult<Bound<'py, PyAny>> {
    let value = py.import("json")?.getattr("loads")?.call1((to_json(value),))?;
    py.import("evergrant._types")?
        .getattr(PyString::new(py, decoder))?
        .call1((value,))
}

/// A value of the core as JSON. Strings, numbers, lists and structs always have one; anything else would be `null`.
fn to_json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_else(|_| "null".into())
}
