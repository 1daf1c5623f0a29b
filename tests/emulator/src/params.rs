//! Parameters of requests, from a query, a form or a JSON object.

use serde_json::Value;

use crate::http::Request;

/// Parameters in their order, duplicates kept.
#[derive(Clone, Debug, Default)]
pub(crate) struct Params(Vec<(String, String)>);

impl Params {
    pub(crate) fn form(bytes: &[u8]) -> Params {
        Params(form_urlencoded::parse(bytes).into_owned().collect())
    }

    /// The members of a JSON object whose values are strings. `None` if it is no object or a value is of another type.
    pub(crate) fn json(bytes: &[u8]) -> Option<Params> {
        let Ok(Value::Object(members)) = serde_json::from_slice(bytes) else {
            return None;
        };
        members
            .into_iter()
            .map(|(name, value)| value.as_str().map(|text| (name, text.to_owned())))
            .collect::<Option<Vec<_>>>()
            .map(Params)
    }

    /// The value; an empty one is as good as none (RFC 6749 section 3.1).
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
            .filter(|value| !value.is_empty())
    }

    /// A name that appears more than once (RFC 6749 section 3.1 forbids it).
    pub(crate) fn duplicate(&self) -> Option<&str> {
        let (mut names, all) = (self.0.iter().map(|(name, _)| name), &self.0);
        names
            .find(|name| all.iter().filter(|(other, _)| other == *name).count() > 1)
            .map(String::as_str)
    }
}

/// The media type of a request without its parameters, in lower case.
pub(crate) fn media_type(request: &Request) -> Option<String> {
    let value = request.header("content-type")?;
    value.split(';').next().map(|kind| kind.trim().to_ascii_lowercase())
}

/// The form of a request that says it is one.
pub(crate) fn form_body(request: &Request) -> Option<Params> {
    (media_type(request).as_deref() == Some("application/x-www-form-urlencoded")).then(|| Params::form(&request.body))
}

/// The JSON object of a request that says it is one.
pub(crate) fn json_body(request: &Request) -> Option<Params> {
    (media_type(request).as_deref() == Some("application/json"))
        .then(|| Params::json(&request.body))
        .flatten()
}

/// The grant type of a token request, whatever its encoding; for choosing faults.
pub(crate) fn grant_type(request: &Request) -> Option<String> {
    let params = form_body(request).or_else(|| json_body(request))?;
    params.get("grant_type").map(str::to_owned)
}

/// A URL with parameters added to its query.
pub(crate) fn with_query(url: &str, params: &[(&str, &str)]) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in params {
        query.append_pair(name, value);
    }
    let query = query.finish();
    let separator = match (query.is_empty(), url.contains('?')) {
        (true, _) => "",
        (false, true) => "&",
        (false, false) => "?",
    };
    format!("{url}{separator}{query}")
}
