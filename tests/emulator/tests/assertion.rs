//! `private_key_jwt` at the generic provider.

mod common;

use base64ct::{Base64UrlUnpadded, Encoding};
use common::*;
use evergrant_emulator::Emulator;
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use serde_json::{Value, json};

struct Signer(EcdsaKeyPair);

impl Signer {
    fn new() -> Signer {
        let random = SystemRandom::new();
        let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        Signer(EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref(), &random).unwrap())
    }

    fn jwk(&self) -> Value {
        let point = self.0.public_key().as_ref();
        let part = |range| Base64UrlUnpadded::encode_string(&point[range]);
        json!({"kty": "EC", "crv": "P-256", "x": part(1..33), "y": part(33..65)})
    }

    fn sign(&self, header: &Value, claims: &Value) -> String {
        let part = |value: &Value| Base64UrlUnpadded::encode_string(value.to_string().as_bytes());
        let message = format!("{}.{}", part(header), part(claims));
        let signature = self.0.sign(&SystemRandom::new(), message.as_bytes()).unwrap();
        format!("{message}.{}", Base64UrlUnpadded::encode_string(signature.as_ref()))
    }
}

fn ask(emulator: &Emulator, assertion: &str, more: &[(&str, &str)]) -> Reply {
    let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    let mut params = vec![
        ("grant_type", "client_credentials"),
        ("client_assertion_type", kind),
        ("client_assertion", assertion),
    ];
    params.extend(more);
    post_form(&emulator.generic().token_url(), &params)
}

#[test]
fn an_assertion_authenticates_once() {
    let emulator = start();
    let (generic, signer) = (emulator.generic(), Signer::new());
    generic.register_client("signer", &[], &[]);
    generic.register_key("signer", &signer.jwk()).unwrap();
    let now_s = emulator.clock().now() / 1000;
    let header = json!({"alg": "ES256", "typ": "client-authentication+jwt"});
    let claims =
        json!({"iss": "signer", "sub": "signer", "aud": generic.issuer(), "iat": now_s, "exp": now_s + 60, "jti": "1"});
    let good = signer.sign(&header, &claims);
    assert_eq!(
        ask(&emulator, &good, &[("client_secret", "x")]).text("error"),
        "invalid_request"
    );
    assert_eq!(ask(&emulator, &good, &[]).status, 200);
    let words = |assertion: &str, more: &[(&str, &str)]| {
        let reply = ask(&emulator, assertion, more);
        assert_eq!((reply.status, reply.text("error")), (401, "invalid_client".to_owned()));
        reply.text("error_description")
    };
    assert_eq!(words(&good, &[]), "the assertion was used before");
    let with = |name: &str, value: Value| {
        let mut claims = claims.clone();
        claims["jti"] = json!("2");
        claims[name] = value;
        signer.sign(&header, &claims)
    };
    assert_eq!(
        words(&with("aud", json!([generic.issuer()])), &[]),
        "aud is not the issuer"
    );
    assert_eq!(
        words(&with("aud", json!(generic.token_url())), &[]),
        "aud is not the issuer"
    );
    assert_eq!(
        words(&with("exp", json!(now_s - 1)), &[]),
        "the assertion is not valid now"
    );
    assert_eq!(
        words(&with("exp", json!(now_s + 100_000)), &[]),
        "the assertion is not valid now"
    );
    assert_eq!(
        words(&with("iat", json!(now_s + 600)), &[]),
        "the assertion is not valid now"
    );
    assert_eq!(
        words(&with("sub", json!("other")), &[]),
        "iss, sub and client_id differ"
    );
    assert_eq!(words(&with("jti", Value::Null), &[]), "jti is missing");
    assert_eq!(
        words(&with("x", json!(0)), &[("client_id", "emulated-client")]),
        "iss, sub and client_id differ"
    );
    let none = signer.sign(&json!({"alg": "none"}), &claims);
    assert_eq!(words(&none, &[]), "the algorithm is not ES256, or crit is used");
    assert_eq!(
        words(&Signer::new().sign(&header, &claims), &[]),
        "no registered key fits the signature"
    );
    assert_eq!(words("a.b", &[]), "the assertion has not three parts");
    // A client with a key is not public.
    let bare = [("grant_type", "client_credentials"), ("client_id", "signer")];
    assert_eq!(post_form(&generic.token_url(), &bare).status, 401);
    assert!(generic.register_key("signer", &json!({"kty": "RSA"})).is_err());
    assert!(generic.register_key("nobody", &signer.jwk()).is_err());
}
