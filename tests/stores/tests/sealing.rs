//! The sealing envelope: the vectors, and the store around it.

mod kit;

use std::collections::BTreeMap;

use base64ct::{Base64UrlUnpadded, Encoding};
use evergrant::drive::store::{NoStore, SaveResult, Store};
use evergrant::flow::input::StoreFailure;
use evergrant_stores::memory::MemoryStore;
use evergrant_stores::sealed::SealedStore;
use evergrant_stores::sealed::envelope::{self, Refusal};
use evergrant_stores::sealed::keys::{KeyError, KeyRing};
use kit::test_key;
use serde_json::Value;

const VECTORS: &str = include_str!("../conformance/sealing.json");

fn bytes(value: &Value) -> Vec<u8> {
    Base64UrlUnpadded::decode_vec(value.as_str().unwrap()).unwrap()
}

fn word(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::NotSealed => "not_sealed",
        Refusal::OtherFormat => "other_format",
        Refusal::Damaged => "damaged",
        Refusal::UnknownKid => "unknown_kid",
        Refusal::NotAuthentic => "not_authentic",
    }
}

#[test]
fn vectors() {
    let file: Value = serde_json::from_str(VECTORS).unwrap();
    assert_eq!(file["format"], 1);
    let key = |kid: &Value| <[u8; 32]>::try_from(bytes(&file["keys"][kid.as_str().unwrap()])).unwrap();
    let cases = file["cases"].as_array().unwrap();
    let mut ends = BTreeMap::<&str, usize>::new();
    for case in cases {
        let name = case["name"].as_str().unwrap();
        let (newest, older) = case["ring"].as_array().unwrap().split_first().unwrap();
        let mut ring = KeyRing::new(newest.as_str().unwrap(), key(newest)).unwrap();
        for kid in older {
            ring = ring.with_older(kid.as_str().unwrap(), key(kid)).unwrap();
        }
        let (environment, of) = (case["environment"].as_str().unwrap(), case["key"].as_str().unwrap());
        match case["do"].as_str().unwrap() {
            "seal" => {
                let (nonce, record) = (bytes(&case["nonce"]).try_into().unwrap(), bytes(&case["record"]));
                let sealed = envelope::seal(&ring, environment, of, nonce, &record).unwrap();
                assert!(sealed == bytes(&case["then"]["sealed"]), "{name}");
                assert!(
                    envelope::open(&ring, environment, of, &sealed).unwrap() == record,
                    "{name}"
                );
                assert_eq!(envelope::kid(&sealed).unwrap(), newest.as_str().unwrap());
                *ends.entry("sealed").or_default() += 1;
            }
            "open" => {
                let opened = envelope::open(&ring, environment, of, &bytes(&case["sealed"]));
                match case["then"]["locked"].as_str() {
                    Some(reason) => {
                        assert_eq!(opened.map(|_| "opened").map_err(word), Err(reason), "{name}");
                        *ends.entry(reason).or_default() += 1;
                    }
                    None => {
                        assert!(opened.unwrap() == bytes(&case["then"]["opened"]), "{name}");
                        *ends.entry("opened").or_default() += 1;
                    }
                }
            }
            other => panic!("{name}: {other} is neither seal nor open"),
        }
    }
    assert_eq!(ends.len(), 7, "every end has a case: {ends:?}");
    assert!(cases.len() >= 40);
}

fn ring(newest: &str, older: &[&str]) -> KeyRing {
    // The key of a name is its length in every byte; test values.
    let key = |kid: &str| [kid.len() as u8; 32];
    older
        .iter()
        .fold(KeyRing::new(newest, key(newest)).unwrap(), |ring, kid| {
            ring.with_older(kid, key(kid)).unwrap()
        })
}

fn sealed(memory: &MemoryStore, ring: KeyRing) -> SealedStore<MemoryStore> {
    SealedStore::new(memory.clone(), ring, "sandbox")
}

fn kid_in(memory: &MemoryStore, key: &str) -> String {
    let stored = memory.load(key).unwrap().stored.unwrap();
    envelope::kid(stored.record()).unwrap().to_owned()
}

/// Rotation without a stop: first every machine learns to open with the new key, then they seal with it, record by record.
#[test]
fn keys_rotate() {
    let memory = MemoryStore::default();
    let old = sealed(&memory, ring("one", &[]));
    assert!(kit::is_saved(old.save(&kit::save("a", 0, b"first"))));
    assert!(kit::is_saved(old.save(&kit::save("idle", 0, b"idle"))));

    let learning = sealed(&memory, ring("one", &["second"]));
    let new = sealed(&memory, ring("second", &["one"]));
    assert_eq!(new.load("a").unwrap().stored.unwrap().record(), b"first");
    assert_eq!(kid_in(&memory, "a"), "one", "loading seals nothing anew");
    assert!(kit::is_saved(new.save(&kit::save("a", 1, b"second"))));
    assert_eq!(kid_in(&memory, "a"), "second", "saving does");
    assert_eq!(learning.load("a").unwrap().stored.unwrap().record(), b"second");

    // A machine that was not told: the record is there, and locked; it can neither be read nor written over.
    assert_eq!(old.load("a"), Err(StoreFailure::Locked));
    assert_eq!(old.save(&kit::save("a", 1, b"late")), Err(StoreFailure::Locked));
    assert_eq!(old.save(&kit::save("a", 0, b"new consent")), Err(StoreFailure::Locked));
    assert_eq!(new.load("a").unwrap().stored.unwrap().version(), 2);

    // The old key was retired while a record still needs it.
    let only_new = sealed(&memory, ring("second", &[]));
    assert_eq!(only_new.load("idle"), Err(StoreFailure::Locked));
    assert!(only_new.load("none").unwrap().stored.is_none(), "absent is not locked");
}

