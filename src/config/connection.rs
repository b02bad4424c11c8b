//! What a connection string means: where to connect, how large the pool is, how TLS is done.

use std::{str::FromStr, time::Duration};

use rustls::ClientConfig;
use tokio_postgres::{
    Config,
    config::{Host, TargetSessionAttrs},
};

use super::{PoolSettings, Settings, connection_string::ConnectionString, invalid, tls::TlsPlan};
use crate::error::Result;

const DEFAULT_POOL_SIZE: usize = 8;
const DEFAULT_WAIT: Duration = Duration::from_secs(10);
const DEFAULT_CONNECT: Duration = Duration::from_secs(5);
const DEFAULT_RECYCLE: Duration = Duration::from_secs(2);

/// Parameters that tokio-postgres reads itself.
const FOR_THE_DRIVER: &[&str] = &[
    "user",
    "password",
    "dbname",
    "host",
    "hostaddr",
    "port",
    "options",
    "application_name",
    "sslnegotiation",
    "tcp_user_timeout",
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_retries",
    "channel_binding",
];

/// A connection string with the settings that overrule it, ready to be used.
pub struct Connection {
    /// For the driver: a configuration for each host, in the order in which they are to be tried.
    pub hosts: Vec<Config>,
    /// For the TLS connector.
    pub tls: ClientConfig,
    /// Connections at most.
    pub pool_size: usize,
    /// How long to wait for a free connection.
    pub wait: Duration,
    /// How long a new connection to one host may take.
    pub connect: Duration,
    /// How long the check before a reuse may take.
    pub recycle: Duration,
    /// How long one statement may take; `None` leaves it to the write timeout.
    pub statement: Option<Duration>,
    /// Whether statements may be prepared; a pooler that does not stand it is found out too.
    pub prepares: bool,
    /// The `schema` parameter.
    pub schema: Option<String>,
    /// Parameters that mean nothing here.
    pub ignored: Vec<String>,
}

impl Connection {
    /// Makes sense of a store's settings.
    pub fn from_settings(settings: &Settings) -> Result<Self> {
        let parsed = ConnectionString::parse(&settings.database_url)?;
        let mut plan = TlsPlan::default();
        let mut pool = PoolSettings::default();
        let (mut schema, mut statement, mut target) = (None, None, None);
        let (mut ignored, mut driver) = (Vec::new(), Vec::new());
        let mut prepares = true;
        for (name, value) in parsed.parameters {
            match name.as_str() {
                "connection_limit" => pool.size = Some(number(&name, &value)?),
                "pool_timeout" => pool.wait_timeout_ms = milliseconds(&name, &value)?,
                "connect_timeout" => pool.connect_timeout_ms = milliseconds(&name, &value)?,
                "socket_timeout" => statement = milliseconds(&name, &value)?,
                "schema" => schema = Some(value).filter(|schema| !schema.is_empty()),
                "target_session_attrs" => target = Some(session_attrs(&value)?),
                "pgbouncer" => prepares &= value != "true",
                "statement_cache_size" => prepares &= number(&name, &value)? > 0,
                name if FOR_THE_DRIVER.contains(&name) => driver.push((name.to_owned(), value)),
                name if plan.set(name, &value)? => {}
                _ => ignored.push(name),
            }
        }
        let mut config = driver_config(&parsed.base, &driver)?;
        if let Some(settings) = &settings.tls {
            plan.overrule(settings)?;
        }
        config.ssl_mode(plan.ssl_mode());
        if config.get_application_name().is_none() {
            config.application_name("baileys-postgres-auth");
        }
        let hosts = config.get_hosts().len().max(config.get_hostaddrs().len());
        let ports = config.get_ports().len();
        if ports > 1 && ports != hosts {
            return Err(invalid(
                "databaseUrl",
                &format!("it names {hosts} hosts and {ports} ports; name one port, or one for each host"),
            ));
        }
        // Where several hosts are named, only one of them can be written to.
        config.target_session_attrs(target.unwrap_or(if hosts > 1 {
            TargetSessionAttrs::ReadWrite
        } else {
            TargetSessionAttrs::Any
        }));
        let connect = duration(
            settings.pool.connect_timeout_ms.or(pool.connect_timeout_ms),
            DEFAULT_CONNECT,
        );
        Ok(Self {
            tls: plan.client_config(names_a_host(&config))?,
            hosts: (0..hosts).map(|index| at_host(&config, index)).collect(),
            pool_size: pool_size(settings.pool.size.or(pool.size))?,
            wait: duration(settings.pool.wait_timeout_ms.or(pool.wait_timeout_ms), DEFAULT_WAIT),
            connect,
            recycle: duration(settings.pool.recycle_timeout_ms, DEFAULT_RECYCLE),
            statement: statement.map(|ms| Duration::from_millis(u64::from(ms))),
            prepares,
            schema,
            ignored,
        })
    }

    /// Names the database, so that two stores on the same one are known to be.
    pub fn target(&self) -> String {
        let name = |config: &Config| {
            let (hosts, addresses, ports) = (config.get_hosts(), config.get_hostaddrs(), config.get_ports());
            format!(
                "{hosts:?} {addresses:?} {ports:?} {:?}",
                config.get_dbname().or(config.get_user())
            )
        };
        self.hosts.iter().map(name).collect()
    }
}

