//! The TLS of both ends: one version, one key exchange, raw keys, nothing remembered.

use core::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};

use quinn::crypto::rustls::{QuicClientConfig, QuicServerConfig};
use rustls::client::Resumption;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::ring::cipher_suite::{
    TLS13_AES_128_GCM_SHA256, TLS13_AES_256_GCM_SHA384, TLS13_CHACHA20_POLY1305_SHA256,
};
use rustls::crypto::ring::sign::any_eddsa_type;
use rustls::crypto::{
    CryptoProvider, GetRandomFailed, KeyProvider, SecureRandom, WebPkiSupportedAlgorithms,
    verify_tls13_signature_with_raw_key,
};
use rustls::pki_types::{
    CertificateDer, PrivateKeyDer, ServerName, SubjectPublicKeyInfoDer, UnixTime,
};
use rustls::server::{AlwaysResolvesServerRawPublicKeys, NoServerSessionStorage};
use rustls::sign::SigningKey;
use rustls::version::TLS13;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, PeerIncompatible, ServerConfig,
    SignatureScheme,
};
use sidelight_format::RelayKey;

use crate::RelayIdentity;
use crate::hybrid::X25519MLKEM768;
use crate::identity::key_info;

/// What is spoken on the links, and in which version (RFC 7301). Anybody on the way can read it.
pub(crate) const ALPN: &[u8] = b"sidelight/1";

/// rustls wants a name for every server. This one is the same for all relays, is reserved never to
/// exist (RFC 6761), and is not sent.
pub(crate) const SERVER_NAME: &str = "relay.invalid";

/// Of ring's algorithms those that the two ends need, one by one: nothing that comes over the line
/// reaches RSA, the NIST curves or a chain of certificates, and none of it fills an app.
///
/// Never the process's default provider: a program that also links another one has none or the
/// wrong one. 256-bit ciphers only, AES first, since phones and servers have it in hardware.
pub(crate) fn provider() -> &'static Arc<CryptoProvider> {
    static PROVIDER: LazyLock<Arc<CryptoProvider>> = LazyLock::new(|| {
        Arc::new(CryptoProvider {
            cipher_suites: vec![TLS13_AES_256_GCM_SHA384, TLS13_CHACHA20_POLY1305_SHA256],
            kx_groups: vec![X25519MLKEM768],
            signature_verification_algorithms: SIGNATURES,
            secure_random: &Ours,
            key_provider: &Ours,
        })
    });
    &PROVIDER
}

/// The one signature that is verified: a relay's.
static SIGNATURES: WebPkiSupportedAlgorithms = WebPkiSupportedAlgorithms {
    all: &[webpki::ring::ED25519],
    mapping: &[(SignatureScheme::ED25519, &[webpki::ring::ED25519])],
};

/// The system's randomness, and Ed25519 keys.
#[derive(Debug)]
struct Ours;

impl SecureRandom for Ours {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), GetRandomFailed> {
        getrandom::fill(buffer).map_err(|_| GetRandomFailed)
    }
}

impl KeyProvider for Ours {
    fn load_private_key(&self, key: PrivateKeyDer<'static>) -> Result<Arc<dyn SigningKey>, Error> {
        match key {
            PrivateKeyDer::Pkcs8(key) => any_eddsa_type(&key),
            _ => Err(Error::General("only Ed25519 keys are used".into())),
        }
    }
}

/// The cipher that QUIC fixes for its first packets (RFC 9001 §5.2), whose keys anybody can derive.
fn initial_suite() -> rustls::quic::Suite {
    TLS13_AES_128_GCM_SHA256
        .tls13()
        .and_then(rustls::Tls13CipherSuite::quic_suite)
        .expect("ring's AES-128-GCM is a suite of TLS 1.3 and of QUIC")
}

/// The relay's side.
pub(crate) fn server(identity: &RelayIdentity) -> QuicServerConfig {
    let keys = AlwaysResolvesServerRawPublicKeys::new(identity.certified());
    let mut config = ServerConfig::builder_with_provider(provider().clone())
        .with_protocol_versions(&[&TLS13])
        .expect("the provider has suites and a group for TLS 1.3")
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(keys));
    config.alpn_protocols = vec![ALPN.to_vec()];
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    config.max_early_data_size = 0;
    QuicServerConfig::with_initial(Arc::new(config), initial_suite())
        .expect("the initial suite is AES-128-GCM")
}

/// The device's side, for one relay.
pub(crate) fn client(pin: Arc<Pin>) -> QuicClientConfig {
    let mut config = ClientConfig::builder_with_provider(provider().clone())
        .with_protocol_versions(&[&TLS13])
        .expect("the provider has suites and a group for TLS 1.3")
        .dangerous()
        .with_custom_certificate_verifier(pin)
        .with_no_client_auth();
    config.alpn_protocols = vec![ALPN.to_vec()];
    config.resumption = Resumption::disabled();
    config.enable_early_data = false;
    config.enable_sni = false;
    QuicClientConfig::with_initial(Arc::new(config), initial_suite())
        .expect("the initial suite is AES-128-GCM")
}

/// Takes one key and no other.
pub(crate) struct Pin {
    info: [u8; 44],
    /// Set when another key was presented, or this one without its private half. The alert that
    /// follows says less.
    mismatched: AtomicBool,
}

impl Pin {
    pub(crate) fn new(key: &RelayKey) -> Self {
        Self {
            info: key_info(key),
            mismatched: AtomicBool::new(false),
        }
    }

    pub(crate) fn mismatched(&self) -> bool {
        self.mismatched.load(Ordering::Acquire)
    }

    fn refuse(&self) -> Error {
        self.mismatched.store(true, Ordering::Release);
        Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure)
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pin(…)")
    }
}

impl ServerCertVerifier for Pin {
    fn verify_server_cert(
        &self,
        presented: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _name: &ServerName<'_>,
        _ocsp: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if presented.as_ref() == self.info {
            Ok(ServerCertVerified::assertion())
        } else {
            Err(self.refuse())
        }
    }

    fn verify_tls12_signature(
        &self,
        _message: &[u8],
        _presented: &CertificateDer<'_>,
        _signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Err(PeerIncompatible::Tls12NotOfferedOrEnabled.into())
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        presented: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature_with_raw_key(
            message,
            &SubjectPublicKeyInfoDer::from(presented.as_ref()),
            signature,
            &provider().signature_verification_algorithms,
        )
        .map_err(|_| self.refuse())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ED25519]
    }

    fn requires_raw_public_keys(&self) -> bool {
        true
    }
}