#[test]
fn a_record_belongs_to_its_key_and_environment() {
    let memory = MemoryStore::default();
    let store = sealed(&memory, ring("one", &[]));
    assert!(kit::is_saved(store.save(&kit::save("a", 0, b"of a"))));
    let stolen = memory.load("a").unwrap().stored.unwrap();
    assert!(kit::is_saved(memory.save(&kit::save("b", 0, stolen.record()))));
    assert_eq!(store.load("b"), Err(StoreFailure::Locked));
    let production = SealedStore::new(memory.clone(), ring("one", &[]), "production");
    assert_eq!(production.load("a"), Err(StoreFailure::Locked));
}

/// What sealing cannot see: an older record of the same key, put back.
#[test]
fn a_record_that_was_put_back_opens() {
    let memory = MemoryStore::default();
    let store = sealed(&memory, ring("one", &[]));
    assert!(kit::is_saved(store.save(&kit::save("a", 0, b"old"))));
    let old = memory.load("a").unwrap().stored.unwrap();
    assert!(kit::is_saved(store.save(&kit::save("a", 1, b"new"))));
    assert!(kit::is_saved(memory.save(&kit::save("a", 2, old.record()))));
    assert_eq!(store.load("a").unwrap().stored.unwrap().record(), b"old");
}

#[test]
fn nothing_readable_reaches_the_store() {
    let memory = MemoryStore::default();
    let store = sealed(&memory, ring("one", &[]));
    let mut seen = Vec::<Vec<u8>>::new();
    for version in 0..20 {
        assert!(kit::is_saved(store.save(&kit::save("a", version, b"the same words"))));
        let stored = memory.load("a").unwrap().stored.unwrap();
        assert!(!stored.record().windows(4).any(|window| window == b"same"));
        assert!(
            !seen.iter().any(|seen| seen == stored.record()),
            "a nonce was used twice"
        );
        seen.push(stored.record().to_vec());
    }
    match store.save(&kit::save("a", 7, b"late")).unwrap() {
        SaveResult::Conflict {
            stored: Some(stored), ..
        } => assert_eq!(stored.record(), b"the same words"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn failures_of_the_inner_store_pass_through() {
    struct Unsure;
    impl Store for Unsure {
        fn load(&self, _: &str) -> Result<evergrant::drive::store::Loaded, StoreFailure> {
            Err(StoreFailure::Locked)
        }
        fn save(&self, _: &evergrant::flow::step::Save) -> Result<SaveResult, StoreFailure> {
            Err(StoreFailure::Unknown)
        }
    }
    let down = SealedStore::new(NoStore, kit::ring(), "sandbox");
    assert_eq!(down.load("a"), Err(StoreFailure::Down));
    assert_eq!(down.save(&kit::save("a", 0, b"x")), Err(StoreFailure::Down));
    let unsure = SealedStore::new(Unsure, kit::ring(), "sandbox");
    assert_eq!(unsure.load("a"), Err(StoreFailure::Locked));
    assert_eq!(unsure.save(&kit::save("a", 0, b"x")), Err(StoreFailure::Unknown));
}

#[test]
fn key_ids_are_checked() {
    let long = "k".repeat(256);
    for kid in ["", "a b", "a\n", "schlüssel", long.as_str()] {
        assert_eq!(KeyRing::new(kid, test_key(0)).unwrap_err(), KeyError::Kid, "{kid}");
    }
    assert!(KeyRing::new(&long[1..], test_key(0)).is_ok());
    let ring = kit::ring();
    assert_eq!(ring.with_older("test-1", test_key(1)).unwrap_err(), KeyError::Taken);
}

#[test]
fn keys_do_not_show() {
    let ring = KeyRing::new("2026-11", test_key(200))
        .unwrap()
        .with_older("2026-01", test_key(100))
        .unwrap();
    let store = SealedStore::new(NoStore, ring, "sandbox");
    let printed = format!("{store:?}");
    assert!(printed.contains("2026-11") && printed.contains("2026-01") && printed.contains("sandbox"));
    assert!(
        !printed.contains("200") && !printed.contains("201") && !printed.contains("c8"),
        "{printed}"
    );
}

/// Opening never panics and never accepts, whatever the bytes.
mod hostile {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            prop_assert!(envelope::open(&kit::ring(), "sandbox", "a", &bytes).is_err());
            let mut sealed = b"EGSL\x01".to_vec();
            sealed.extend(bytes);
            prop_assert!(envelope::open(&kit::ring(), "sandbox", "a", &sealed).is_err());
        }

        #[test]
        fn one_changed_bit(record in proptest::collection::vec(any::<u8>(), 0..40), at in any::<proptest::sample::Index>(), bit in 0..8) {
            let mut sealed = envelope::seal(&kit::ring(), "sandbox", "a", [7; 12], &record).unwrap();
            let at = at.index(sealed.len());
            sealed[at] ^= 1_u8 << bit;
            prop_assert!(envelope::open(&kit::ring(), "sandbox", "a", &sealed).is_err());
        }

        #[test]
        fn round_trip(record in proptest::collection::vec(any::<u8>(), 0..300), key in ".{0,40}", environment in ".{0,20}") {
            let sealed = envelope::seal(&kit::ring(), &environment, &key, [7; 12], &record).unwrap();
            prop_assert_eq!(envelope::open(&kit::ring(), &environment, &key, &sealed).unwrap(), record);
        }
    }
}
