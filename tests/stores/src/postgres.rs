//! Records in PostgreSQL, for any number of machines.
//!
//! One connection per store value; whoever wants saves side by side opens several. Blocking: not to be called from inside
//! an async runtime. Without TLS, so for a database on the same machine or network namespace.

use std::fmt;
use std::str::FromStr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use evergrant::drive::store::{Loaded, SaveResult, Store};
use evergrant::flow::input::StoreFailure;
use evergrant::flow::step::Save;
use evergrant::flow::stored::Stored;
use postgres::config::TargetSessionAttrs;
use postgres::error::{Severity, SqlState};
use postgres::{Client, Config, NoTls, Row};

use crate::sweep::{Due, Sweep};

/// How long connecting may take, and how long a silent peer is believed to be there.
const PATIENCE: Duration = Duration::from_secs(5);

/// The table. `create table if not exists` alone may fail when two sessions run it at once, hence the lock.
const TABLE: &str = "
begin;
select pg_advisory_xact_lock(hashtext('evergrant_connection'));
create table if not exists evergrant_connection (
  key text primary key,
  version bigint not null,
  due bigint,
  state text,
  record bytea not null
);
create index if not exists evergrant_connection_due on evergrant_connection (due) where due is not null;
commit";
/// What every session needs: each statement sees what was committed before it, a commit is on the drive when it is
/// answered, and nothing waits for ever.
const SESSION: &str = "
set default_transaction_isolation = 'read committed';
set statement_timeout = '5s';
select set_config('synchronous_commit', 'on', false) where current_setting('synchronous_commit') = 'off'";
/// Always one row, with the time also where there is no record.
const LOAD: &str = "
select floor(extract(epoch from clock_timestamp()) * 1000)::bigint, c.version, c.record
from (values (1)) as one left join evergrant_connection as c on c.key = $1";
const INSERT: &str = "
insert into evergrant_connection (key, version, due, state, record) values ($1, $2, $3, $4, $5)
on conflict (key) do nothing
returning floor(extract(epoch from clock_timestamp()) * 1000)::bigint";
const UPDATE: &str = "
update evergrant_connection set version = $2, due = $3, state = $4, record = $5 where key = $1 and version = $6
returning floor(extract(epoch from clock_timestamp()) * 1000)::bigint";
const SWEEP: &str = "
select key, due, coalesce(state, '') from evergrant_connection where due <= $1 order by due limit $2";

/// A store in PostgreSQL. It connects when it is first used, and again whenever the connection was lost.
///
/// ```no_run
/// use evergrant_stores::postgres::PostgresStore;
///
/// let store = PostgresStore::new("host=127.0.0.1 user=app dbname=app")?;
/// # Ok::<(), evergrant_stores::postgres::ConfigError>(())
/// ```
pub struct PostgresStore {
    config: Config,
    client: Mutex<Option<Client>>,
}

/// The connection string cannot be read. It is not repeated, as it may hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConfigError;

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection string of the database cannot be read")
    }
}

impl std::error::Error for ConfigError {}

impl PostgresStore {
    /// A store at this connection string, of either form that PostgreSQL knows. Does not connect yet.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn new(connection_string: &str) -> Result<Self, ConfigError> {
        let mut config = Config::from_str(connection_string).map_err(|_| ConfigError)?;
        config
            .connect_timeout(PATIENCE)
            .tcp_user_timeout(PATIENCE * 2)
            // Of several hosts the primary; a replica alone is refused.
            .target_session_attrs(TargetSessionAttrs::ReadWrite);
        Ok(Self {
            config,
            client: Mutex::new(None),
        })
    }

    fn client(&self) -> MutexGuard<'_, Option<Client>> {
        self.client.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn connect(&self) -> Result<Client, StoreFailure> {
        let mut client = self.config.connect(NoTls).map_err(nothing_done)?;
        client.batch_execute(SESSION).map_err(nothing_done)?;
        client.batch_execute(TABLE).map_err(nothing_done)?;
        Ok(client)
    }

    /// Runs `act` over a connection that answered just now, and forgets the connection when it closes meanwhile.
    ///
    /// Asking first costs a round trip and is what tells *down* from *unknown*: a connection that died in the pool is met
    /// before the statement that matters leaves.
    fn over<T>(&self, act: impl FnOnce(&mut Client) -> Result<T, StoreFailure>) -> Result<T, StoreFailure> {
        let mut slot = self.client();
        let kept = slot.take().filter(|client| !client.is_closed());
        let kept = kept.and_then(|mut client| client.is_valid(PATIENCE).ok().map(|()| client));
        let mut client = match kept {
            Some(client) => client,
            None => self.connect()?,
        };
        let result = act(&mut client);
        // After a failure nobody knows in which state the session is.
        if result.is_ok() {
            *slot = Some(client);
        }
        result
    }
}

