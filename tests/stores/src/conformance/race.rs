//! Saves at the same moment: exactly one of them wins, and the others are told what it stored.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Barrier;
use std::thread;
use std::time::Duration;

use evergrant::drive::store::{SaveResult, Store};
use evergrant::flow::input::StoreFailure;
use evergrant::flow::step::Save;

use crate::conformance::Subject;
use crate::conformance::answers;
use crate::conformance::script::{Race, Record};

/// How often a save is repeated that certainly did nothing, because the store was busy.
const REPEATS: u32 = 10;

/// What one contender was told in each round; `None` where the store panicked.
type Answers = Vec<Option<Result<SaveResult, StoreFailure>>>;

/// Runs the race; returns what must be stored after it.
pub(crate) fn run(race: &Race, key: &str, subject: &dyn Subject) -> Result<Record, String> {
    let handles = (0..race.contenders).map(|_| subject.open());
    let handles = handles.collect::<Result<Vec<_>, _>>()?;
    let barrier = Barrier::new(race.contenders);
    let all: Vec<Answers> = thread::scope(|scope| {
        let contend = |(number, handle)| {
            let barrier = &barrier;
            scope.spawn(move || contend(race, key, number, handle, barrier))
        };
        let threads: Vec<_> = handles.into_iter().enumerate().map(contend).collect();
        let joined = threads.into_iter().map(|thread| thread.join());
        joined.map(|answers| answers.unwrap_or_default()).collect()
    });
    let mut last = None;
    for round in 0..race.rounds {
        last = Some(judge(race, round, &all).map_err(|fault| format!("round {round}: {fault}"))?);
    }
    last.ok_or_else(|| "a race without rounds".to_owned())
}

fn contend(race: &Race, key: &str, number: usize, handle: Box<dyn Store + Send>, barrier: &Barrier) -> Answers {
    // So that connecting is over before the first round.
    let _ = caught(|| handle.load(key));
    let save = |round| {
        let save = wanted(race, key, round, number);
        barrier.wait();
        let mut answer = caught(|| handle.save(&save));
        for _ in 0..REPEATS {
            if answer != Some(Err(StoreFailure::Down)) {
                break;
            }
            thread::sleep(Duration::from_millis(20));
            answer = caught(|| handle.save(&save));
        }
        // So that no one is in the next round while another is still told of this one.
        barrier.wait();
        answer
    };
    (0..race.rounds).map(save).collect()
}

/// A panic in one contender would leave the others waiting for it.
fn caught<T>(act: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(act)).ok()
}

fn wanted(race: &Race, key: &str, round: usize, number: usize) -> Save {
    let expect = race.expect + round as i64;
    let record = format!("round {round}, contender {number}").into_bytes();
    Save::new(key, expect, None, "live", record)
}

fn judge(race: &Race, round: usize, all: &[Answers]) -> Result<Record, String> {
    let answers = || {
        all.iter()
            .enumerate()
            .map(|(number, answers)| (number, answers.get(round).and_then(Option::as_ref)))
    };
    let winners: Vec<usize> = answers()
        .filter(|(_, answer)| matches!(answer, Some(Ok(SaveResult::Saved { .. }))))
        .map(|(number, _)| number)
        .collect();
    let [winner] = winners.as_slice() else {
        return Err(format!(
            "{} of {} saves were done, expected one",
            winners.len(),
            all.len()
        ));
    };
    let save = wanted(race, "", round, *winner);
    let wanted = Record {
        version: save.version,
        record: save.record.record().to_vec(),
    };
    for (number, answer) in answers().filter(|(number, _)| number != winner) {
        match answer {
            Some(Ok(SaveResult::Conflict { stored, .. })) => answers::same(stored.as_ref(), Some(&wanted))
                .map_err(|fault| format!("contender {number} lost and was told of another record: {fault}"))?,
            Some(Err(failure)) => return Err(format!("contender {number} was told {failure:?}, expected a conflict")),
            _ => return Err(format!("contender {number} did not end")),
        }
    }
    Ok(wanted)
}
