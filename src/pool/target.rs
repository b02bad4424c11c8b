//! What a store connects to, in words for people: never with a password.

use std::net::IpAddr;

use tokio_postgres::{Config, config::Host};

const PORT: u16 = 5432;

/// Where connections lead.
pub(crate) struct Target {
    /// All hosts, with their ports.
    pub(crate) hosts: String,
    pub(crate) database: String,
    pub(crate) role: String,
}

impl Target {
    pub(super) fn of(hosts: &[Config]) -> Self {
        let role = hosts.first().and_then(Config::get_user).unwrap_or_default();
        let database = hosts.first().and_then(Config::get_dbname).unwrap_or(role);
        Self {
            hosts: hosts.iter().map(name_of).collect::<Vec<_>>().join(", "),
            database: database.to_owned(),
            role: role.to_owned(),
        }
    }
}

/// The host that a configuration is for, with its port.
pub(super) fn name_of(host: &Config) -> String {
    let port = host.get_ports().first().copied().unwrap_or(PORT);
    match (host.get_hosts().first(), host.get_hostaddrs().first()) {
        (Some(Host::Tcp(name)), _) if name.contains(':') => format!("[{name}]:{port}"),
        (Some(Host::Tcp(name)), _) => format!("{name}:{port}"),
        #[cfg(unix)]
        (Some(Host::Unix(path)), _) => format!("{}/.s.PGSQL.{port}", path.display()),
        (None, Some(IpAddr::V6(address))) => format!("[{address}]:{port}"),
        (None, Some(address)) => format!("{address}:{port}"),
        (None, None) => format!("port {port}"),
    }
}

/// Whether it is this machine, so that nothing of what is sent to it leaves it.
pub(super) fn is_local(host: &Config) -> bool {
    if let Some(address) = host.get_hostaddrs().first() {
        return address.is_loopback();
    }
    match host.get_hosts().first() {
        Some(Host::Tcp(name)) => {
            name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
        }
        #[cfg(unix)]
        Some(Host::Unix(_)) => true,
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(text: &str) -> Config {
        text.parse().unwrap()
    }

    #[test]
    fn a_host_has_a_name_and_a_port_and_no_password() {
        for (text, name) in [
            ("postgresql://user:hush@db/app", "db:5432"),
            ("postgresql://user:hush@127.0.0.1:6543/app", "127.0.0.1:6543"),
            ("host=::1 user=u password=hush", "[::1]:5432"),
            ("hostaddr=10.0.0.7 user=u password=hush", "10.0.0.7:5432"),
        ] {
            assert_eq!(name_of(&host(text)), name);
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_socket_is_named_as_it_lies_there() {
        let socket = host("host=/run/postgresql user=u");
        assert_eq!(name_of(&socket), "/run/postgresql/.s.PGSQL.5432");
        assert!(is_local(&socket));
    }

    #[test]
    fn only_what_stays_on_this_machine_is_local() {
        for text in [
            "host=localhost",
            "host=127.0.0.1",
            "host=::1",
            "host=db hostaddr=127.0.0.1",
        ] {
            assert!(is_local(&host(text)), "{text}");
        }
        for text in [
            "host=db",
            "host=10.0.0.7",
            "host=localhost hostaddr=10.0.0.7",
            "host=localhost.evil",
        ] {
            assert!(!is_local(&host(text)), "{text}");
        }
    }

    #[test]
    fn a_database_without_a_name_has_that_of_the_role() {
        let target = Target::of(&[host("host=a user=app"), host("host=b port=6432 user=app")]);
        assert_eq!(target.hosts, "a:5432, b:6432");
        assert_eq!((target.database.as_str(), target.role.as_str()), ("app", "app"));
    }
}
