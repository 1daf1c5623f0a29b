//! Records in a SQLite file, for the processes of one machine.
//!
//! Write-ahead log and `synchronous = FULL`: what was answered as saved survives the end of the process and of the machine.
//! The clock is the machine's. A file on a network drive is not a store: its locks cannot be relied on.

use std::fmt;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use evergrant::drive::store::{Loaded, SaveResult, Store};
use evergrant::flow::input::StoreFailure;
use evergrant::flow::step::Save;
use evergrant::flow::stored::Stored;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use crate::clock::host_now;
use crate::sweep::{Due, Sweep};

/// How long a statement waits for another process's transaction.
const BUSY: Duration = Duration::from_secs(5);
/// How often opening is tried again while other processes open the same new file.
const TRIES: u32 = 50;

const TABLE: &str = "
create table if not exists evergrant_connection (
  key text primary key not null,
  version integer not null,
  due integer,
  state text,
  record blob not null
);
create index if not exists evergrant_connection_due on evergrant_connection (due) where due is not null";
const LOAD: &str = "select version, record from evergrant_connection where key = ?1";
const INSERT: &str = "
insert into evergrant_connection (key, version, due, state, record) values (?1, ?2, ?3, ?4, ?5)
on conflict (key) do nothing";
const UPDATE: &str = "
update evergrant_connection set version = ?2, due = ?3, state = ?4, record = ?5 where key = ?1 and version = ?6";
const SWEEP: &str = "
select key, due, coalesce(state, '') from evergrant_connection where due <= ?1 order by due limit ?2";

/// A store in a SQLite file. Any number of threads and processes of one machine may open the same file.
///
/// ```no_run
/// use evergrant_stores::sqlite::SqliteStore;
///
/// let store = SqliteStore::open("connections.db".as_ref())?;
/// # Ok::<(), evergrant_stores::sqlite::OpenError>(())
/// ```
pub struct SqliteStore {
    connection: Mutex<Connection>,
}

/// Why a file cannot be opened as a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenError {
    message: String,
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for OpenError {}

impl From<rusqlite::Error> for OpenError {
    fn from(error: rusqlite::Error) -> Self {
        Self {
            message: format!("the file cannot be opened as a store: {error}"),
        }
    }
}

impl SqliteStore {
    /// Opens the file, and makes it and its table where they are missing; a new file can be read by its owner only.
    ///
    /// # Errors
    /// In words, when the file cannot be opened or written, or its drive cannot keep a write-ahead log.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        private(path)?;
        let mut tried = 0;
        loop {
            // Changing to the write-ahead log needs the file alone for a moment and does not wait for it.
            match Self::prepare(path) {
                Err(rusqlite::Error::SqliteFailure(failure, _)) if busy(&failure) && tried < TRIES => {
                    tried += 1;
                    thread::sleep(Duration::from_millis(20));
                }
                Err(error) => return Err(error.into()),
                Ok((connection, mode)) if mode == "wal" => {
                    return Ok(Self {
                        connection: Mutex::new(connection),
                    });
                }
                Ok((_, mode)) => {
                    return Err(OpenError {
                        message: format!("the file cannot keep a write-ahead log, its journal mode stays {mode}"),
                    });
                }
            }
        }
    }

    fn prepare(path: &Path) -> rusqlite::Result<(Connection, String)> {
        let connection = Connection::open(path)?;
        connection.busy_timeout(BUSY)?;
        let mode = connection.query_row("pragma journal_mode = wal", [], |row| row.get(0))?;
        connection
            .execute_batch("pragma synchronous = full; pragma fullfsync = on; pragma checkpoint_fullfsync = on")?;
        connection.execute_batch(TABLE)?;
        Ok((connection, mode))
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        // A transaction that a panic interrupted was rolled back when it was dropped.
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for SqliteStore {
    fn load(&self, key: &str) -> Result<Loaded, StoreFailure> {
        let connection = self.connection();
        let store_now = host_now();
        let stored = read(&connection, key).map_err(nothing_done)?;
        Ok(Loaded { stored, store_now })
    }

    fn save(&self, save: &Save) -> Result<SaveResult, StoreFailure> {
        let mut connection = self.connection();
        // The write lock first: a transaction that begins by reading may find at its first write that it cannot go on.
        let transaction = connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(nothing_done)?;
        let store_now = host_now();
        let (key, record) = (&save.key, save.record.record());
        let changed = if save.expect == 0 {
            transaction.execute(INSERT, params![key, save.version, save.due, save.state, record])
        } else {
            transaction.execute(
                UPDATE,
                params![key, save.version, save.due, save.state, record, save.expect],
            )
        };
        if changed.map_err(nothing_done)? == 0 {
            let stored = read(&transaction, key).map_err(nothing_done)?;
            return Ok(SaveResult::Conflict { stored, store_now });
        }
        // A commit that fails, such as for a full drive, may still have reached the log.
        transaction.commit().map_err(|_| StoreFailure::Unknown)?;
        Ok(SaveResult::Saved { store_now })
    }
}

impl Sweep for SqliteStore {
    fn due(&self, until: i64, limit: u32) -> Result<Vec<Due>, StoreFailure> {
        let connection = self.connection();
        let mut statement = connection.prepare(SWEEP).map_err(nothing_done)?;
        let found = statement.query_map(params![until, limit], |row| {
            Ok(Due {
                key: row.get(0)?,
                due: row.get(1)?,
                state: row.get(2)?,
            })
        });
        found.and_then(Iterator::collect).map_err(nothing_done)
    }
}

fn read(connection: &Connection, key: &str) -> rusqlite::Result<Option<Stored>> {
    let mut statement = connection.prepare(LOAD)?;
    statement
        .query_row([key], |row| Ok(Stored::new(row.get(0)?, row.get(1)?)))
        .optional()
}

/// Whatever fails before the commit is rolled back.
fn nothing_done(_: rusqlite::Error) -> StoreFailure {
    StoreFailure::Down
}

fn busy(failure: &rusqlite::ffi::Error) -> bool {
    use rusqlite::ErrorCode::{DatabaseBusy, DatabaseLocked};
    matches!(failure.code, DatabaseBusy | DatabaseLocked)
}

/// Makes a missing file readable by its owner only; the log beside it takes its permissions over.
fn private(path: &Path) -> Result<(), OpenError> {
    let mut options = std::fs::OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop).map_err(|error| OpenError {
        message: format!("the file cannot be written: {error}"),
    })
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SqliteStore(redacted)")
    }
}
