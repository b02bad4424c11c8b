//! Why there is no TLS connection as it was asked for, in the words of who has to do something about it.

use std::{error::Error as _, io};

use rustls::{AlertDescription, CertificateError, Error as TlsError};

use crate::config::is_own_authority;

const UNKNOWN_AUTHORITY: &str = "the server's certificate was signed by no authority that is trusted here; name its \
     authority with sslrootcert or tls.ca";

/// What TLS failed for, if it did: rustls' error within an I/O error, the server's "no" to a request for TLS, or a login that
/// was to be bound to the connection.
pub(super) fn tls_problem(error: &tokio_postgres::Error) -> Option<String> {
    let source = error.source()?;
    if let Some(cause) = source.downcast_ref::<io::Error>() {
        return Some(explain(cause.get_ref()?.downcast_ref()?));
    }
    // The driver tells its own kinds apart by nothing but their texts.
    match (error.to_string().as_str(), source.to_string().as_str()) {
        (_, "server does not support TLS") => Some(
            "the server does not offer it; turn it on there (ssl = on), or, where nobody can listen in, \
             ask for none (sslmode=disable)"
                .to_owned(),
        ),
        (_, "server did not use channel binding") => Some(
            "the login cannot be bound to it, as channel_binding=require asks for; that takes TLS and a password that \
             the server keeps as SCRAM-SHA-256"
                .to_owned(),
        ),
        ("error performing TLS handshake", reason) => Some(reason.to_owned()),
        _ => None,
    }
}

fn explain(error: &TlsError) -> String {
    use CertificateError as Wrong;
    let fix = match error {
        TlsError::InvalidCertificate(Wrong::Expired | Wrong::ExpiredContext { .. }) => {
            "the server's certificate has expired; give the server a new one"
        }
        TlsError::InvalidCertificate(Wrong::NotValidYet | Wrong::NotValidYetContext { .. }) => {
            "the server's certificate is not valid yet; check the clocks of both machines"
        }
        TlsError::InvalidCertificate(Wrong::NotValidForName | Wrong::NotValidForNameContext { .. }) => {
            "the server's certificate is made out to another host; connect by a name that it is made out to"
        }
        TlsError::InvalidCertificate(Wrong::UnknownIssuer | Wrong::BadSignature) => UNKNOWN_AUTHORITY,
        error if is_own_authority(error) => UNKNOWN_AUTHORITY,
        TlsError::AlertReceived(alert) if is_about_client(*alert) => {
            "the server does not accept the client's certificate; check sslcert and sslkey, sslidentity, or tls.cert and \
             tls.key"
        }
        _ => return error.to_string(),
    };
    format!("{fix} ({error})")
}

/// Whether a server complains of the certificate that it was shown, or that it was shown none.
fn is_about_client(alert: AlertDescription) -> bool {
    matches!(
        alert,
        AlertDescription::BadCertificate
            | AlertDescription::UnsupportedCertificate
            | AlertDescription::CertificateRevoked
            | AlertDescription::CertificateExpired
            | AlertDescription::CertificateUnknown
            | AlertDescription::UnknownCA
            | AlertDescription::CertificateRequired
    )
}
