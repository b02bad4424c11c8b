//! A layout that commits when the test says so, and a session over it.

use std::{collections::VecDeque, time::Duration};

use async_trait::async_trait;
use indexmap::IndexMap;
use tokio::{sync::mpsc, time::timeout};
use uuid::Uuid;

use super::super::*;
use crate::{
    codec::record::{RecordKey, Text, Value},
    layout::{
        Batching, Layout, Outcome, ValuesReply, Write,
        inspection::Inspector,
        quarantine::{Entry, Quarantined, not_found},
        rotation::Rotation,
    },
};

/// What the fake layout's commits carry, and the answers that the test gives them.
struct Fake {
    commits: mpsc::UnboundedSender<Arc<Changes>>,
    answers: tokio::sync::Mutex<mpsc::UnboundedReceiver<Result<()>>>,
}

#[derive(Default)]
struct FakeTenure(Mutex<IndexMap<RecordKey, Option<Value>>>);

#[async_trait]
impl Layout for Fake {
    fn name(&self) -> &'static str {
        "fake"
    }

    fn batching(&self) -> Batching {
        Batching {
            sessions: 1,
            bytes: 0,
            lanes: None,
        }
    }

    async fn open(&self, _: &Arc<str>) -> Result<Arc<dyn Tenure>> {
        Ok(Arc::new(FakeTenure::default()))
    }

    async fn is_current(&self) -> Result<bool> {
        Ok(true)
    }

    async fn commit(&self, writes: Vec<Write>, _: Instant) -> Vec<Outcome> {
        let write = &writes[0];
        self.commits.send(write.changes.clone()).unwrap();
        let answer = self
            .answers
            .lock()
            .await
            .recv()
            .await
            .expect("a commit that is meant to panic");
        if answer.is_ok() {
            let tenure: Arc<dyn std::any::Any + Send + Sync> = write.tenure.clone();
            let tenure = tenure.downcast::<FakeTenure>().unwrap();
            tenure.0.lock().unwrap().extend(write.changes.records.clone());
        }
        vec![Outcome::Settled(answer)]
    }

    fn inspectors(&self) -> Vec<Arc<dyn Inspector>> {
        unreachable!("a session knows of itself alone")
    }

    fn rotation(&self, _rekey: bool) -> Box<dyn Rotation> {
        unreachable!("a session knows nothing of rotations")
    }

    async fn snapshot(&self, _: &Arc<str>) -> Result<Option<Changes>> {
        unreachable!("a session reads what is its own")
    }

    async fn clear(&self, _: &str) -> Result<()> {
        Ok(())
    }

    async fn quarantine(&self) -> Result<Vec<Quarantined>> {
        Ok(Vec::new())
    }

    async fn find_quarantined(&self, _: Uuid) -> Result<Option<Entry>> {
        Ok(None)
    }

    async fn restore(&self, _: &Entry, _: bool) -> Result<()> {
        Err(not_found())
    }

    fn no_connection(&self) -> Error {
        Error::new(Code::DbTimeout, "no connection")
    }
}

#[async_trait]
impl Tenure for FakeTenure {
    fn lookup(&self, key: &RecordKey) -> Option<Option<Value>> {
        // The id `elsewhere` stands for what is not in memory.
        (*key != self::key("elsewhere")).then(|| self.0.lock().unwrap().get(key).cloned().flatten())
    }

    fn fetch(self: Arc<Self>, keys: Vec<RecordKey>, reply: ValuesReply) {
        reply(Ok(keys.iter().map(|_| Some(json("\"fetched\""))).collect()));
    }

    async fn keys(&self, kind: Option<&str>) -> Result<Vec<RecordKey>> {
        let records = self.0.lock().unwrap();
        Ok(records
            .iter()
            .filter(|(key, value)| value.is_some() && key.is_key_of(kind))
            .map(|(key, _)| key.clone())
            .collect())
    }
}

pub(super) struct Bench {
    pub(super) session: Arc<Session>,
    pub(super) handle: u64,
    pub(super) commits: mpsc::UnboundedReceiver<Arc<Changes>>,
    pub(super) answers: mpsc::UnboundedSender<Result<()>>,
    pub(super) events: Arc<Mutex<VecDeque<Event>>>,
    pub(super) counters: Arc<Counters>,
}

pub(super) async fn bench() -> Bench {
    let (commits, seen) = mpsc::unbounded_channel();
    let (answers, given) = mpsc::unbounded_channel();
    let layout = Arc::new(Fake {
        commits,
        answers: tokio::sync::Mutex::new(given),
    });
    let events: Arc<Mutex<VecDeque<Event>>> = Arc::default();
    let (observed, counters) = (events.clone(), Arc::<Counters>::default());
    let session = Session::new(
        "an account".into(),
        Arc::new(FakeTenure::default()),
        Writer::start(layout, 4, Duration::from_secs(10), counters.clone()),
        counters.clone(),
        Arc::new(move |event| observed.lock().unwrap().push_back(event)),
    );
    let Handle {
        session,
        number: handle,
        ..
    } = session.reserve().await.unwrap().admit();
    Bench {
        session,
        handle,
        commits: seen,
        answers,
        events,
        counters,
    }
}

impl Bench {
    pub(super) fn set(&self, id: &str, value: &str) -> oneshot::Receiver<Result<()>> {
        self.set_by(self.handle, id, value)
    }

    pub(super) fn set_by(&self, handle: u64, id: &str, value: &str) -> oneshot::Receiver<Result<()>> {
        let (sender, receiver) = oneshot::channel();
        let changes = Changes::from_iter([(key(id), Some(json(value)))]);
        self.session
            .write(handle, changes, Box::new(|result| sender.send(result).unwrap()));
        self.session.start();
        receiver
    }

    pub(super) fn value(&self, id: &str) -> Option<String> {
        let value = self.session.read(&key(id)).expect("it is in memory");
        value.map(|value| value.to_text().as_str().to_owned())
    }

    /// The next commit, as ids with values.
    pub(super) async fn commit(&mut self) -> Vec<(String, String)> {
        let changes = within(self.commits.recv()).await.unwrap();
        let record = |(key, value): (&RecordKey, &Option<Value>)| match key {
            RecordKey::Creds => panic!("no credentials here"),
            RecordKey::Key { id, .. } => (id.to_string(), value.as_ref().unwrap().to_text().as_str().to_owned()),
        };
        changes.records.iter().map(record).collect()
    }

    pub(super) fn answer(&self, answer: Result<()>) {
        self.answers.send(answer).unwrap();
    }
}

/// Fails rather than hangs.
pub(super) async fn within<T>(future: impl Future<Output = T>) -> T {
    timeout(Duration::from_secs(10), future)
        .await
        .expect("an answer within ten seconds")
}

pub(super) fn key(id: &str) -> RecordKey {
    RecordKey::new("session", id)
}

pub(super) fn json(text: &str) -> Value {
    Value::from_text(Text::new(text.to_owned()))
}

pub(super) fn pairs(records: &[(&str, &str)]) -> Vec<(String, String)> {
    records
        .iter()
        .map(|(id, value)| ((*id).to_owned(), (*value).to_owned()))
        .collect()
}
