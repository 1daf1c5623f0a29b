//! Reads what several functions take.

use alloc::borrow::ToOwned;
use alloc::string::String;
use alloc::vec::Vec;

use crate::base::digest::from_base64url;
use crate::base::error::OAuthError;
use crate::base::http::{HttpResponse, ResponseHeader};
use crate::base::reader::{Node, Object};
use crate::base::time::Now;
use crate::client::configuration::Client;
use crate::message::binding::Binding;

pub(super) fn now(object: &Object<'_>) -> Result<Now, OAuthError> {
    let members = object.required("now")?.object(&["wall", "steady"])?;
    Ok(Now {
        wall: members.required("wall")?.whole(0)?,
        steady: members.read("steady", |n| n.whole(0))?.unwrap_or(0),
    })
}

pub(super) fn entropy(object: &Object<'_>) -> Result<[u8; 32], OAuthError> {
    let node = object.required("entropy")?;
    let bytes = from_base64url(node.str()?).and_then(|bytes| bytes.try_into().ok());
    bytes.ok_or_else(|| node.fault("must be 32 bytes in base64url: 43 characters"))
}

pub(super) fn client(object: &Object<'_>) -> Result<Client, OAuthError> {
    Client::from_json(&object.required("client")?.json().print())
}

pub(super) fn binding(object: &Object<'_>) -> Result<Binding, OAuthError> {
    let node = object.required("binding")?;
    if node.is_null() {
        Ok(Binding::no_session())
    } else {
        Binding::session(node.str()?)
    }
}

pub(super) fn scopes(object: &Object<'_>, name: &str) -> Result<Vec<String>, OAuthError> {
    let read = |node: &Node<'_>| {
        node.items()?
            .iter()
            .map(|item| item.str().map(ToOwned::to_owned))
            .collect()
    };
    Ok(object.read(name, read)?.unwrap_or_default())
}

pub(super) fn pairs(object: &Object<'_>, name: &str) -> Result<Vec<(String, String)>, OAuthError> {
    let Some(node) = object.optional(name) else {
        return Ok(Vec::new());
    };
    let pair = |item: &Node<'_>| {
        let members = item.object(&["name", "value"])?;
        Ok((
            members.required("name")?.str()?.to_owned(),
            members.required("value")?.str()?.to_owned(),
        ))
    };
    node.items()?.iter().map(pair).collect()
}

/// `status`, `headers` and `body` (text) or `body_base64url` (any bytes).
pub(super) fn response(object: &Object<'_>) -> Result<HttpResponse, OAuthError> {
    let node = object.required("status")?;
    let status = u16::try_from(node.whole(0)?).map_err(|_| node.fault("must be an HTTP status"))?;
    let headers = pairs(object, "headers")?
        .into_iter()
        .map(|(name, value)| ResponseHeader::new(name, value));
    let body = match (object.optional("body"), object.optional("body_base64url")) {
        (Some(node), None) => node.str()?.as_bytes().to_vec(),
        (None, Some(node)) => {
            from_base64url(node.str()?).ok_or_else(|| node.fault("must be base64url without padding"))?
        }
        (None, None) => Vec::new(),
        (Some(_), Some(node)) => return Err(node.fault("goes without body")),
    };
    Ok(HttpResponse::new(status, headers.collect(), body))
}
