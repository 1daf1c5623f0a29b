//! As much of HTTP/1.1 as worker, watcher and emulator need between each other: one request per connection.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use serde_json::Value;

/// A request or an answer.
#[derive(Clone, Debug, Default)]
pub struct Message {
    /// The first line.
    pub first: String,
    /// Names and values.
    pub headers: Vec<(String, String)>,
    /// The body, as far as it came.
    pub body: Vec<u8>,
    /// The head and the body came to their ends.
    pub whole: bool,
}

impl Message {
    /// The first header of that name.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// The status of an answer; 0 where there is none.
    pub fn status(&self) -> u16 {
        let word = self.first.split(' ').nth(1);
        word.and_then(|word| word.parse().ok()).unwrap_or(0)
    }

    /// The target of a request.
    pub fn target(&self) -> &str {
        self.first.split(' ').nth(1).unwrap_or("/")
    }

    /// As bytes for the wire.
    pub fn bytes(&self) -> Vec<u8> {
        let mut head = format!("{}\r\n", self.first);
        for (name, value) in &self.headers {
            let is_framing = ["content-length", "connection", "transfer-encoding"]
                .iter()
                .any(|framing| name.eq_ignore_ascii_case(framing));
            if !is_framing {
                head.push_str(&format!("{name}: {value}\r\n"));
            }
        }
        head.push_str(&format!(
            "Content-Length: {}\r\nConnection: close\r\n\r\n",
            self.body.len()
        ));
        [head.as_bytes(), &self.body].concat()
    }

    /// An answer.
    pub fn answer(status: u16, headers: &[(&str, &str)], body: &str) -> Self {
        Self {
            first: format!("HTTP/1.1 {status} Status"),
            headers: headers
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                .collect(),
            body: body.as_bytes().to_vec(),
            whole: true,
        }
    }
}

/// Reads a message until it is whole, the stream ends, or the time is over.
pub fn read(stream: &mut TcpStream, within: Duration) -> Message {
    let until = Instant::now() + within;
    let mut bytes = Vec::new();
    let mut chunk = [0; 8192];
    loop {
        let message = parse(&bytes);
        let left = until.saturating_duration_since(Instant::now());
        if message.whole || left.is_zero() || stream.set_read_timeout(Some(left)).is_err() {
            return message;
        }
        match stream.read(&mut chunk) {
            Ok(count @ 1..) => bytes.extend_from_slice(&chunk[..count]),
            // A process that was stopped and goes on finds its read interrupted; what came meanwhile is still there.
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            _ => return message,
        }
    }
}

/// Sends to `address` and reads the answer.
///
/// # Errors
/// Where no connection comes about.
pub fn call(address: &str, request: &[u8], within: Duration) -> std::io::Result<Message> {
    let mut stream = TcpStream::connect(address)?;
    stream.write_all(request)?;
    Ok(read(&mut stream, within))
}

/// `http://host:port/path` in its two parts.
pub fn split(url: &str) -> (&str, &str) {
    let rest = url.strip_prefix("http://").unwrap_or(url);
    rest.split_at(rest.find('/').unwrap_or(rest.len()))
}

fn parse(bytes: &[u8]) -> Message {
    let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else {
        return Message::default();
    };
    let head = String::from_utf8_lossy(&bytes[..end]);
    let mut lines = head.split("\r\n");
    let first = lines.next().unwrap_or_default().to_owned();
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
        .collect();
    let mut message = Message {
        first,
        headers,
        ..Message::default()
    };
    let length = message
        .header("content-length")
        .and_then(|length| length.parse().ok())
        .unwrap_or(0);
    let body = &bytes[end + 4..];
    message.whole = body.len() >= length;
    message.body = body[..length.min(body.len())].to_vec();
    message
}

/// A parameter of a JSON or form body.
pub fn parameter(body: &str, name: &str) -> Option<String> {
    if body.starts_with('{') {
        let body: Value = serde_json::from_str(body).ok()?;
        return body.get(name)?.as_str().map(str::to_owned);
    }
    let pair = body
        .split('&')
        .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
    pair.map(decoded)
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let hex = [rest.next().unwrap_or(b'0'), rest.next().unwrap_or(b'0')];
                let hex = String::from_utf8_lossy(&hex).into_owned();
                bytes.push(u8::from_str_radix(&hex, 16).unwrap_or(b'?'));
            }
            byte => bytes.push(byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_found_in_both_bodies() {
        assert_eq!(
            parameter(r#"{"refresh_token":"a b"}"#, "refresh_token").as_deref(),
            Some("a b")
        );
        let form = "grant_type=refresh_token&refresh_token=a%2Bb+c";
        assert_eq!(parameter(form, "refresh_token").as_deref(), Some("a+b c"));
        assert_eq!(parameter(form, "code"), None);
    }
}
