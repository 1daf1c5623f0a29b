//! Arguments that Python may fill with anything.
//!
//! Nothing is allocated by what a `__len__` claims, and no exception holds the text or the bytes that were refused.

use pyo3::exceptions::{PyTypeError, PyUnicodeEncodeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyMapping, PySequence, PyString};

/// The most items that a list may have; no honest one comes near.
const MAX_ITEMS: usize = 1000;

/// A `str`.
///
/// Python's own error for one with a lone surrogate holds the whole text, and that may be a secret; so it is dropped.
#[derive(Clone, Copy)]
pub(crate) struct Text<'a>(pub(crate) &'a str);

impl<'a> FromPyObject<'a, '_> for Text<'a> {
    type Error = PyErr;

    fn extract(object: Borrowed<'a, '_, PyAny>) -> PyResult<Self> {
        object.extract::<&str>().map(Self).map_err(|error| {
            if error.is_instance_of::<PyUnicodeEncodeError>(object.py()) {
                PyValueError::new_err("must be text without lone surrogates")
            } else {
                error
            }
        })
    }
}

/// A sequence of `str`, but not a `str` itself.
pub(crate) struct Texts(pub(crate) Vec<String>);

impl FromPyObject<'_, '_> for Texts {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        sequence(object)?;
        items(&object, |item| item.extract().map(|Text(text)| text.to_owned())).map(Self)
    }
}

/// A sequence of pairs of `str`.
pub(crate) struct Pairs(pub(crate) Vec<(String, String)>);

impl FromPyObject<'_, '_> for Pairs {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        sequence(object)?;
        items(&object, pair).map(Self)
    }
}

/// A mapping from `str` to `str`, in its order.
pub(crate) struct Map(pub(crate) Vec<(String, String)>);

impl FromPyObject<'_, '_> for Map {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, '_, PyAny>) -> PyResult<Self> {
        object.cast::<PyMapping>()?;
        items(&object.call_method0("items")?, pair).map(Self)
    }
}

fn pair(item: &Bound<'_, PyAny>) -> PyResult<(String, String)> {
    let (Text(first), Text(second)) = item.extract()?;
    Ok((first.to_owned(), second.to_owned()))
}

fn sequence(object: Borrowed<'_, '_, PyAny>) -> PyResult<()> {
    if object.is_instance_of::<PyString>() {
        return Err(PyTypeError::new_err("must be a sequence, and a str is not meant"));
    }
    object.cast::<PySequence>()?;
    Ok(())
}

/// What iterating gives, taken in one by one; neither a length nor a hint of one is believed.
fn items<T>(object: &Bound<'_, PyAny>, take: impl Fn(&Bound<'_, PyAny>) -> PyResult<T>) -> PyResult<Vec<T>> {
    let mut items = Vec::new();
    for item in object.try_iter()? {
        if items.len() == MAX_ITEMS {
            return Err(PyValueError::new_err(format!("must have at most {MAX_ITEMS} items")));
        }
        items.push(take(&item?)?);
    }
    Ok(items)
}
