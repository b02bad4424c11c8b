//! TLS to the server: what was asked for, and the rustls configuration that gives exactly that or fails.

use std::sync::Arc;

use p12_keystore::{KeyStore, Pkcs12ImportPolicy};
use rustls::{
    ClientConfig, RootCertStore,
    client::WebPkiServerVerifier,
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use tokio_postgres::config::SslMode;

use super::{
    TlsSettings, invalid, read_file,
    server_certificate::{ServerCertificate, Trust},
};
use crate::error::{Code, Error, Result};

/// How far the server's certificate is verified.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Verify {
    /// Encrypted, but to whomever.
    #[default]
    Nothing,
    /// Signed by a trusted authority.
    Authority,
    /// And made out to the host's name.
    HostName,
}

/// What the connection string and the `tls` option ask for.
#[derive(Default)]
pub(super) struct TlsPlan {
    mode: Option<SslMode>,
    verify: Verify,
    strict: bool,
    root: Option<Vec<u8>>,
    /// `sslcert`: the client's certificate with `sslkey`, as libpq has it; the server's authority without, as Prisma has it.
    cert: Option<Vec<u8>>,
    key: Option<Vec<u8>>,
    identity: Option<Vec<u8>>,
    password: Option<String>,
    system_roots: bool,
}

impl TlsPlan {
    /// Takes one parameter of the connection string; says whether it was one of TLS.
    pub(super) fn set(&mut self, name: &str, value: &str) -> Result<bool> {
        let setting = || format!("databaseUrl: {name}");
        match name {
            "sslmode" => self.set_mode(&setting(), value)?,
            "sslaccept" => {
                self.strict = match value {
                    "strict" => true,
                    "accept_invalid_certs" => false,
                    _ => return Err(invalid(&setting(), "it must be strict or accept_invalid_certs")),
                }
            }
            "sslrootcert" if value == "system" => self.system_roots = true,
            "sslrootcert" => self.root = Some(read_file(&setting(), value)?),
            "sslcert" => self.cert = Some(read_file(&setting(), value)?),
            "sslkey" => self.key = Some(read_file(&setting(), value)?),
            "sslidentity" => self.identity = Some(read_file(&setting(), value)?),
            "sslpassword" => self.password = Some(value.to_owned()),
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// Takes the `tls` option, which overrules the connection string and asks for TLS by being there.
    pub(super) fn overrule(&mut self, settings: &TlsSettings) -> Result<()> {
        self.set_mode("tls.mode", settings.mode.as_deref().unwrap_or("verify-full"))?;
        self.strict = false;
        let pem = |text: &Option<String>| text.as_ref().map(|text| text.clone().into_bytes());
        if settings.ca.is_some() {
            (self.root, self.system_roots) = (pem(&settings.ca), false);
        }
        if settings.cert.is_some() != settings.key.is_some() {
            return Err(half_an_identity());
        }
        if settings.cert.is_some() {
            (self.cert, self.key, self.identity) = (pem(&settings.cert), pem(&settings.key), None);
        }
        Ok(())
    }

    /// What tells the driver whether to ask for TLS.
    pub(super) fn ssl_mode(&self) -> SslMode {
        if self.strict && self.mode != Some(SslMode::Disable) {
            return SslMode::Require;
        }
        self.mode.unwrap_or(SslMode::Prefer)
    }

    /// The rustls configuration; with `over_network` unset no TLS will be done, and nothing has to be loaded for it.
    pub(super) fn client_config(mut self, over_network: bool) -> Result<ClientConfig> {
        let provider = Arc::new(ring::default_provider());
        if self.key.is_none() {
            self.root = self.root.or(self.cert.take());
        }
        let trust = match self.effective_verification(over_network) {
            Verify::Nothing => None,
            verify => Some(self.trust(&provider, verify == Verify::HostName)?),
        };
        let verifier = Arc::new(ServerCertificate {
            provider: provider.clone(),
            trust,
        });
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|_| tls_error("the TLS library offers no protocol version"))?
            .dangerous()
            .with_custom_certificate_verifier(verifier);
        match self.client_identity()? {
            None => Ok(builder.with_no_client_auth()),
            Some((chain, key)) => builder
                .with_client_auth_cert(chain, key)
                .map_err(|_| tls_error("the client's certificate and key are unusable or do not belong together")),
        }
    }

    fn set_mode(&mut self, setting: &str, mode: &str) -> Result<()> {
        (self.mode, self.verify) = match mode {
            "disable" => (Some(SslMode::Disable), Verify::Nothing),
            // libpq's `allow` begins in the clear; the safer reading is to try TLS first.
            "allow" | "prefer" => (Some(SslMode::Prefer), Verify::Nothing),
            "require" => (Some(SslMode::Require), Verify::Nothing),
            "verify-ca" => (Some(SslMode::Require), Verify::Authority),
            "verify-full" => (Some(SslMode::Require), Verify::HostName),
            _ => {
                return Err(invalid(
                    setting,
                    "it must be disable, prefer, require, verify-ca or verify-full",
                ));
            }
        };
        Ok(())
    }

    /// As libpq: an authority that was named is checked even if only `require` was asked for.
    fn effective_verification(&self, over_network: bool) -> Verify {
        match self.verify {
            _ if !over_network || self.ssl_mode() == SslMode::Disable => Verify::Nothing,
            _ if self.strict || self.system_roots => Verify::HostName,
            Verify::Nothing if self.root.is_some() && self.mode == Some(SslMode::Require) => Verify::Authority,
            verify => verify,
        }
    }

    fn trust(&self, provider: &Arc<CryptoProvider>, checks_name: bool) -> Result<Trust> {
        let mut roots = RootCertStore::empty();
        let mut named = Vec::new();
        match &self.root {
            Some(pem) => {
                for certificate in CertificateDer::pem_slice_iter(pem) {
                    let certificate = certificate.map_err(|_| tls_error("the trusted authority is not PEM"))?;
                    roots
                        .add(certificate.clone())
                        .map_err(|_| tls_error("the trusted authority is no usable certificate"))?;
                    named.push(certificate);
                }
            }
            None => drop(roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs)),
        }
        if roots.is_empty() {
            return Err(tls_error(
                "there is no trusted authority to verify the server with; name one with sslrootcert or tls.ca",
            ));
        }
        let authorities = WebPkiServerVerifier::builder_with_provider(roots.into(), provider.clone())
            .build()
            .map_err(|_| tls_error("the trusted authorities are unusable"))?;
        Ok(Trust {
            authorities,
            named,
            checks_name,
        })
    }

