//! Any text as a stored record: it is read or refused, never both, and what is read is written back as it was.

use evergrant::base::error::ErrorCode;
use evergrant::connection::record::Record;

/// The text.
pub fn run(data: &[u8]) {
    let Ok(text) = core::str::from_utf8(data) else { return };
    let record = match Record::from_json(text) {
        Ok(record) => record,
        Err(error) => {
            let known = [ErrorCode::InvalidRecord, ErrorCode::UnknownRecordFormat];
            // The environment's own fault keeps its code.
            assert!(
                known.contains(&error.code()) || error.details().field.is_some(),
                "{error:?}"
            );
            return;
        }
    };
    let written = record.to_json();
    let again = Record::from_json(written.expose()).expect("what was written is read");
    assert_eq!(again, record);
    assert_eq!(again.to_json().expose(), written.expose());
    let print = format!("{record:?} {:?}", record.ledger());
    for secret in ["refresh-", "access-"] {
        super::assert_unseen(secret, &print);
    }
}
