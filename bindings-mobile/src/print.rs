//! How objects print: as the core prints what they wrap, which is redacted where it has to be.

/// `Debug` of wrappers around one value of the core.
macro_rules! as_the_core_does {
    ($($name:ty),+) => {
        $(impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Debug::fmt(&self.0, f)
            }
        })+
    };
}

pub(crate) use as_the_core_does;
