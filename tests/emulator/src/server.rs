//! A listener on loopback: one thread that accepts, one per connection, all gone when it is dropped.

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustls::{ServerConfig, ServerConnection, StreamOwned};
use socket2::SockRef;

use crate::clock::Clock;
use crate::http::{self, Outcome, Request, Unreadable};
use crate::lock;

/// How long a connection may stay silent.
const IDLE: Duration = Duration::from_secs(30);

/// What answers the requests of a listener.
pub(crate) type Service = Arc<dyn Fn(&Request) -> Outcome + Send + Sync>;

type Open = Arc<Mutex<HashMap<u64, TcpStream>>>;

pub(crate) struct Server {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
    open: Open,
    accepting: Option<JoinHandle<()>>,
}

impl Server {
    /// Listens on 127.0.0.1; port 0 lets the system choose.
    pub(crate) fn start(
        port: u16,
        tls: Option<Arc<ServerConfig>>,
        clock: Clock,
        service: Service,
    ) -> io::Result<Server> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        let address = listener.local_addr()?;
        let (stop, open) = (Arc::new(AtomicBool::new(false)), Open::default());
        let accepting = thread::Builder::new().name("accept".to_owned()).spawn({
            let (stop, open) = (stop.clone(), open.clone());
            move || accept(&listener, &stop, &open, &Connection { tls, clock, service })
        })?;
        Ok(Server {
            address,
            stop,
            open,
            accepting: Some(accepting),
        })
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        // Wakes the accepting thread.
        let _ = TcpStream::connect_timeout(&self.address, Duration::from_secs(1));
        if let Some(thread) = self.accepting.take() {
            let _ = thread.join();
        }
        for stream in lock(&self.open).values() {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

/// How a connection ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ended {
    Orderly,
    /// Without a farewell, as a fault wants it.
    Abrupt,
    Reset,
}

#[derive(Clone)]
struct Connection {
    tls: Option<Arc<ServerConfig>>,
    clock: Clock,
    service: Service,
}

fn accept(listener: &TcpListener, stop: &AtomicBool, open: &Open, connection: &Connection) {
    for (number, stream) in (0..).zip(listener.incoming()) {
        if stop.load(Ordering::SeqCst) {
            return;
        }
        let Ok(stream) = stream else { continue };
        let Ok(copy) = stream.try_clone() else { continue };
        lock(open).insert(number, copy);
        let (connection, open) = (connection.clone(), open.clone());
        let spawned = thread::Builder::new().name("connection".to_owned()).spawn({
            let open = open.clone();
            move || {
                connection.run(stream);
                lock(&open).remove(&number);
            }
        });
        if spawned.is_err() {
            lock(&open).remove(&number);
        }
    }
}

impl Connection {
    fn run(&self, tcp: TcpStream) {
        let _ = tcp.set_nodelay(true);
        let _ = tcp.set_read_timeout(Some(IDLE));
        let _ = tcp.set_write_timeout(Some(IDLE));
        let Ok(raw) = tcp.try_clone() else { return };
        let ending = match &self.tls {
            None => self.talk(tcp),
            Some(config) => {
                let Ok(session) = ServerConnection::new(config.clone()) else {
                    return;
                };
                let mut stream = StreamOwned::new(session, tcp);
                let ending = self.talk(&mut stream);
                if ending == Ended::Orderly {
                    stream.conn.send_close_notify();
                    let _ = stream.flush();
                }
                ending
            }
        };
        if ending == Ended::Reset {
            // With a linger of zero, closing sends RST instead of FIN.
            let _ = SockRef::from(&raw).set_linger(Some(Duration::ZERO));
        } else {
            let _ = raw.shutdown(Shutdown::Both);
        }
    }

    /// Serves until the connection ends.
    fn talk(&self, mut stream: impl Read + Write) -> Ended {
        let mut rest = Vec::new();
        loop {
            let (request, close) = match http::read_request(&mut stream, &mut rest) {
                Ok(read) => read,
                Err(Unreadable::Gone) => return Ended::Orderly,
                Err(Unreadable::Refused(response)) => {
                    let _ = http::write_response(&mut stream, &response, self.clock.now(), true, None);
                    return Ended::Orderly;
                }
            };
            let outcome = (self.service)(&request);
            let now = self.clock.now();
            let written = match outcome {
                Outcome::Close => return Ended::Abrupt,
                Outcome::Reset => return Ended::Reset,
                Outcome::Truncate(response, keep) => {
                    let _ = http::write_response(&mut stream, &response, now, true, Some(keep));
                    return Ended::Abrupt;
                }
                Outcome::Respond(response) => http::write_response(&mut stream, &response, now, close, None),
            };
            if written.is_err() || close {
                return Ended::Orderly;
            }
        }
    }
}
