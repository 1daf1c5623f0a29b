//! A way to the database that breaks where a test says.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

#[derive(Clone, Debug, PartialEq)]
pub enum Mode {
    Forward,
    /// Ends the connection in place of forwarding what contains these bytes.
    CutBefore(Vec<u8>),
    /// Forwards what contains these bytes, and ends the connection before the answer comes through.
    CutAfter(Vec<u8>),
    /// Ends every new connection.
    Refuse,
}

pub struct Proxy {
    pub port: u16,
    mode: Arc<Mutex<Mode>>,
    open: Arc<Mutex<Vec<TcpStream>>>,
}

impl Proxy {
    pub fn start(upstream: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let proxy = Self {
            port: listener.local_addr().unwrap().port(),
            mode: Arc::new(Mutex::new(Mode::Forward)),
            open: Arc::default(),
        };
        let (mode, open) = (proxy.mode.clone(), proxy.open.clone());
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                if *mode.lock().unwrap() == Mode::Refuse {
                    continue;
                }
                let Ok(server) = TcpStream::connect(&upstream) else {
                    continue;
                };
                for stream in [&client, &server] {
                    open.lock().unwrap().push(stream.try_clone().unwrap());
                }
                join(client, server, mode.clone());
            }
        });
        proxy
    }

    pub fn set(&self, mode: Mode) {
        *self.mode.lock().unwrap() = mode;
    }

    /// Ends every connection there is, as an idle one ends in a firewall.
    pub fn drop_all(&self) {
        for stream in self.open.lock().unwrap().drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

fn join(mut client: TcpStream, mut server: TcpStream, mode: Arc<Mutex<Mode>>) {
    let silent = Arc::new(AtomicBool::new(false));
    let (mut to_client, mut from_server) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    let quiet = silent.clone();
    thread::spawn(move || {
        let mut bytes = [0; 65_536];
        while let Ok(read @ 1..) = from_server.read(&mut bytes) {
            if !quiet.load(Ordering::SeqCst) && to_client.write_all(&bytes[..read]).is_err() {
                break;
            }
        }
        let _ = to_client.shutdown(Shutdown::Both);
    });
    thread::spawn(move || {
        let mut bytes = [0; 65_536];
        while let Ok(read @ 1..) = client.read(&mut bytes) {
            let now = mode.lock().unwrap().clone();
            let holds = |marker: &[u8]| bytes[..read].windows(marker.len()).any(|window| window == marker);
            match now {
                Mode::CutBefore(marker) if holds(&marker) => break,
                Mode::CutAfter(marker) if holds(&marker) => {
                    silent.store(true, Ordering::SeqCst);
                    let _ = server.write_all(&bytes[..read]);
                    thread::sleep(Duration::from_millis(500));
                    break;
                }
                _ if server.write_all(&bytes[..read]).is_err() => break,
                _ => {}
            }
        }
        let _ = client.shutdown(Shutdown::Both);
        let _ = server.shutdown(Shutdown::Both);
    });
}
