//! The transport of a worker: one request per connection, in fast time, with points at which the process dies.

use std::io::Write;
use std::net::TcpStream;
use std::sync::Arc;
use std::time::Duration;

use evergrant::base::http::{HttpResponse, ResponseHeader};
use evergrant::base::time::Now;
use evergrant::drive::bell::Bell;
use evergrant::drive::host::{Exchange, Host};
use evergrant::flow::step::Send;

use crate::http::{self, Message};
use crate::kill::{Kill, Point};
use crate::log::Log;
use crate::time::{Clocks, Scale};

/// The header by which a request tells the gate until when it may be sent, so that none arrives later than requests can.
pub const SEND_BY: &str = "X-Chaos-Send-By";
/// The header that names the process.
pub const WHO: &str = "X-Chaos-Who";

/// The host of one process.
pub struct ChaosHost {
    /// Which process.
    pub who: String,
    /// Fast time.
    pub scale: Scale,
    /// Its clocks.
    pub clocks: Arc<Clocks>,
    /// When it dies.
    pub kill: Arc<Kill>,
    /// What it did.
    pub log: Arc<Log>,
}

impl ChaosHost {
    /// Calls a protected resource; 0 where no answer came.
    pub fn get(&self, url: &str, authorization: &str) -> u16 {
        let (address, path) = http::split(url);
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: {authorization}\r\n{WHO}: {}\r\nConnection: close\r\n\r\n",
            self.who
        );
        let answer = http::call(address, request.as_bytes(), self.scale.real(30_000));
        answer.map_or(0, |answer| answer.status())
    }

    fn request(&self, send: &Send, path: &str, address: &str) -> Vec<u8> {
        let request = &send.request;
        let mut message = Message {
            first: format!("{} {path} HTTP/1.1", request.method().as_str()),
            headers: vec![
                ("Host".to_owned(), address.to_owned()),
                (WHO.to_owned(), self.who.clone()),
                (SEND_BY.to_owned(), self.clocks.truth(send.send_by).to_string()),
            ],
            body: request.body().as_bytes().to_vec(),
            whole: true,
        };
        for header in request.headers() {
            message
                .headers
                .push((header.name().to_owned(), header.value().to_owned()));
        }
        message.bytes()
    }
}

impl Host for ChaosHost {
    fn send(&self, send: &Send) -> Exchange {
        let (address, path) = http::split(send.request.url());
        let token = http::parameter(send.request.body(), "refresh_token");
        let pass = |point| self.kill.pass_with(point, token.as_deref(), &self.log);
        pass(Point::BeforeSend);
        let bytes = self.request(send, path, address);
        let Ok(mut stream) = TcpStream::connect(address) else {
            return Exchange::NotSent;
        };
        // Connecting may have taken long, as everything may on a busy machine.
        if self.now().is_past(send.send_by) {
            return Exchange::NotSent;
        }
        let (first, rest) = bytes.split_at(bytes.len() / 2);
        let _ = stream.set_nodelay(true);
        let half = stream.write_all(first);
        pass(Point::HalfSent);
        let sent = half.and_then(|()| stream.write_all(rest));
        pass(Point::Sent);
        if sent.is_err() {
            return Exchange::NoAnswer(None);
        }
        let answer = http::read(&mut stream, self.scale.real(send.timeout_ms));
        pass(Point::Answered);
        match (response(&answer), answer.whole) {
            (Some(response), true) => Exchange::Answer(response),
            (partial, _) => Exchange::NoAnswer(partial),
        }
    }

    fn now(&self) -> Now {
        self.clocks.now()
    }

    fn wait(&self, delay_ms: i64) {
        std::thread::sleep(self.scale.real(delay_ms).max(Duration::from_millis(1)));
    }

    fn wait_or_bell(&self, delay_ms: i64, bell: &Bell) {
        let real = self.scale.real(delay_ms).max(Duration::from_millis(1));
        bell.wait(i64::try_from(real.as_millis()).unwrap_or(i64::MAX));
    }
}

fn response(message: &Message) -> Option<HttpResponse> {
    let status = message.status();
    let headers = message.headers.iter();
    let headers = headers.map(|(name, value)| ResponseHeader::new(name.as_str(), value.as_str()));
    (status > 0).then(|| HttpResponse::new(status, headers.collect(), message.body.clone()))
}
