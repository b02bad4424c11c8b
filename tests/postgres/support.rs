//! A schema of its own per test, with an accounts table, and stores on it.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU32, Ordering},
};

use baileys_postgres_auth::{
    config::{AccountsTable, LayoutName, PoolSettings, Settings},
    error::Result,
    event::Event,
    record::{Changes, RecordKey, Text, Value},
    session::{Handle as Admitted, Session},
    store::Store,
};
use tokio::sync::oneshot;
use tokio_postgres::{Client, NoTls, types::ToSql};
use zeroize::Zeroizing;

pub(crate) const SECRET: &str = "an-example-secret-of-good-length";

static NEXT: AtomicU32 = AtomicU32::new(0);

pub(crate) struct Database {
    pub(crate) client: Client,
    pub(crate) schema: String,
    url: String,
}

impl Database {
    /// A fresh schema with these accounts.
    pub(crate) async fn new(accounts: &[&str]) -> Self {
        let url = std::env::var("TEST_DATABASE_URL")
            .expect("TEST_DATABASE_URL names no PostgreSQL server; `npm run test:rust` starts one and sets it");
        let (client, connection) = tokio_postgres::connect(&url, NoTls)
            .await
            .expect("a connection to the server");
        tokio::spawn(connection);
        let schema = format!("test_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        client
            .batch_execute(&format!(
                "CREATE SCHEMA {schema}; SET search_path = {schema};
                 CREATE TABLE whatsapp_accounts (id text PRIMARY KEY, session_data text, updated_at timestamp(3) NOT NULL DEFAULT 'epoch')"
            ))
            .await
            .expect("a schema of its own");
        let database = Self { client, schema, url };
        for account in accounts {
            database
                .execute("INSERT INTO whatsapp_accounts (id) VALUES ($1)", &[account])
                .await;
        }
        database
    }

    pub(crate) async fn execute(&self, statement: &str, params: &[&(dyn ToSql + Sync)]) -> u64 {
        self.client
            .execute(statement, params)
            .await
            .expect("the test's own statement")
    }

    pub(crate) async fn stored(&self, account: &str) -> Option<String> {
        let statement = "SELECT session_data FROM whatsapp_accounts WHERE id = $1";
        self.client
            .query_one(statement, &[&account])
            .await
            .expect("the account's row")
            .get(0)
    }

    pub(crate) fn settings(&self) -> Settings {
        Settings {
            // Far from UTC, so that a time in the wrong zone shows.
            database_url: Zeroizing::new(format!("{}?options=-c%20timezone%3DAsia/Tokyo", self.url)),
            secret: Zeroizing::new(SECRET.to_owned()),
            previous_secrets: Vec::new(),
            layout: Some(LayoutName::Column),
            schema: format!("{}_rows", self.schema),
            auto_migrate: true,
            on_unreadable: Default::default(),
            cache_bytes: 1 << 20,
            owner: "a test".to_owned(),
            accounts_table: AccountsTable {
                schema: Some(self.schema.clone()),
                ..AccountsTable::default()
            },
            pool: PoolSettings {
                size: Some(4),
                ..PoolSettings::default()
            },
            tls: None,
            write_timeout_ms: 10_000,
            synchronous_commit: None,
        }
    }

    pub(crate) fn store(&self) -> Arc<Store> {
        self.observed_store(self.settings()).0
    }

    pub(crate) fn observed_store(&self, settings: Settings) -> (Arc<Store>, Arc<Mutex<Vec<Event>>>) {
        let events: Arc<Mutex<Vec<Event>>> = Arc::default();
        let observed = events.clone();
        let store = Store::new(
            settings,
            Arc::new(move |event| observed.lock().expect("no panic").push(event)),
        );
        (Arc::new(store.expect("usable settings")), events)
    }
}

/// A handle on an open account.
pub(crate) struct Handle {
    pub(crate) session: Arc<Session>,
    pub(crate) number: u64,
    pub(crate) creds: Option<Value>,
}

impl From<Admitted> for Handle {
    fn from(admitted: Admitted) -> Self {
        Self {
            session: admitted.session,
            number: admitted.number,
            creds: admitted.creds,
        }
    }
}

pub(crate) async fn open(store: &Arc<Store>, account: &str) -> Result<Handle> {
    Ok(store.open(account.into()).await?.admit().into())
}

impl Handle {
    /// Calls a set; the receiver has its outcome.
    pub(crate) fn start_set(&self, records: &[(&str, Option<&str>)]) -> oneshot::Receiver<Result<()>> {
        let change = |(id, value): &(&str, Option<&str>)| (key(id), value.map(json));
        self.start(records.iter().map(change).collect())
    }

    pub(crate) fn start_save(&self, creds: &str) -> oneshot::Receiver<Result<()>> {
        self.start(Changes::from_iter([(RecordKey::Creds, Some(json(creds)))]))
    }

    pub(crate) async fn set(&self, records: &[(&str, Option<&str>)]) -> Result<()> {
        self.start_set(records).await.expect("an answer")
    }

    pub(crate) async fn save(&self, creds: &str) -> Result<()> {
        self.start_save(creds).await.expect("an answer")
    }

    pub(crate) fn value(&self, id: &str) -> Option<String> {
        let value = self.session.read(&key(id)).expect("it is in memory");
        value.map(|value| value.to_text().as_str().to_owned())
    }

    /// As they were when the handle was handed out.
    pub(crate) fn creds(&self) -> Option<String> {
        self.creds.as_ref().map(|creds| creds.to_text().as_str().to_owned())
    }

    fn start(&self, changes: Changes) -> oneshot::Receiver<Result<()>> {
        let (sender, receiver) = oneshot::channel();
        self.session
            .write(self.number, changes, Box::new(|result| drop(sender.send(result))));
        self.session.start();
        receiver
    }
}

fn json(text: &str) -> Value {
    Value::from_text(Text::new(text.to_owned()))
}

fn key(id: &str) -> RecordKey {
    RecordKey::new("session", id)
}
