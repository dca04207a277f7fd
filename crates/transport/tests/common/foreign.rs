//! The other end, made of quinn and rustls without this crate.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use quinn::crypto::rustls::{HandshakeData, QuicClientConfig, QuicServerConfig};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{ClientSessionStore, Tls12ClientSessionValue, Tls13ClientSessionValue};
use rustls::crypto::{CryptoProvider, SupportedKxGroup, aws_lc_rs, ring};
use rustls::pki_types::{
    CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName, SubjectPublicKeyInfoDer,
    UnixTime,
};
use rustls::server::{ClientHello, ResolvesServerCert, StoresServerSessions};
use rustls::sign::{CertifiedKey, SigningKey};
use rustls::{
    ClientConfig, DigitallySignedStruct, Error, NamedGroup, ServerConfig, SignatureScheme,
};
use sidelight_format::RelayKey;

pub(crate) const ALPN: &[u8] = b"sidelight/1";
pub(crate) const EXPORTER: &[u8] = b"EXPORTER-sidelight-mailbox";

fn only(provider: CryptoProvider, group: &'static dyn SupportedKxGroup) -> Arc<CryptoProvider> {
    Arc::new(CryptoProvider {
        kx_groups: vec![group],
        ..provider
    })
}

/// aws-lc-rs, with its own X25519MLKEM768 and nothing else.
pub(crate) fn hybrid() -> Arc<CryptoProvider> {
    only(
        aws_lc_rs::default_provider(),
        aws_lc_rs::kx_group::X25519MLKEM768,
    )
}

/// aws-lc-rs as it comes: several groups, the hybrid one among them.
pub(crate) fn everything() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

/// ring, which has no hybrid group.
pub(crate) fn classical() -> Arc<CryptoProvider> {
    only(ring::default_provider(), ring::kx_group::X25519)
}

pub(crate) fn signing_key(seed: u8) -> Arc<dyn SigningKey> {
    let mut pkcs8 = vec![
        0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20,
    ];
    pkcs8.extend([seed; 32]);
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(pkcs8));
    ring::sign::any_supported_type(&key).unwrap()
}

/// What a foreign server presents.
#[derive(Debug)]
pub(crate) struct Keys {
    pub(crate) certified: Arc<CertifiedKey>,
    pub(crate) raw: bool,
}

impl Keys {
    /// The raw key of this seed.
    pub(crate) fn of(seed: u8) -> Self {
        Self::presenting(seed, seed)
    }

    /// The raw key of one seed, signing with another's.
    pub(crate) fn presenting(public: u8, private: u8) -> Self {
        let info = signing_key(public).public_key().unwrap().to_vec();
        let certified = CertifiedKey::new(vec![CertificateDer::from(info)], signing_key(private));
        Self {
            certified: Arc::new(certified),
            raw: true,
        }
    }
}

impl ResolvesServerCert for Keys {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.certified.clone())
    }

    fn only_raw_public_keys(&self) -> bool {
        self.raw
    }
}

pub(crate) fn server_tls(provider: Arc<CryptoProvider>, keys: Keys) -> ServerConfig {
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(keys));
    config.alpn_protocols = vec![ALPN.to_vec()];
    config.max_early_data_size = u32::MAX;
    config
}

pub(crate) fn client_tls(provider: Arc<CryptoProvider>, key: RelayKey) -> ClientConfig {
    let trust = Trust {
        key,
        provider: provider.clone(),
    };
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(trust))
        .with_no_client_auth();
    config.alpn_protocols = vec![ALPN.to_vec()];
    config.enable_early_data = true;
    config
}

pub(crate) fn quic_server(tls: ServerConfig) -> quinn::ServerConfig {
    let tls = QuicServerConfig::try_from(tls).unwrap();
    quinn::ServerConfig::with_crypto(Arc::new(tls))
}

pub(crate) fn server(config: quinn::ServerConfig) -> quinn::Endpoint {
    quinn::Endpoint::server(config, "127.0.0.1:0".parse().unwrap()).unwrap()
}

pub(crate) fn client(tls: ClientConfig) -> quinn::Endpoint {
    let tls = QuicClientConfig::try_from(tls).unwrap();
    let mut endpoint = quinn::Endpoint::client("127.0.0.1:0".parse().unwrap()).unwrap();
    endpoint.set_default_client_config(quinn::ClientConfig::new(Arc::new(tls)));
    endpoint
}

/// A client for the listener of [`listen`](super::listen).
pub(crate) fn trusting_client(provider: Arc<CryptoProvider>) -> quinn::Endpoint {
    client(client_tls(provider, super::identity(7).key()))
}

pub(crate) fn exporter(connection: &quinn::Connection) -> [u8; 32] {
    let mut bytes = [0; 32];
    connection
        .export_keying_material(&mut bytes, EXPORTER, &[])
        .unwrap();
    bytes
}

pub(crate) fn handshake_data(connection: &quinn::Connection) -> HandshakeData {
    *connection
        .handshake_data()
        .unwrap()
        .downcast::<HandshakeData>()
        .unwrap()
}

/// Trusts one raw key, independently of the crate under test.
#[derive(Debug)]
struct Trust {
    key: RelayKey,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Trust {
    fn verify_server_cert(
        &self,
        presented: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if presented.as_ref().ends_with(self.key.as_bytes()) {
            Ok(ServerCertVerified::assertion())
        } else {
            Err(Error::General("another key".into()))
        }
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        unreachable!("TLS 1.2 is not offered")
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        presented: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        rustls::crypto::verify_tls13_signature_with_raw_key(
            message,
            &SubjectPublicKeyInfoDer::from(presented.as_ref()),
            signature,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ED25519]
    }

    fn requires_raw_public_keys(&self) -> bool {
        true
    }
}

/// Remembers sessions like any server, and counts how many are asked for again.
#[derive(Debug)]
pub(crate) struct Sessions {
    inner: Arc<dyn StoresServerSessions>,
    pub(crate) kept: AtomicUsize,
    pub(crate) asked: AtomicUsize,
}

impl Sessions {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            inner: rustls::server::ServerSessionMemoryCache::new(64),
            kept: AtomicUsize::new(0),
            asked: AtomicUsize::new(0),
        })
    }
}

impl StoresServerSessions for Sessions {
    fn put(&self, key: Vec<u8>, value: Vec<u8>) -> bool {
        self.kept.fetch_add(1, Ordering::SeqCst);
        self.inner.put(key, value)
    }

    fn get(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.inner.get(key)
    }

    fn take(&self, key: &[u8]) -> Option<Vec<u8>> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.inner.take(key)
    }

    fn can_cache(&self) -> bool {
        true
    }
}

/// Counts the tickets with which a server wants to recognise its client.
#[derive(Debug, Default)]
pub(crate) struct Tickets(pub(crate) AtomicUsize);

impl ClientSessionStore for Tickets {
    fn set_kx_hint(&self, _: ServerName<'static>, _: NamedGroup) {}

    fn kx_hint(&self, _: &ServerName<'_>) -> Option<NamedGroup> {
        None
    }

    fn set_tls12_session(&self, _: ServerName<'static>, _: Tls12ClientSessionValue) {}

    fn tls12_session(&self, _: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        None
    }

    fn remove_tls12_session(&self, _: &ServerName<'static>) {}

    fn insert_tls13_ticket(&self, _: ServerName<'static>, _: Tls13ClientSessionValue) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }

    fn take_tls13_ticket(&self, _: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        None
    }
}