impl Store for PostgresStore {
    fn load(&self, key: &str) -> Result<Loaded, StoreFailure> {
        self.over(|client| read(client, key).map_err(nothing_done))
    }

    fn save(&self, save: &Save) -> Result<SaveResult, StoreFailure> {
        self.over(|client| {
            let insert = save.expect == 0;
            let statement = client
                .prepare(if insert { INSERT } else { UPDATE })
                .map_err(nothing_done)?;
            let record = save.record.record();
            // One statement is its own transaction: no lock outlives it, and it waits for a rival's to end.
            let done = if insert {
                client.query_opt(&statement, &[&save.key, &save.version, &save.due, &save.state, &record])
            } else {
                client.query_opt(
                    &statement,
                    &[&save.key, &save.version, &save.due, &save.state, &record, &save.expect],
                )
            };
            match done.map_err(judge)? {
                Some(row) => Ok(SaveResult::Saved {
                    store_now: row.try_get(0).map_err(|_| StoreFailure::Unknown)?,
                }),
                // In a statement of its own: the one above does not see what it waited for. It certainly changed
                // nothing, so a failure from here on is `Down`.
                None => {
                    let Loaded { stored, store_now } = read(client, &save.key).map_err(nothing_done)?;
                    Ok(SaveResult::Conflict { stored, store_now })
                }
            }
        })
    }
}

impl Sweep for PostgresStore {
    fn due(&self, until: i64, limit: u32) -> Result<Vec<Due>, StoreFailure> {
        self.over(|client| {
            let rows = client.query(SWEEP, &[&until, &i64::from(limit)]);
            let found = rows.and_then(|rows| rows.iter().map(due).collect());
            found.map_err(nothing_done)
        })
    }
}

fn read(client: &mut Client, key: &str) -> Result<Loaded, postgres::Error> {
    let row = client.query_one(LOAD, &[&key])?;
    let version: Option<i64> = row.try_get(1)?;
    let stored = match version {
        Some(version) => Some(Stored::new(version, row.try_get(2)?)),
        None => None,
    };
    Ok(Loaded {
        stored,
        store_now: row.try_get(0)?,
    })
}

fn due(row: &Row) -> Result<Due, postgres::Error> {
    Ok(Due {
        key: row.try_get(0)?,
        due: row.try_get(1)?,
        state: row.try_get(2)?,
    })
}

/// A failure where nothing can have been changed.
fn nothing_done(_: postgres::Error) -> StoreFailure {
    StoreFailure::Down
}

/// A failure of the statement that changes something. An error that the database reports and survives was rolled back;
/// a session that ends, or that says by its code that it does not know, may have committed.
fn judge(error: postgres::Error) -> StoreFailure {
    let Some(error) = error.as_db_error() else {
        return StoreFailure::Unknown;
    };
    let ends = error.parsed_severity() != Some(Severity::Error);
    let unsure = *error.code() == SqlState::T_R_STATEMENT_COMPLETION_UNKNOWN || error.code().code().starts_with("08");
    if ends || unsure {
        StoreFailure::Unknown
    } else {
        StoreFailure::Down
    }
}

impl fmt::Debug for PostgresStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PostgresStore(redacted)")
    }
}