    fn client_identity(&self) -> Result<Option<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)>> {
        if let Some(archive) = &self.identity {
            return identity_from_pkcs12(archive, self.password.as_deref().unwrap_or_default()).map(Some);
        }
        match (&self.cert, &self.key) {
            (Some(cert), Some(key)) => {
                let chain = CertificateDer::pem_slice_iter(cert).collect::<std::result::Result<Vec<_>, _>>();
                let chain = chain.map_err(|_| tls_error("the client's certificate is not PEM"))?;
                let key = PrivateKeyDer::from_pem_slice(key)
                    .map_err(|_| tls_error("the client's key is not an unencrypted PEM key"))?;
                Ok(Some((chain, key)))
            }
            (None, None) => Ok(None),
            _ => Err(tls_error(
                "a client's certificate and key go together; one of them is missing",
            )),
        }
    }
}

fn identity_from_pkcs12(
    archive: &[u8],
    password: &str,
) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)> {
    let store = KeyStore::from_pkcs12(archive, password, Pkcs12ImportPolicy::default())
        .map_err(|_| tls_error("sslidentity is no PKCS#12 archive that sslpassword opens"))?;
    let (_, chain) = store
        .private_key_chain()
        .ok_or_else(|| tls_error("sslidentity holds no private key"))?;
    let certificates = chain
        .certs()
        .iter()
        .map(|cert| CertificateDer::from(cert.as_der().to_vec()))
        .collect();
    let key = PrivateKeyDer::try_from(chain.key().as_der().to_vec())
        .map_err(|_| tls_error("sslidentity holds a private key of an unknown form"))?;
    Ok((certificates, key))
}

fn half_an_identity() -> Error {
    tls_error("a client's certificate and key go together; one of them is missing")
}

fn tls_error(problem: &str) -> Error {
    Error::new(Code::Tls, problem)
}
