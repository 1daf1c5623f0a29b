#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| evergrant_tests::fuzz::record::run(data));
