//! Records and connections.

use std::time::Duration;

use divan::{AllocProfiler, Bencher, black_box};
use evergrant::connection::record::Record;
use evergrant_bench::{Host, client};

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

fn main() {
    let record = record().to_json();
    println!("a record of a live connection: {} bytes\n", record.expose().len());
    divan::main();
}

fn refreshed() -> Host {
    let mut host = Host::connected(&client(), "acct_123").late();
    host.refresh();
    host
}

fn record() -> Record {
    refreshed().connection().record().expect("a record").clone()
}

#[divan::bench(sample_count = 1000)]
fn record_encode(bencher: Bencher) {
    let record = record();
    bencher.bench_local(|| black_box(&record).to_json());
}

#[divan::bench(sample_count = 1000)]
fn record_decode(bencher: Bencher) {
    let text = record().to_json();
    bencher.bench_local(|| Record::from_json(black_box(text.expose())).expect("a record"));
}

/// The fast path: a token that serves, from memory.
#[divan::bench(sample_count = 1000)]
fn token_from_memory(bencher: Bencher) {
    let host = refreshed();
    let now = host.now();
    bencher.bench_local(|| {
        let token = black_box(host.connection()).token(black_box(now), black_box(Duration::ZERO));
        assert!(black_box(token).is_some());
    });
}

/// One refresh through the machine: load, save, send, save. The store is a variable, the provider a constant.
#[divan::bench(sample_count = 1000)]
fn one_refresh(bencher: Bencher) {
    let host = refreshed().late();
    bencher
        .with_inputs(|| host.clone())
        .bench_local_refs(|host| host.refresh());
}

/// Ten thousand connections, each refreshing once.
#[divan::bench(sample_count = 20, sample_size = 1)]
fn ten_thousand_refreshes(bencher: Bencher) {
    let client = client();
    let hosts = || -> Vec<Host> {
        let host = |number: usize| Host::connected(&client, &format!("acct_{number}")).late();
        (0..10_000).map(host).collect()
    };
    bencher.with_inputs(hosts).bench_local_refs(|hosts| {
        for host in hosts {
            host.refresh();
        }
    });
}