/// The configuration for one host of several. The driver would give each of them its time for the socket only, and wait
/// for ever for one that accepts and then says nothing.
fn at_host(all: &Config, index: usize) -> Config {
    let mut config = Config::new();
    all.get_user().into_iter().for_each(|user| _ = config.user(user));
    all.get_password()
        .into_iter()
        .for_each(|password| _ = config.password(password));
    all.get_dbname().into_iter().for_each(|name| _ = config.dbname(name));
    all.get_options()
        .into_iter()
        .for_each(|options| _ = config.options(options));
    all.get_application_name()
        .into_iter()
        .for_each(|name| _ = config.application_name(name));
    match all.get_hosts().get(index) {
        Some(Host::Tcp(name)) => _ = config.host(name),
        #[cfg(unix)]
        Some(Host::Unix(path)) => _ = config.host_path(path),
        None => {}
    }
    all.get_hostaddrs()
        .get(index)
        .into_iter()
        .for_each(|address| _ = config.hostaddr(*address));
    // One port is for all hosts.
    let port = all.get_ports().get(index).or(all.get_ports().first());
    port.into_iter().for_each(|port| _ = config.port(*port));
    all.get_tcp_user_timeout()
        .into_iter()
        .for_each(|timeout| _ = config.tcp_user_timeout(*timeout));
    all.get_keepalives_interval()
        .into_iter()
        .for_each(|interval| _ = config.keepalives_interval(interval));
    all.get_keepalives_retries()
        .into_iter()
        .for_each(|retries| _ = config.keepalives_retries(retries));
    config
        .ssl_mode(all.get_ssl_mode())
        .ssl_negotiation(all.get_ssl_negotiation())
        .keepalives(all.get_keepalives())
        .keepalives_idle(all.get_keepalives_idle())
        .target_session_attrs(all.get_target_session_attrs())
        .channel_binding(all.get_channel_binding());
    config
}

fn driver_config(base: &str, parameters: &[(String, String)]) -> Result<Config> {
    // What the driver says of a malformed string may quote it, password and all.
    let malformed = || {
        invalid(
            "databaseUrl",
            "it is malformed; percent-encode special characters in the password",
        )
    };
    let mut config = Config::from_str(base).map_err(|_| malformed())?;
    // What stands before it is the end of a password, and not for name servers.
    let holds_password = |host: &Host| matches!(host, Host::Tcp(name) if name.contains('@'));
    if config.get_hosts().iter().any(holds_password) {
        return Err(malformed());
    }
    for (name, value) in parameters {
        let quoted = value.replace('\\', "\\\\").replace('\'', "\\'");
        let single = Config::from_str(&format!("{name}='{quoted}'"))
            .map_err(|_| invalid("databaseUrl", &format!("its parameter {name} has an unusable value")))?;
        merge(&mut config, name, value, &single);
    }
    if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
        config.host("localhost");
    }
    if config.get_user().is_none() {
        return Err(invalid("databaseUrl", "it names no user"));
    }
    Ok(config)
}

/// Puts one parameter, which the driver has read into a configuration of its own, into the whole.
fn merge(config: &mut Config, name: &str, value: &str, single: &Config) {
    match name {
        "user" => _ = config.user(value),
        "password" => _ = config.password(value),
        "dbname" => _ = config.dbname(value),
        "options" => _ = config.options(value),
        "application_name" => _ = config.application_name(value),
        "host" => value.split(',').for_each(|host| _ = config.host(host)),
        "hostaddr" => single
            .get_hostaddrs()
            .iter()
            .for_each(|addr| _ = config.hostaddr(*addr)),
        "port" => single.get_ports().iter().for_each(|port| _ = config.port(*port)),
        "sslnegotiation" => _ = config.ssl_negotiation(single.get_ssl_negotiation()),
        "tcp_user_timeout" => {
            let timeout = single.get_tcp_user_timeout();
            timeout
                .into_iter()
                .for_each(|timeout| _ = config.tcp_user_timeout(*timeout));
        }
        "keepalives" => _ = config.keepalives(single.get_keepalives()),
        "keepalives_idle" => _ = config.keepalives_idle(single.get_keepalives_idle()),
        "keepalives_interval" => {
            let interval = single.get_keepalives_interval();
            interval
                .into_iter()
                .for_each(|interval| _ = config.keepalives_interval(interval));
        }
        "keepalives_retries" => {
            let retries = single.get_keepalives_retries();
            retries
                .into_iter()
                .for_each(|retries| _ = config.keepalives_retries(retries));
        }
        "channel_binding" => _ = config.channel_binding(single.get_channel_binding()),
        _ => {}
    }
}

/// Whether there is a TCP host, rather than only sockets of this machine, which no TLS goes over.
fn names_a_host(config: &Config) -> bool {
    config.get_hosts().iter().any(|host| matches!(host, Host::Tcp(_))) || !config.get_hostaddrs().is_empty()
}

fn session_attrs(value: &str) -> Result<TargetSessionAttrs> {
    match value {
        "any" => Ok(TargetSessionAttrs::Any),
        "read-write" | "primary" => Ok(TargetSessionAttrs::ReadWrite),
        _ => Err(invalid(
            "databaseUrl",
            "target_session_attrs must be any, read-write or primary: the store has to write",
        )),
    }
}

fn number(name: &str, value: &str) -> Result<u32> {
    value
        .parse()
        .map_err(|_| invalid("databaseUrl", &format!("its parameter {name} must be a whole number")))
}

/// Seconds, as the parameter has them, in milliseconds. Zero means no limit of its own: the default stays.
fn milliseconds(name: &str, value: &str) -> Result<Option<u32>> {
    let seconds = number(name, value)?;
    Ok((seconds > 0).then(|| seconds.saturating_mul(1_000)))
}

fn duration(ms: Option<u32>, default: Duration) -> Duration {
    ms.map_or(default, |ms| Duration::from_millis(u64::from(ms)))
}

fn pool_size(size: Option<u32>) -> Result<usize> {
    match size {
        None => Ok(DEFAULT_POOL_SIZE),
        Some(0) => Err(invalid("pool.size", "it must be at least 1")),
        Some(size) => Ok(size as usize),
    }
}

#[cfg(test)]
mod tests;
