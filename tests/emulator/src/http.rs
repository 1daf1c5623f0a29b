//! HTTP/1.1 messages on a byte stream: heads by `httparse`, bodies by Content-Length, limits on both.

use std::io::{self, Read, Write};

use crate::clock::http_date;

const LARGEST_HEAD: usize = 64 * 1024;
const LARGEST_BODY: usize = 1024 * 1024;
const MOST_HEADERS: usize = 64;

/// A request.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    /// The first header of that name, in whatever case.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    fn wants_close(&self) -> bool {
        self.header("connection")
            .is_some_and(|value| value.eq_ignore_ascii_case("close"))
    }
}

/// An answer.
#[derive(Clone, Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Response {
    pub(crate) fn new(status: u16, media_type: &str, body: impl Into<Vec<u8>>) -> Response {
        let headers = vec![("Content-Type".to_owned(), media_type.to_owned())];
        Response {
            status,
            headers,
            body: body.into(),
        }
    }

    pub(crate) fn json(status: u16, value: &serde_json::Value) -> Response {
        Response::new(status, "application/json", value.to_string())
    }

    pub(crate) fn redirect(location: &str) -> Response {
        Response {
            status: 302,
            headers: Vec::new(),
            body: Vec::new(),
        }
        .with("Location", location)
    }

    /// An answer of a token endpoint must not be cached (RFC 6749 section 5.1).
    pub(crate) fn uncached(self) -> Response {
        self.with("Cache-Control", "no-store").with("Pragma", "no-cache")
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Response {
        // A header of ours never carries a line break, whatever a request put into it.
        let value = value.chars().filter(|letter| !letter.is_control()).collect();
        self.headers.push((name.to_owned(), value));
        self
    }
}

/// What the server does with the connection after a request.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// Answers.
    Respond(Response),
    /// Answers with the full length in the head and only so many bytes of the body, then closes.
    Truncate(Response, usize),
    /// Closes without an answer.
    Close,
    /// Resets the TCP connection.
    Reset,
}

/// Why no request could be read.
#[derive(Debug)]
pub(crate) enum Unreadable {
    /// The peer closed between requests, or the stream failed.
    Gone,
    /// The answer to what cannot be accepted.
    Refused(Response),
}

impl From<io::Error> for Unreadable {
    fn from(_: io::Error) -> Unreadable {
        Unreadable::Gone
    }
}

fn refused(status: u16, words: &str) -> Unreadable {
    Unreadable::Refused(Response::new(status, "text/plain", words))
}

/// Reads one request. `rest` holds bytes that came with an earlier one and keeps those that came too early.
pub(crate) fn read_request(
    stream: &mut (impl Read + Write),
    rest: &mut Vec<u8>,
) -> Result<(Request, bool), Unreadable> {
    let (mut request, length) = loop {
        if let Some((request, head, length)) = parse_head(rest)? {
            rest.drain(..head);
            break (request, length);
        }
        if rest.len() > LARGEST_HEAD {
            return Err(refused(431, "the head of the request is too large"));
        }
        read_some(stream, rest)?;
    };
    if request
        .header("expect")
        .is_some_and(|value| value.eq_ignore_ascii_case("100-continue"))
    {
        stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
    }
    while rest.len() < length {
        read_some(stream, rest)?;
    }
    request.body = rest.drain(..length).collect();
    let close = request.wants_close();
    Ok((request, close))
}

fn read_some(stream: &mut impl Read, rest: &mut Vec<u8>) -> Result<(), Unreadable> {
    let mut chunk = [0; 8192];
    match stream.read(&mut chunk)? {
        0 => Err(Unreadable::Gone),
        count => {
            rest.extend(chunk.iter().take(count));
            Ok(())
        }
    }
}

fn parse_head(bytes: &[u8]) -> Result<Option<(Request, usize, usize)>, Unreadable> {
    let mut headers = [httparse::EMPTY_HEADER; MOST_HEADERS];
    let mut head = httparse::Request::new(&mut headers);
    let end = match head.parse(bytes) {
        Ok(httparse::Status::Complete(end)) => end,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(_) => return Err(refused(400, "this is no HTTP/1.1 request")),
    };
    let target = head.path.unwrap_or("/");
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let headers: Vec<(String, String)> = head
        .headers
        .iter()
        .map(|header| {
            (
                header.name.to_owned(),
                String::from_utf8_lossy(header.value).trim().to_owned(),
            )
        })
        .collect();
    let mut request = Request {
        method: head.method.unwrap_or_default().to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        headers,
        body: Vec::new(),
    };
    if head.version == Some(0) && request.header("connection").is_none() {
        request.headers.push(("Connection".to_owned(), "close".to_owned()));
    }
    if request.header("transfer-encoding").is_some() {
        return Err(refused(411, "send a Content-Length"));
    }
    let length = match request.header("content-length").map(str::parse::<usize>) {
        None => 0,
        Some(Ok(length)) if length <= LARGEST_BODY => length,
        Some(Ok(_)) => return Err(refused(413, "the body is too large")),
        Some(Err(_)) => return Err(refused(400, "the Content-Length is no number")),
    };
    Ok(Some((request, end, length)))
}

/// Writes an answer, with at most `keep` bytes of its body.
pub(crate) fn write_response(
    stream: &mut impl Write,
    response: &Response,
    now: i64,
    close: bool,
    keep: Option<usize>,
) -> io::Result<()> {
    let mut head = format!(
        "HTTP/1.1 {} {}\r\nDate: {}\r\n",
        response.status,
        reason(response.status),
        http_date(now)
    );
    for (name, value) in &response.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    if !response
        .headers
        .iter()
        .any(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        && response.status != 204
    {
        head.push_str(&format!("Content-Length: {}\r\n", response.body.len()));
    }
    head.push_str(if close { "Connection: close\r\n\r\n" } else { "\r\n" });
    let body = response
        .body
        .get(..keep.unwrap_or(usize::MAX).min(response.body.len()))
        .unwrap_or_default();
    // One write: no client sees a head without its body because of us.
    stream.write_all(&[head.as_bytes(), body].concat())?;
    stream.flush()
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        204 => "No Content",
        302 => "Found",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        411 => "Length Required",
        413 => "Content Too Large",
        415 => "Unsupported Media Type",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        _ => "Status",
    }
}
