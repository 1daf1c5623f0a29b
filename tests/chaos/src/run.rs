//! One run: start everything, let it go wrong for a while, let it settle, ask every connection, and account.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use evergrant::base::error::{Action, ErrorCode, OAuthError};
use evergrant::drive::connections::Connections;
use evergrant::drive::finished::Finished;
use evergrant::drive::store::Store;
use evergrant::flow::step::Save;
use evergrant::message::authorize::AuthorizationRequest;
use evergrant::message::binding::Binding;
use evergrant_stores::memory::MemoryStore;
use serde_json::{Value, json};

use crate::gate::{Watch, What};
use crate::host::ChaosHost;
use crate::judge::{Case, Ending, Evidence, Reuse, Verdict};
use crate::kill::Kill;
use crate::log::{self, Line, Log};
use crate::naive::{self, Naive};
use crate::providers::{Group, Providers};
use crate::rng::Rng;
use crate::store::{ChaosStore, Place};
use crate::time::{Clocks, Scale};
use crate::workers::{Crew, Post, Tally};

/// How long the watcher waits for a connection at the end, in fast time: longer than a window, the protocol's patience
/// and the life of an access token together.
const PATIENCE: i64 = 900_000;
/// How many connections are asked at once at the end.
const ASKERS: usize = 8;

/// What a run is to do.
#[derive(Clone, Debug)]
pub struct Options {
    /// The worker program.
    pub program: PathBuf,
    /// Where the records are; for SQLite the name of the file is chosen.
    pub postgres: bool,
    /// What chance begins with.
    pub seed: u64,
    /// How long things go wrong, in real seconds.
    pub seconds: u64,
    /// How many workers serve the providers with a window; half as many, at least two, serve those without.
    pub workers: usize,
    /// How many connections Airwallex has.
    pub connections: usize,
    /// How fast time runs.
    pub rate: i64,
    /// Workers that refresh as many programs do.
    pub naive: bool,
    /// The program that starts and stops PostgreSQL: `start`, `crash`.
    pub control: Option<PathBuf>,
    /// Keep the logs here.
    pub keep: Option<PathBuf>,
    /// Print progress.
    pub loud: bool,
}

/// What came of a run.
#[derive(Clone, Debug, Default)]
pub struct Report {
    /// The store.
    pub store: String,
    /// Refreshes that were answered with tokens.
    pub refreshes: usize,
    /// Refreshes that succeeded otherwise than at the first try, by how.
    pub recovered: BTreeMap<String, usize>,
    /// Faults by kind.
    pub faults: BTreeMap<String, usize>,
    /// What happened to processes.
    pub tally: Tally,
    /// Connections.
    pub connections: usize,
    /// Losses that nobody could avoid.
    pub unavoidable: usize,
    /// Losses that need not be.
    pub avoidable: usize,
    /// Grants that were killed because an old refresh token came back.
    pub reuse_detections: usize,
    /// Of these, by a promoted answer that was dead already.
    pub reuse_of_promoted: usize,
    /// Of these, by requests that are neither that nor last chances nor confirmations.
    pub reuse_by_mistake: usize,
    /// Everything that must not be, in words.
    pub violations: Vec<String>,
    /// The stories of the losses that nobody could avoid.
    pub losses: Vec<String>,
    /// Real seconds.
    pub seconds: u64,
    /// How far the providers' clocks were off at the end, in fast time.
    pub clock_offset: i64,
    /// Requests that may have been processed too late (the machine was busy).
    pub late: usize,
}

impl Report {
    /// In lines.
    pub fn lines(&self, seed: u64) -> Vec<String> {
        let list = |counts: &BTreeMap<String, usize>| {
            let all: Vec<String> = counts.iter().map(|(kind, count)| format!("{kind} {count}")).collect();
            all.join(", ")
        };
        let Tally {
            killed,
            died,
            restarts,
            stopped,
            stepped,
            failed,
        } = self.tally;
        let name = &self.store;
        vec![
            format!(
                "{name}: {} connections, {} refreshes, of which recovered: {}",
                self.connections,
                self.refreshes,
                list(&self.recovered)
            ),
            format!("{name}: faults: {}", list(&self.faults)),
            format!(
                "{name}: processes: {} kills ({killed} at any moment, {died} at chosen points), {restarts} restarts, \
                 {stopped} pauses, {stepped} clock steps, {failed} failed",
                killed + died
            ),
            format!(
                "{name}: lost {} (avoidable: {}), reuse detections {} ({} of promoted answers, {} by mistake), requests processed late {}, \
                 clock offset {} ms, seed {seed}, {} s",
                self.unavoidable + self.avoidable,
                self.avoidable,
                self.reuse_detections,
                self.reuse_of_promoted,
                self.reuse_by_mistake,
                self.late,
                self.clock_offset,
                self.seconds
            ),
        ]
    }
}

