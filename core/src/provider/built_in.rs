//! The profiles that ship with the library, as data; what is known of each field stands in `evidence/`, which no binary carries.

/// Ids and texts. A test reads every one of them.
pub(crate) const TEXTS: [(&str, &str); 7] = [
    ("airwallex", include_str!("data/airwallex.json")),
    ("ofx_payments", include_str!("data/ofx_payments.json")),
    ("ofx_rates", include_str!("data/ofx_rates.json")),
    ("ofx_aisp", include_str!("data/ofx_aisp.json")),
    ("ofx_pisp", include_str!("data/ofx_pisp.json")),
    ("wise", include_str!("data/wise.json")),
    ("generic", include_str!("data/generic.json")),
];
