//! A checker that never fails proves nothing: workers that refresh as many programs do lose connections under the same
//! faults, and the checker says so.

use std::path::PathBuf;

use evergrant_chaos::run::{Options, run};

fn options(naive: bool) -> Options {
    Options {
        program: PathBuf::from(env!("CARGO_BIN_EXE_chaos_worker")),
        postgres: false,
        seed: 7,
        seconds: 10,
        workers: 4,
        connections: 40,
        rate: 30,
        naive,
        control: None,
        keep: None,
        loud: false,
    }
}

#[test]
fn naive_workers_lose_connections_that_need_not_be_lost() {
    let report = run(&options(true)).unwrap();
    for line in report.lines(7) {
        println!("{line}");
    }
    assert!(report.avoidable > 0, "nothing was lost");
    assert!(report.reuse_by_mistake > 0, "no old refresh token was used");
    assert!(report.violations.len() >= report.avoidable);
}