/// Runs.
///
/// # Errors
/// In words, where the run itself could not be done.
pub fn run(options: &Options) -> Result<Report, String> {
    let begun = Instant::now();
    let folder = tempfile::tempdir().map_err(words)?;
    let logs = options.keep.clone().unwrap_or_else(|| folder.path().join("logs"));
    std::fs::create_dir_all(&logs).map_err(words)?;
    let place = if options.postgres {
        Place::Postgres
    } else {
        Place::Sqlite(folder.path().join("connections.db"))
    };
    let scale = Scale::begin(options.rate);
    let watch = Watch::new(scale, options.seed);
    let providers = Providers::start(scale, &watch, options.connections)?;
    let watcher = Watcher::new(options, &place, scale, &logs)?;
    watcher.log_in(&providers, &watch)?;
    let crew = Crew {
        program: options.program.clone(),
        folder: logs.clone(),
        place: place.clone(),
        scale,
        seed: options.seed,
        naive: options.naive,
        log: Arc::new(Log::open(&logs, "watcher", scale).map_err(words)?),
    };
    let mut run = Run {
        options,
        place: &place,
        posts: posts(options, &providers),
        crew,
        tally: Tally::default(),
        rng: Rng::of(options.seed, "schedule"),
        begun,
        told: Instant::now(),
        next_outage: Instant::now() + Duration::from_secs(3),
        outage: None,
        outages: 0,
    };
    watch.set_calm(false);
    run.goes_wrong(&providers, &watch)?;
    watch.set_calm(true);
    run.settles(&providers, &watch)?;
    let mut violations = run.ends();
    run.say(&providers, &watch, "asking every connection");
    let endings = watcher.ask_all(&providers, &watch);
    let evidence = Evidence {
        seen: watch.seen(),
        lines: log::read_all(&logs).map_err(words)?,
    };
    let mut report = account(&watcher, &providers, &watch, &evidence, endings);
    violations.append(&mut report.violations);
    report.violations = violations;
    report.store = place.name().to_owned();
    report.tally = run.tally;
    if run.outages > 0 {
        report.faults.insert("store away".to_owned(), run.outages);
    }
    report.clock_offset = providers.clock_offset(scale);
    report.seconds = begun.elapsed().as_secs();
    Ok(report)
}

fn words(error: impl std::fmt::Display) -> String {
    error.to_string()
}

fn posts(options: &Options, providers: &Providers) -> Vec<Post> {
    let sites = |group| {
        let own = providers.held.iter().filter(move |held| held.group == group);
        own.map(|held| held.site.clone()).collect::<Vec<_>>()
    };
    let groups = [
        (Group::Window, options.workers),
        (
            Group::NoWindow,
            if options.naive {
                0
            } else {
                options.workers.div_ceil(2).max(2)
            },
        ),
    ];
    let mut posts = Vec::new();
    for (group, count) in groups {
        for _ in 0..count {
            posts.push(Post::new(posts.len(), group, sites(group), options.seed));
        }
    }
    posts
}

/// The run while processes are there.
struct Run<'a> {
    options: &'a Options,
    place: &'a Place,
    posts: Vec<Post>,
    crew: Crew,
    tally: Tally,
    rng: Rng,
    begun: Instant,
    told: Instant,
    next_outage: Instant,
    outage: Option<JoinHandle<Result<(), String>>>,
    outages: usize,
}

