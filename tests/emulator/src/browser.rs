//! The user's browser: opens the consent page, decides, and reads where it is sent, over real HTTP.

use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use crate::params::with_query;

/// What the user does on the consent page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Decision<'a> {
    /// Allows the client.
    Allow {
        /// Who is logged in.
        user: &'a str,
        /// The account chosen.
        account: &'a str,
    },
    /// Refuses.
    Refuse,
}

impl Decision<'_> {
    /// The owner of the first account allows.
    pub const ALLOW: Decision<'static> = Decision::Allow {
        user: "owner",
        account: "acct_1",
    };
}

/// Where the browser ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Landing {
    /// It was sent to this callback URL (which it does not open).
    Callback(String),
    /// It stays on a page of the provider; there is no callback.
    Page {
        /// The status of the page.
        status: u16,
        /// The page.
        body: String,
    },
}

impl Landing {
    /// The callback URL, if there is one.
    pub fn callback(self) -> Option<String> {
        match self {
            Landing::Callback(url) => Some(url),
            Landing::Page { .. } => None,
        }
    }
}

/// Opens an authorize URL and decides. Only for `http` URLs on loopback, as all hosts for browsers are here.
pub fn consent(authorize_url: &str, decision: Decision<'_>) -> io::Result<Landing> {
    let (origin, _) = split(authorize_url)?;
    let page = send("GET", authorize_url, None)?;
    let Some(form) = page.form() else {
        return Ok(page.landing());
    };
    let (word, user, account) = match decision {
        Decision::Allow { user, account } => ("allow", user, account),
        Decision::Refuse => ("refuse", "owner", "acct_1"),
    };
    let body = with_query(
        "",
        &[
            ("ticket", &form.ticket),
            ("user", user),
            ("account", account),
            ("decision", word),
        ],
    );
    Ok(send(
        "POST",
        &format!("http://{origin}{}", form.action),
        body.strip_prefix('?'),
    )?
    .landing())
}

struct Page {
    status: u16,
    location: Option<String>,
    body: String,
}

struct Form {
    action: String,
    ticket: String,
}

impl Page {
    fn form(&self) -> Option<Form> {
        let between = |from: &str| Some(self.body.split_once(from)?.1.split_once('"')?.0.to_owned());
        Some(Form {
            action: between("action=\"")?,
            ticket: between("name=\"ticket\" value=\"")?,
        })
    }

    fn landing(self) -> Landing {
        match self.location.filter(|_| (300..400).contains(&self.status)) {
            Some(url) => Landing::Callback(url),
            None => Landing::Page {
                status: self.status,
                body: self.body,
            },
        }
    }
}

fn split(url: &str) -> io::Result<(&str, &str)> {
    let rest = url.strip_prefix("http://").ok_or_else(|| invalid("not an http URL"))?;
    Ok(rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len())))
}

fn invalid(words: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, words)
}

fn send(method: &str, url: &str, form: Option<&str>) -> io::Result<Page> {
    let (origin, target) = split(url)?;
    let (target, _) = target.split_once('#').unwrap_or((target, ""));
    let mut stream = TcpStream::connect(origin)?;
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    let body = form.unwrap_or_default();
    let kind = if form.is_some() {
        "Content-Type: application/x-www-form-urlencoded\r\n"
    } else {
        ""
    };
    let slash = if target.starts_with('/') { "" } else { "/" };
    let length = body.len();
    write!(
        stream,
        "{method} {slash}{target} HTTP/1.1\r\nHost: {origin}\r\nConnection: close\r\n{kind}Content-Length: {length}\r\n\r\n{body}"
    )?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut head = httparse::Response::new(&mut headers);
    let Ok(httparse::Status::Complete(end)) = head.parse(&bytes) else {
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "no whole answer"));
    };
    let location = head
        .headers
        .iter()
        .find(|header| header.name.eq_ignore_ascii_case("location"));
    Ok(Page {
        status: head.code.unwrap_or(0),
        location: location.map(|header| String::from_utf8_lossy(header.value).into_owned()),
        body: String::from_utf8_lossy(bytes.get(end..).unwrap_or_default()).into_owned(),
    })
}
