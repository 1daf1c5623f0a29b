//! What stops the generator, with the place.

use std::fmt;

/// A source that cannot be read, or a value outside the contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    file: String,
    place: String,
    what: String,
}

impl Fault {
    /// `place` is a type, `Type.field` or `Type::Variant.field`, or empty where the whole file is meant.
    pub fn new(file: impl Into<String>, place: impl Into<String>, what: impl Into<String>) -> Self {
        Self {
            file: file.into(),
            place: place.into(),
            what: what.into(),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.file)?;
        if !self.place.is_empty() {
            write!(f, "{}: ", self.place)?;
        }
        f.write_str(&self.what)
    }
}

impl std::error::Error for Fault {}
