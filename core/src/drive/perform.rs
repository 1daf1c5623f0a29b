//! What the host's answers are to a machine: the same for every driver.

use std::vec::Vec;

use crate::client::assertion::SignatureEncoding;
use crate::drive::host::Exchange;
use crate::drive::store::{Loaded, SaveResult};
use crate::flow::input::{Input, StoreFailure};

/// What came of loading.
pub(crate) fn loaded(result: Result<Loaded, StoreFailure>) -> Input {
    match result {
        Ok(Loaded { stored, store_now }) => Input::Loaded { stored, store_now },
        Err(failure) => Input::StoreFailed(failure),
    }
}

/// What came of saving.
pub(crate) fn saved(result: Result<SaveResult, StoreFailure>) -> Input {
    match result {
        Ok(SaveResult::Saved { store_now }) => Input::Saved { store_now },
        Ok(SaveResult::Conflict { stored, store_now }) => Input::Conflict { stored, store_now },
        Err(failure) => Input::StoreFailed(failure),
    }
}

/// What came of signing.
pub(crate) fn signed(signature: Option<(Vec<u8>, SignatureEncoding)>) -> Input {
    match signature {
        Some((signature, encoding)) => Input::Signed { signature, encoding },
        None => Input::SignFailed,
    }
}

/// What came of sending, once the exchange is over.
pub(crate) fn exchanged(exchange: Exchange) -> Input {
    match exchange {
        Exchange::Answer(answer) => Input::Answer(answer),
        Exchange::NotSent => Input::NotSent,
        Exchange::NoAnswer(partial) => Input::NoAnswer { over: true, partial },
    }
}
