//! The shell around the table loses nothing: runs of the model, played again through the public machine; and the runs that
//! are kept as schedules for every language.

use std::fs;
use std::path::{Path, PathBuf};

use evergrant::connection::policy::Policy;
use evergrant_tests::fuzz::mutation::{Numbers, cases};
use evergrant_tests::model::scenario::{self, Scenario};
use evergrant_tests::model::world::{Act, World};
use evergrant_tests::model::{login, switched};
use evergrant_tests::shell::found::{exactly, kept};
use evergrant_tests::shell::play::Played;
use evergrant_tests::shell::replay::replay;
use serde_json::Value;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("schedules")
}

fn files() -> Vec<(String, Value)> {
    let mut files: Vec<_> = fs::read_dir(folder())
        .expect("the schedules")
        .map(|entry| entry.expect("a file").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "json"))
        .map(|path| {
            let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
            let text = fs::read_to_string(&path).expect("a schedule");
            (name, serde_json::from_str(&text).expect("JSON"))
        })
        .collect();
    files.sort_by(|(one, _), (other, _)| one.cmp(other));
    files
}

/// One line for each member, and for each step.
fn lines(schedule: &Value) -> String {
    let members = schedule
        .as_object()
        .expect("an object")
        .iter()
        .map(|(name, value)| match value {
            Value::Array(items) => {
                let items: Vec<_> = items.iter().map(|item| format!("    {item}")).collect();
                format!("  \"{name}\": [\n{}\n  ]", items.join(",\n"))
            }
            value => format!("  \"{name}\": {value}"),
        });
    format!("{{\n{}\n}}\n", members.collect::<Vec<_>>().join(",\n"))
}

/// With `WRITE` in the environment they are written.
#[test]
fn the_schedules_are_those_that_the_model_finds() {
    let mut found: Vec<_> = kept()
        .expect("the machine does what the table does")
        .into_iter()
        .map(|kept| (kept.file, kept.schedule))
        .collect();
    found.sort_by(|(one, _), (other, _)| one.cmp(other));
    assert_eq!(found.len(), switched::cases().len());
    if std::env::var("WRITE").is_ok() {
        for (name, _) in files() {
            fs::remove_file(folder().join(name + ".json")).expect("an old schedule");
        }
        for (name, schedule) in &found {
            fs::write(folder().join(format!("{name}.json")), lines(schedule)).expect("a schedule is written");
        }
    }
    for ((file, committed), (name, schedule)) in files().iter().zip(&found) {
        assert_eq!(file, name);
        assert!(
            committed == schedule,
            "{file} is stale; write it anew, tests/schedules/README.md says how"
        );
    }
    assert_eq!(files().len(), found.len());
}

#[test]
fn every_schedule_is_replayed() {
    let files = files();
    assert!(files.len() >= 15);
    for (name, schedule) in &files {
        replay(schedule).unwrap_or_else(|fault| panic!("{name}: {fault}"));
    }
}

/// A replay that accepted anything would prove nothing.
#[test]
fn a_schedule_that_was_changed_is_noticed() {
    for (name, schedule) in files() {
        let steps = schedule["steps"].as_array().expect("steps").len();
        for at in (0..steps).step_by(steps.div_ceil(5).max(1)) {
            let mut changed = schedule.clone();
            let entry = &mut changed["steps"][at];
            if let Some(shown) = entry.get_mut("shown") {
                shown["type"] = Value::from("another");
            } else {
                entry["entropy"] = Value::from("7f".repeat(32));
            }
            assert!(replay(&changed).is_err(), "{name}: entry {at}");
        }
    }
}

/// Any acts that may happen, faults among them.
fn wander(scenario: &Scenario, seed: u64) -> Vec<Act> {
    let mut numbers = Numbers::new(seed);
    let mut world = World::start(scenario);
    let mut possible = Vec::new();
    let mut chosen = Vec::new();
    for _ in 0..120 {
        world.acts(scenario, &mut possible);
        if possible.is_empty() {
            break;
        }
        let act = possible[numbers.below(possible.len())];
        chosen.push(act);
        world = world.after(scenario, act);
    }
    chosen
}

#[test]
fn a_sample_of_runs_goes_through_the_machine_unchanged() {
    let (mut steps, mut runs, mut cut) = (0, 0, 0);
    let scenarios: Vec<Scenario> = scenario::all()
        .into_iter()
        .chain(scenario::providers())
        .chain(login::all())
        // A profile says its window in seconds.
        .filter(|scenario| scenario.client.window % 1_000 == 0 || scenario.client.window >= Policy::UNLIMITED)
        .collect();
    for (at, scenario) in scenarios.iter().enumerate() {
        let scenario = scenario.clone().impatient().budget(3);
        for round in 0..u64::from(cases(64)) / 8 {
            let seed = round * 1_000 + at as u64;
            let run = exactly(&scenario, &wander(&scenario, seed));
            steps += run.told.len();
            runs += 1;
            match Played::of(&scenario, &run.start, &run.told) {
                Ok(played) => cut += usize::from(played.ended_early),
                Err(fault) => panic!("{}, seed {seed}: {fault}", scenario.name),
            }
        }
    }
    println!("report: {steps} steps of works, each the same in numbers and in HTTP and JSON");
    println!("report: {runs} runs, of which {cut} were cut off where the machine gives up waiting");
    assert!(steps > 1_000 && cut * 20 < runs);
}
