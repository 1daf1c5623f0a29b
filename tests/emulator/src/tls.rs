//! The mutual-TLS listener of Wise and its certificates, made anew at each start.

use std::io;
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};

/// What a client needs for the mutual-TLS host. All in PEM, all made at the start and worthless elsewhere.
#[derive(Clone)]
pub struct Certificates {
    /// The authority that signed both sides.
    pub authority_pem: String,
    /// The client's certificate.
    pub client_pem: String,
    /// The client's private key (PKCS #8).
    pub client_key_pem: String,
}

pub(crate) fn make(client_id: &str) -> io::Result<(Certificates, Arc<ServerConfig>)> {
    let authority_key = KeyPair::generate().map_err(io::Error::other)?;
    let mut authority = named("Emulated authority", &[])?;
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let authority_certificate = authority.self_signed(&authority_key).map_err(io::Error::other)?;
    let issuer = Issuer::new(authority, authority_key);
    let signed = |name: &str, hosts: &[&str], purpose| {
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let mut params = named(name, hosts)?;
        params.extended_key_usages = vec![purpose];
        params.use_authority_key_identifier_extension = true;
        let certificate = params.signed_by(&key, &issuer).map_err(io::Error::other)?;
        Ok::<_, io::Error>((certificate, key))
    };
    let (server, server_key) = signed(
        "Emulated provider",
        &["localhost", "127.0.0.1"],
        ExtendedKeyUsagePurpose::ServerAuth,
    )?;
    // Wise overrides the common name with the client id ("mTLS").
    let (client, client_key) = signed(client_id, &[], ExtendedKeyUsagePurpose::ClientAuth)?;

    let mut roots = RootCertStore::empty();
    roots
        .add(authority_certificate.der().clone())
        .map_err(io::Error::other)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone())
        .build()
        .map_err(io::Error::other)?;
    let chain: Vec<CertificateDer<'static>> = vec![server.der().clone()];
    let key = PrivateKeyDer::try_from(server_key.serialize_der()).map_err(io::Error::other)?;
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_client_cert_verifier(verifier)
        .with_single_cert(chain, key)
        .map_err(io::Error::other)?;
    let certificates = Certificates {
        authority_pem: authority_certificate.pem(),
        client_pem: client.pem(),
        client_key_pem: client_key.serialize_pem(),
    };
    Ok((certificates, Arc::new(config)))
}

fn named(name: &str, hosts: &[&str]) -> io::Result<CertificateParams> {
    let hosts: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
    let mut params = CertificateParams::new(hosts).map_err(io::Error::other)?;
    params.distinguished_name.push(DnType::CommonName, name);
    Ok(params)
}
