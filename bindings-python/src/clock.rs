//! Time and randomness, as Python hands them in.

use std::time::Duration;

use evergrant::base::time;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

/// The moment of a call on both of the host's clocks, in milliseconds.
#[pyclass(module = "evergrant", frozen, eq, hash, from_py_object)]
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Now(pub(crate) time::Now);

#[pymethods]
impl Now {
    #[new]
    fn new(wall: i64, steady: i64) -> Self {
        Self(time::Now { wall, steady })
    }

    /// This machine's clocks.
    #[staticmethod]
    fn system() -> Self {
        Self(time::Now::system())
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    #[getter]
    fn wall(&self) -> i64 {
        self.0.wall
    }

    /// Milliseconds on a clock that never goes back.
    #[getter]
    fn steady(&self) -> i64 {
        self.0.steady
    }

    fn __repr__(&self) -> String {
        format!("Now(wall={}, steady={})", self.0.wall, self.0.steady)
    }
}

/// 32 fresh bytes of ``os.urandom``.
pub(crate) fn entropy(bytes: &[u8]) -> PyResult<[u8; 32]> {
    bytes
        .try_into()
        .map_err(|_| PyValueError::new_err("entropy must be 32 bytes"))
}

/// A `timedelta` in whole milliseconds.
pub(crate) fn millis(duration: Duration) -> PyResult<i64> {
    i64::try_from(duration.as_millis()).map_err(|_| PyValueError::new_err("the duration is too long"))
}

/// Milliseconds as a `timedelta`: 0 for fewer, `timedelta.max` for more than it can hold.
pub(crate) fn duration(ms: i64) -> Duration {
    const MAX: Duration = Duration::new(1_000_000_000 * 24 * 60 * 60 - 1, 999_999_000);
    Duration::from_millis(ms.max(0).unsigned_abs()).min(MAX)
}
