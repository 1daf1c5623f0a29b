//! Client assertions (`private_key_jwt`): ES256 only, as strict as RFC 7523 and its revision want it.

use base64ct::{Base64UrlUnpadded, Encoding};
use ring::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};
use serde_json::Value;

use crate::lock;
use crate::params::Params;
use crate::provider::Shared;

const KIND: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// No assertion may be good for longer; what lives long is worth stealing.
const LONGEST_S: i64 = 3600;
/// How far a client's clock may be ahead.
const TOLERANCE_S: i64 = 60;

/// A P-256 public key, as a point without compression.
#[derive(Clone, Debug)]
pub(crate) struct Key(Vec<u8>);

impl Key {
    /// The key of a JWK with `kty` EC and `crv` P-256.
    pub(crate) fn from_jwk(jwk: &Value) -> Result<Key, String> {
        if (jwk["kty"].as_str(), jwk["crv"].as_str()) != (Some("EC"), Some("P-256")) {
            return Err("jwk: only kty EC with crv P-256".to_owned());
        }
        let coordinate = |name: &str| {
            let bytes = Base64UrlUnpadded::decode_vec(jwk[name].as_str().unwrap_or_default()).ok();
            bytes
                .filter(|bytes| bytes.len() == 32)
                .ok_or_else(|| format!("jwk.{name}: 32 bytes in base64url"))
        };
        Ok(Key([vec![4], coordinate("x")?, coordinate("y")?].concat()))
    }

    fn verifies(&self, message: &str, signature: &[u8]) -> bool {
        let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, &self.0);
        key.verify(message.as_bytes(), signature).is_ok()
    }
}

/// Whether a request carries an assertion, good or not.
pub(crate) fn is_given(params: &Params) -> bool {
    params.get("client_assertion").is_some() || params.get("client_assertion_type").is_some()
}

/// The client that an assertion authenticates; `Err` says why none.
pub(crate) fn client(shared: &Shared, params: &Params) -> Result<String, &'static str> {
    if params.get("client_assertion_type") != Some(KIND) {
        return Err("client_assertion_type is not the one of RFC 7523");
    }
    let token = params.get("client_assertion").ok_or("client_assertion is missing")?;
    let mut parts = token.split('.');
    let (Some(header), Some(claims), Some(signature), None) = (parts.next(), parts.next(), parts.next(), parts.next())
    else {
        return Err("the assertion has not three parts");
    };
    let header_json = decoded(header).ok_or("the header cannot be read")?;
    if header_json["alg"] != "ES256" || header_json.get("crit").is_some() {
        return Err("the algorithm is not ES256, or crit is used");
    }
    let claims_json = decoded(claims).ok_or("the claims cannot be read")?;
    let id = claims_json["iss"].as_str().ok_or("iss is missing")?;
    if claims_json["sub"].as_str() != Some(id) || params.get("client_id").is_some_and(|given| given != id) {
        return Err("iss, sub and client_id differ");
    }
    let message = token.rsplit_once('.').map_or("", |(message, _)| message);
    let signature = Base64UrlUnpadded::decode_vec(signature).map_err(|_| "the signature cannot be read")?;
    let issuer = shared.urls().api;
    let now_s = shared.clock.now().div_euclid(1000);
    let mut realm = lock(&shared.realm);
    let keys = realm.client(id).map(|client| client.keys.clone()).unwrap_or_default();
    if !keys.iter().any(|key| key.verifies(message, &signature)) {
        return Err("no registered key fits the signature");
    }
    // The issuer alone, as a single string: an assertion for another server must not work here (CVE-2025-27370).
    if claims_json["aud"].as_str() != Some(issuer.as_str()) {
        return Err("aud is not the issuer");
    }
    let lives = claims_json["exp"]
        .as_i64()
        .is_some_and(|exp| exp > now_s && exp <= now_s + LONGEST_S);
    let future = |name: &str| claims_json[name].as_i64().is_some_and(|at| at > now_s + TOLERANCE_S);
    if !lives || future("iat") || future("nbf") {
        return Err("the assertion is not valid now");
    }
    let jti = claims_json["jti"].as_str().ok_or("jti is missing")?;
    if !realm.first_use(id, jti) {
        return Err("the assertion was used before");
    }
    Ok(id.to_owned())
}

fn decoded(part: &str) -> Option<Value> {
    serde_json::from_slice(&Base64UrlUnpadded::decode_vec(part).ok()?)
        .ok()
        .filter(Value::is_object)
}
