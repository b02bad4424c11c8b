//! Which certificates of a server are accepted.

use std::sync::Arc;

use rustls::{
    CertificateError, DigitallySignedStruct, Error as TlsError, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        verify_server_name,
    },
    crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime},
    server::ParsedCertificate,
};

/// Whose certificates are accepted.
#[derive(Debug)]
pub(super) struct Trust {
    pub(super) authorities: Arc<WebPkiServerVerifier>,
    /// Certificates that were named as trusted, themselves.
    pub(super) named: Vec<CertificateDer<'static>>,
    /// Whether one has to be made out to the host's name.
    pub(super) checks_name: bool,
}

/// Verifies a server's certificate as far as was asked for. The handshake's signatures are checked in any case.
#[derive(Debug)]
pub(super) struct ServerCertificate {
    pub(super) provider: Arc<CryptoProvider>,
    /// `None`: anyone's.
    pub(super) trust: Option<Trust>,
}

impl Trust {
    /// Whether a certificate is refused for nothing but being its own authority, and was named as trusted itself: as
    /// PostgreSQL's manual makes one. It was found to be in date before.
    fn is_named_itself(&self, certificate: &CertificateDer<'_>, error: &TlsError) -> bool {
        is_own_authority(error) && self.named.contains(certificate)
    }
}

/// Whether a certificate is refused for being that of an authority, as one that is signed by itself is.
pub(crate) fn is_own_authority(error: &TlsError) -> bool {
    let TlsError::InvalidCertificate(CertificateError::Other(reason)) = error else {
        return false;
    };
    matches!(reason.0.downcast_ref(), Some(webpki::Error::CaUsedAsEndEntity))
}

impl ServerCertVerifier for ServerCertificate {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        let Some(trust) = &self.trust else {
            return Ok(ServerCertVerified::assertion());
        };
        let verified = trust
            .authorities
            .verify_server_cert(certificate, intermediates, name, ocsp, now);
        let verified = match verified {
            Err(error) if trust.is_named_itself(certificate, &error) => {
                verify_server_name(&ParsedCertificate::try_from(certificate)?, name)
                    .map(|()| ServerCertVerified::assertion())
            }
            verified => verified,
        };
        match verified {
            // The name is what is checked last, after chain, dates and use.
            Err(TlsError::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) if !trust.checks_name => Ok(ServerCertVerified::assertion()),
            verified => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, cert, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, cert, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