impl Run<'_> {
    fn goes_wrong(&mut self, providers: &Providers, watch: &Watch) -> Result<(), String> {
        let until = Instant::now() + Duration::from_secs(self.options.seconds);
        let mut next = Instant::now();
        while Instant::now() < until {
            self.tend(false)?;
            if Instant::now() >= next {
                self.act()?;
                next = Instant::now() + Duration::from_millis(self.rng.between(150, 600).unsigned_abs());
            }
            self.progress(providers, watch);
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }

    fn tend(&mut self, calm: bool) -> Result<(), String> {
        for post in &mut self.posts {
            post.tend(&self.crew, &mut self.tally, calm).map_err(words)?;
        }
        Ok(())
    }

    /// One thing that happens to one worker, or to the store.
    fn act(&mut self) -> Result<(), String> {
        let drawn = self.rng.below(100);
        let at = usize::try_from(self.rng.below(self.posts.len() as u64)).unwrap_or(0);
        let group = self.posts[at].group;
        let long = self.rng.permille(150);
        let pause = match group {
            Group::Window if long => self.rng.between(70_000, 150_000),
            Group::Window => self.rng.between(2_000, 40_000),
            Group::NoWindow => self.rng.between(2_000, 50_000),
        };
        let step = self.rng.between(-600_000, 600_000);
        // Somebody is always at work, or every loss would be excused.
        let running = self
            .posts
            .iter()
            .filter(|post| post.group == group && post.is_running())
            .count();
        let may_lose_one = running >= 2 && self.posts[at].is_running();
        match drawn {
            // A kill at any moment may lose an answer, which a provider without a window does not forgive.
            0..30 if may_lose_one && group == Group::Window => self.posts[at].kill(&self.crew, &mut self.tally),
            30..60 if may_lose_one => self.posts[at].stop(&self.crew, &mut self.tally, pause),
            60..75 if self.posts[at].is_running() => self.posts[at].step(&mut self.tally, step),
            75..90 if self.may_lose_store()? => self.outage(),
            _ => {}
        }
        Ok(())
    }

    /// The store goes away for a while, beside everything else.
    fn outage(&mut self) {
        let (place, control) = (self.place.clone(), self.options.control.clone());
        let (log, real) = (
            self.crew.log.clone(),
            self.crew.scale.real(self.rng.between(3_000, 20_000)),
        );
        self.outages += 1;
        self.outage = Some(std::thread::spawn(move || {
            log.say("store_down", "", json!({}));
            let result = match place {
                Place::Sqlite(path) => lock(&path, real),
                Place::Postgres => control.map_or(Ok(()), |control| restart(&control)),
            };
            log.say("store_up", "", json!({}));
            result
        }));
    }

    /// Whether the store is there again, and time for the next outage.
    fn may_lose_store(&mut self) -> Result<bool, String> {
        if let Some(outage) = self.outage.take_if(|outage| outage.is_finished()) {
            outage.join().map_err(|_| "the outage panicked")??;
            self.next_outage = Instant::now() + Duration::from_secs(4);
        }
        Ok(self.outage.is_none() && Instant::now() >= self.next_outage)
    }

    /// No more faults: what is unresolved gets resolved.
    fn settles(&mut self, providers: &Providers, watch: &Watch) -> Result<(), String> {
        for post in &mut self.posts {
            post.tell("calm");
        }
        while !self.may_lose_store()? && self.outage.is_some() {
            self.tend(true)?;
            std::thread::sleep(Duration::from_millis(10));
        }
        let until = Instant::now() + self.crew.scale.real(60_000);
        while Instant::now() < until {
            self.tend(true)?;
            self.progress(providers, watch);
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }

    /// The orderly end of every worker.
    fn ends(&mut self) -> Vec<String> {
        let mut violations = Vec::new();
        for post in &mut self.posts {
            if !post.end(Duration::from_secs(30)) {
                violations.push("a worker did not come to an orderly end".to_owned());
            }
        }
        if self.tally.failed > 0 {
            violations.push(format!("{} workers ended with an error", self.tally.failed));
        }
        violations
    }

    fn progress(&mut self, providers: &Providers, watch: &Watch) {
        if self.told.elapsed() >= Duration::from_secs(3) {
            self.told = Instant::now();
            self.say(providers, watch, "");
        }
    }

    fn say(&self, providers: &Providers, watch: &Watch, words: &str) {
        if !self.options.loud {
            return;
        }
        let faults = watch
            .seen()
            .iter()
            .filter(|seen| matches!(seen.what, What::Fault(_)))
            .count();
        println!(
            "[{} {:>4} s] {} refreshes, {faults} faults on the way, {} kills, {} pauses, {} clock steps, store away {} {words}",
            self.place.name(),
            self.begun.elapsed().as_secs(),
            providers.refreshes(),
            self.tally.killed + self.tally.died,
            self.tally.stopped,
            self.tally.stepped,
            self.outages,
        );
    }
}

/// As if the machine of the database had lost its power: no orderly end, and recovery from its log.
fn restart(control: &Path) -> Result<(), String> {
    for word in ["crash", "start"] {
        let mut command = Command::new(control);
        command.arg(word).stdin(Stdio::null()).stdout(Stdio::null());
        if !command.status().map_err(words)?.success() {
            return Err(format!("the database does not {word}"));
        }
    }
    Ok(())
}

/// Holds the write lock of a SQLite file, as a backup or a long transaction does.
fn lock(path: &Path, real: Duration) -> Result<(), String> {
    let connection = rusqlite::Connection::open(path).map_err(words)?;
    connection.busy_timeout(Duration::from_secs(5)).map_err(words)?;
    connection.execute_batch("begin immediate").map_err(words)?;
    std::thread::sleep(real);
    connection.execute_batch("rollback").map_err(words)
}

/// The watcher as a client: it logs in at the beginning, and asks at the end.
struct Watcher {
    scale: Scale,
    store: Arc<ChaosStore>,
    host: Arc<ChaosHost>,
    naive: bool,
}

type Kept<S> = Connections<Arc<ChaosHost>, S>;

impl Watcher {
    fn new(options: &Options, place: &Place, scale: Scale, logs: &Path) -> Result<Self, String> {
        let log = Arc::new(Log::open(logs, "asker", scale).map_err(words)?);
        let kill = Arc::new(Kill::default());
        let store = ChaosStore::open(place, scale, log.clone(), kill.clone(), None)?;
        let host = ChaosHost {
            who: "asker".to_owned(),
            scale,
            clocks: Arc::new(Clocks::new(scale)),
            kill,
            log,
        };
        Ok(Self {
            scale,
            store: Arc::new(store),
            host: Arc::new(host),
            naive: options.naive,
        })
    }

    fn log_in(&self, providers: &Providers, watch: &Watch) -> Result<(), String> {
        for held in &providers.held {
            let client = held.site.client().map_err(told)?;
            let kept = Connections::new(client.clone(), self.store.clone(), self.host.clone());
            for key in held.site.keys() {
                watch.expect_login(&key);
                if self.naive {
                    let memory = MemoryStore::default();
                    log_in(
                        &Connections::new(client.clone(), memory.clone(), self.host.clone()),
                        held,
                        &key,
                    )?;
                    self.copy(&memory, &key)?;
                } else {
                    log_in(&kept, held, &key)?;
                }
            }
        }
        Ok(())
    }

    /// The tokens of a login as a naive program keeps them.
    fn copy(&self, memory: &MemoryStore, key: &str) -> Result<(), String> {
        let record = read(memory, key).ok_or("no record")?;
        let answer = &record["tokens"]["answer"];
        let word = |name: &str| answer[name].as_str().unwrap_or_default().to_owned();
        // Its clock was the machine's, not the run's.
        let until = self.scale.now() + answer["access_life"].as_i64().unwrap_or(0);
        let bytes = naive::record(&word("refresh_token"), &word("access_token"), until);
        let saved = self.store.save(&Save::new(key, 0, None, "live", bytes));
        saved.map(drop).map_err(|failure| format!("{failure:?}"))
    }

    /// Asks every connection for a token, has the provider judge it, and then for a fresh one, so that the refresh token
    /// is proven too.
    fn ask_all(&self, providers: &Providers, watch: &Watch) -> BTreeMap<String, Ending> {
        // What was renewed a moment ago would be served as fresh.
        std::thread::sleep(self.scale.real(62_000));
        let keys = Mutex::new(providers.keys());
        let endings = Mutex::new(BTreeMap::new());
        let sites: Vec<_> = providers.held.iter().map(|held| held.site.clone()).collect();
        let naive = Naive::new(&sites, self.store.clone(), self.host.clone());
        let kept: Vec<Kept<Arc<ChaosStore>>> = providers
            .held
            .iter()
            .filter_map(|held| held.site.client().ok())
            .map(|client| Connections::new(client, self.store.clone(), self.host.clone()))
            .collect();
        std::thread::scope(|scope| {
            for _ in 0..ASKERS {
                scope.spawn(|| {
                    loop {
                        let next = keys.lock().unwrap_or_else(PoisonError::into_inner).pop();
                        let Some((site, key)) = next else { return };
                        let held = &providers.held[site];
                        // Naive workers serve only those with a window.
                        let ending = if !self.naive {
                            self.ask(&kept[site], &held.direct, &key, held.site.eager_ms(), watch)
                        } else if held.group == Group::Window {
                            self.ask_naive(&naive, site, &held.direct, &key, held.site.eager_ms())
                        } else {
                            Ending::Lives
                        };
                        endings
                            .lock()
                            .unwrap_or_else(PoisonError::into_inner)
                            .insert(key, ending);
                    }
                });
            }
        });
        endings.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    fn ask(&self, kept: &Kept<Arc<ChaosStore>>, resource: &str, key: &str, eager: i64, watch: &Watch) -> Ending {
        let Ok(connection) = kept.connection(key) else {
            return Ending::Stuck("the key is refused".to_owned());
        };
        let until = self.scale.now() + PATIENCE;
        let from = self.scale.now();
        let mut why = String::new();
        let eager = Duration::from_millis(eager.unsigned_abs());
        while self.scale.now() < until {
            let mut asked = connection.token(eager);
            if let Ok(token) = &asked
                && self.host.get(resource, token.authorization().expose()) != 200
            {
                asked = connection.rejected(token);
            }
            match asked {
                Ok(token) if self.host.get(resource, token.authorization().expose()) == 200 => {
                    let renewed = |seen: &crate::gate::Seen| {
                        seen.key == key
                            && seen.at >= from
                            && matches!(seen.what, What::Processed { issued: Some(_), .. })
                    };
                    if watch.seen().iter().any(renewed) {
                        return Ending::Lives;
                    }
                    why = "it serves a token and does not renew it".to_owned();
                }
                Ok(_) => why = "the provider rejects its token".to_owned(),
                Err(error) if error.code() == ErrorCode::ReauthorizationRequired => {
                    return Ending::GivenUp(reason(&error));
                }
                Err(error) => why = told(error),
            }
            std::thread::sleep(self.scale.real(2_000));
        }
        Ending::Stuck(why)
    }

    fn ask_naive(&self, naive: &Naive, site: usize, resource: &str, key: &str, eager: i64) -> Ending {
        for _ in 0..3 {
            if let Some(token) = naive.token(site, key, eager)
                && self.host.get(resource, &format!("Bearer {token}")) == 200
            {
                return Ending::Lives;
            }
        }
        Ending::GivenUp("there is no token any more".to_owned())
    }
}

fn log_in<S: Store + Send + Sync + 'static>(
    kept: &Kept<S>,
    held: &crate::providers::Held,
    key: &str,
) -> Result<(), String> {
    let binding = Binding::no_session();
    let request = AuthorizationRequest::new(binding.clone()).scopes([held.site.scope.as_str()]);
    let login = kept.begin(&request).map_err(told)?;
    let callback = held.consent(&login.url, key)?;
    match kept.finish(&login.pending, callback, &binding, key).map_err(told)? {
        Finished::Connected(_) => Ok(()),
        _ => Err(format!("{key}: the login did not come to its end")),
    }
}

fn told(error: OAuthError) -> String {
    let details = error.details();
    format!("{:?}: {}", details.code, details.message)
}

fn reason(error: &OAuthError) -> String {
    match error.action() {
        Action::Reauthorize { reason, .. } => format!("{reason:?}"),
        action => format!("{action:?}"),
    }
}

fn read(store: &impl Store, key: &str) -> Option<Value> {
    let stored = store.load(key).ok()?.stored?;
    serde_json::from_slice(stored.record()).ok()
}

/// What the run comes to.
fn account(
    watcher: &Watcher,
    providers: &Providers,
    watch: &Watch,
    evidence: &Evidence,
    endings: BTreeMap<String, Ending>,
) -> Report {
    let kills = providers.kills();
    let mut report = Report {
        refreshes: providers.refreshes(),
        connections: endings.len(),
        reuse_detections: kills.len(),
        ..Report::default()
    };
    count(&mut report, watch, evidence);
    for (key, at) in &kills {
        match evidence.reuse(key, *at) {
            Reuse::LastChance => {}
            Reuse::Promoted => report.reuse_of_promoted += 1,
            Reuse::Mistake => {
                report.reuse_by_mistake += 1;
                let story = evidence.story(key, at - 120_000);
                let words = "an old refresh token was used that need not be";
                report.violations.push(format!("{key}: {words}:\n{story}"));
            }
        }
    }
    let lives: BTreeMap<&str, (i64, i64)> = providers
        .held
        .iter()
        .map(|held| (held.site.name.as_str(), (held.site.window_ms, held.site.refresh_ms)))
        .collect();
    for (key, ending) in endings {
        let record = read(&*watcher.store, &key);
        let token = record.as_ref().and_then(|record| {
            let kept = &record["tokens"]["answer"]["refresh_token"];
            kept.as_str().or(record["refresh_token"].as_str())
        });
        let serial = token.and_then(|token| watch.serial(token));
        let name = key.split('/').next().unwrap_or_default();
        let (window, refresh_life) = lives.get(name).copied().unwrap_or_default();
        let case = Case {
            ending,
            killed: kills.get(&key).copied(),
            holds_newest: serial.is_some_and(|(own, last)| own == last),
            refresh_life,
            window,
            key,
        };
        let words = match evidence.judge(&case) {
            Verdict::Kept => continue,
            Verdict::Lost(excuses) => {
                report.unavoidable += 1;
                if watcher.naive {
                    continue;
                }
                let story = evidence.story(&case.key, evidence.story_begins(&case));
                report
                    .losses
                    .push(format!("{}: nobody could have kept it: {excuses:?}\n{story}", case.key));
                continue;
            }
            Verdict::Avoidable => {
                report.avoidable += 1;
                "lost, and need not be"
            }
            Verdict::FalseDeath => "said to be lost, and is not",
            Verdict::Unreported => "lost, and not said to be",
            Verdict::Stuck => "does not come to an end",
        };
        let story = evidence.story(&case.key, evidence.story_begins(&case));
        let record = record.map(without_secrets).unwrap_or_default();
        report.violations.push(format!(
            "{}: {words} ({:?}); its record: {record}\n{story}",
            case.key, case.ending
        ));
    }
    report
}

/// A record for print: tokens are cut off.
fn without_secrets(mut record: Value) -> Value {
    fn walk(value: &mut Value) {
        match value {
            Value::Object(members) => {
                members.remove("refresh_token");
                members.remove("access_token");
                members.values_mut().for_each(walk);
            }
            Value::Array(list) => list.iter_mut().for_each(walk),
            _ => {}
        }
    }
    walk(&mut record);
    record
}

fn count(report: &mut Report, watch: &Watch, evidence: &Evidence) {
    let mut add = |kind: &str| *report.faults.entry(kind.to_owned()).or_default() += 1;
    for seen in &evidence.seen {
        match &seen.what {
            What::Fault(kind) => add(kind),
            What::TooLate => add("arrived too late"),
            What::Processed { late: true, .. } => report.late += 1,
            _ => {}
        }
    }
    let of = |what: &'static str| evidence.lines.iter().filter(move |line: &&Line| line.what == what);
    for line in of("store_fault") {
        add(line.word("kind"));
    }
    for _ in 0..watch.false_rejections() {
        add("good token rejected by the resource");
    }
    for line in of("dies") {
        add(&format!("death at {}", line.word("point")));
    }
    for line in of("succeeds") {
        let how = line.word("recovery");
        if !how.is_empty() {
            *report.recovered.entry(how.to_owned()).or_default() += 1;
        }
    }
}
