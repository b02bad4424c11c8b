//! Order, read-your-writes and refusals, over a layout that commits when the test says so.

use std::{collections::VecDeque, sync::atomic::Ordering, time::Duration};

use async_trait::async_trait;
use indexmap::IndexMap;
use tokio::{sync::mpsc, time::timeout};
use uuid::Uuid;

use super::*;
use crate::{
    codec::record::Text,
    layout::{
        Batching, Layout, Outcome, Write,
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

struct Bench {
    session: Arc<Session>,
    handle: u64,
    commits: mpsc::UnboundedReceiver<Arc<Changes>>,
    answers: mpsc::UnboundedSender<Result<()>>,
    events: Arc<Mutex<VecDeque<Event>>>,
    counters: Arc<Counters>,
}

async fn bench() -> Bench {
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
    fn set(&self, id: &str, value: &str) -> oneshot::Receiver<Result<()>> {
        self.set_by(self.handle, id, value)
    }

    fn set_by(&self, handle: u64, id: &str, value: &str) -> oneshot::Receiver<Result<()>> {
        let (sender, receiver) = oneshot::channel();
        let changes = Changes::from_iter([(key(id), Some(json(value)))]);
        self.session
            .write(handle, changes, Box::new(|result| sender.send(result).unwrap()));
        self.session.start();
        receiver
    }

    fn value(&self, id: &str) -> Option<String> {
        let value = self.session.read(&key(id)).expect("it is in memory");
        value.map(|value| value.to_text().as_str().to_owned())
    }

    /// The next commit, as ids with values.
    async fn commit(&mut self) -> Vec<(String, String)> {
        let changes = within(self.commits.recv()).await.unwrap();
        let record = |(key, value): (&RecordKey, &Option<Value>)| match key {
            RecordKey::Creds => panic!("no credentials here"),
            RecordKey::Key { id, .. } => (id.to_string(), value.as_ref().unwrap().to_text().as_str().to_owned()),
        };
        changes.records.iter().map(record).collect()
    }

    fn answer(&self, answer: Result<()>) {
        self.answers.send(answer).unwrap();
    }
}

/// Fails rather than hangs.
async fn within<T>(future: impl Future<Output = T>) -> T {
    timeout(Duration::from_secs(10), future)
        .await
        .expect("an answer within ten seconds")
}

fn key(id: &str) -> RecordKey {
    RecordKey::new("session", id)
}

fn json(text: &str) -> Value {
    Value::from_text(Text::new(text.to_owned()))
}

fn pairs(records: &[(&str, &str)]) -> Vec<(String, String)> {
    records
        .iter()
        .map(|(id, value)| ((*id).to_owned(), (*value).to_owned()))
        .collect()
}

#[tokio::test]
async fn sets_that_arrive_during_a_write_leave_together_in_the_next_one() {
    let mut bench = bench().await;
    let first = bench.set("a", "1");
    assert_eq!(bench.commit().await, pairs(&[("a", "1")]));
    let later = [bench.set("b", "1"), bench.set("c", "1"), bench.set("b", "2")];
    bench.answer(Ok(()));
    within(first).await.unwrap().unwrap();
    assert_eq!(
        bench.commit().await,
        pairs(&[("b", "2"), ("c", "1")]),
        "the later value alone"
    );
    bench.answer(Ok(()));
    for set in later {
        within(set).await.unwrap().unwrap();
    }
    assert_eq!(bench.counters.commits.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn what_is_written_before_a_start_leaves_together() {
    let mut bench = bench().await;
    let (sender, mut answers) = mpsc::unbounded_channel();
    for id in ["a", "b"] {
        let sender = sender.clone();
        let changes = Changes::from_iter([(key(id), Some(json("1")))]);
        let reply = Box::new(move |result| sender.send(result).unwrap());
        bench.session.write(bench.handle, changes, reply);
    }
    tokio::task::yield_now().await;
    assert!(bench.commits.try_recv().is_err(), "nothing leaves before");
    bench.session.start();
    assert_eq!(bench.commit().await, pairs(&[("a", "1"), ("b", "1")]));
    bench.answer(Ok(()));
    for _ in 0..2 {
        within(answers.recv()).await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn what_was_written_is_read_before_it_is_durable_and_after() {
    let mut bench = bench().await;
    let first = bench.set("a", "1");
    assert_eq!(bench.value("a").as_deref(), Some("1"), "pending");
    bench.commit().await;
    assert_eq!(bench.value("a").as_deref(), Some("1"), "under way");
    let second = bench.set("a", "2");
    assert_eq!(
        bench.value("a").as_deref(),
        Some("2"),
        "the newer one, pending over the one under way"
    );
    assert_eq!(bench.session.keys(Some("session")).await.unwrap(), [key("a")]);
    bench.answer(Ok(()));
    bench.answer(Ok(()));
    within(first).await.unwrap().unwrap();
    within(second).await.unwrap().unwrap();
    assert_eq!(bench.value("a").as_deref(), Some("2"), "durable");
}

#[tokio::test]
async fn a_failed_set_leaves_the_value_as_the_database_has_it() {
    let mut bench = bench().await;
    let first = bench.set("a", "1");
    bench.answer(Ok(()));
    within(first).await.unwrap().unwrap();
    let failing = bench.set("a", "2");
    bench.answer(Err(Error::new(Code::DbQuery, "refused")));
    assert_eq!(within(failing).await.unwrap().unwrap_err().code(), Code::DbQuery);
    assert_eq!(bench.value("a").as_deref(), Some("1"));
    bench.commit().await;
    bench.commit().await;
    let third = bench.set("b", "1");
    bench.answer(Ok(()));
    within(third).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_takeover_refuses_what_is_pending_too_and_is_told_once() {
    let mut bench = bench().await;
    let first = bench.set("a", "1");
    bench.commit().await;
    let pending = bench.set("b", "1");
    bench.answer(Err(Error::superseded()));
    for set in [first, pending, bench.set("c", "1")] {
        assert_eq!(within(set).await.unwrap().unwrap_err().code(), Code::SessionSuperseded);
    }
    assert_eq!(bench.events.lock().unwrap().len(), 1);
    assert_eq!(bench.counters.pending_bytes.load(Ordering::Relaxed), 0);
}

#[tokio::test]
async fn a_session_that_has_ended_is_not_told_to_be_superseded() {
    let bench = bench().await;
    bench.session.end_by(bench.handle, &Error::closed());
    bench.session.end(&Error::superseded());
    assert!(bench.events.lock().unwrap().is_empty());
    assert_eq!(bench.session.ended().unwrap().code(), Code::Closed);
}

/// With a clock that jumps to the next thing that is waited for.
#[tokio::test(start_paused = true)]
async fn after_a_long_commit_the_callers_it_answered_share_the_next_one() {
    let mut bench = bench().await;
    let (rounds, callers) = (5, 4);
    let bench_of_callers = Arc::new((bench.session.clone(), bench.handle));
    let tasks = (0..callers).map(|caller| {
        let bench = bench_of_callers.clone();
        tokio::spawn(async move {
            for round in 0..rounds {
                // Some come back later than others.
                for _ in 0..10 * caller {
                    tokio::task::yield_now().await;
                }
                let (sender, receiver) = oneshot::channel();
                let changes = Changes::from_iter([(key(&caller.to_string()), Some(json(&round.to_string())))]);
                bench
                    .0
                    .write(bench.1, changes, Box::new(|result| sender.send(result).unwrap()));
                bench.0.start();
                receiver.await.unwrap().unwrap();
            }
        })
    });
    let tasks: Vec<_> = tasks.collect();
    let mut sizes = Vec::new();
    while sizes.iter().sum::<usize>() < rounds * callers {
        sizes.push(bench.commit().await.len());
        tokio::time::sleep(Duration::from_millis(20)).await;
        bench.answer(Ok(()));
    }
    for task in tasks {
        task.await.unwrap();
    }
    // The first caller's first set leaves alone, and the others' last.
    assert_eq!(sizes, [1, 4, 4, 4, 4, 3]);
}

#[tokio::test]
async fn an_older_handle_may_write_until_a_newer_one_is_handed_out() {
    let mut bench = bench().await;
    let late = bench.set("a", "1");
    let flushed = tokio::spawn({
        let session = bench.session.clone();
        async move { session.flush().await }
    });
    assert_eq!(bench.commit().await, pairs(&[("a", "1")]));
    let later_still = bench.set("b", "1");
    bench.answer(Ok(()));
    bench.answer(Ok(()));
    within(late).await.unwrap().unwrap();
    within(later_still).await.unwrap().unwrap();
    within(flushed).await.unwrap().unwrap();
    let opened = bench.session.reserve().await.unwrap();
    bench.session.end_by(bench.handle, &Error::closed());
    let newer = opened.admit().number;
    let refused = bench.set("c", "1");
    assert_eq!(
        within(refused).await.unwrap().unwrap_err().code(),
        Code::SessionSuperseded
    );
    let accepted = bench.set_by(newer, "d", "1");
    bench.answer(Ok(()));
    within(accepted).await.unwrap().unwrap();
    bench.session.end_by(bench.handle, &Error::closed());
    assert!(bench.session.ended().is_none(), "an older handle closes nothing");
    bench.session.end_by(newer, &Error::closed());
    assert_eq!(bench.session.reserve().await.err().unwrap().code(), Code::Closed);
}

#[tokio::test]
async fn a_clear_answers_what_is_pending_at_once() {
    let mut bench = bench().await;
    let under_way = bench.set("a", "1");
    bench.commit().await;
    let pending = bench.set("b", "1");
    bench.session.end(&Error::cleared());
    assert_eq!(within(pending).await.unwrap().unwrap_err().code(), Code::SessionCleared);
    bench.answer(Err(Error::cleared()));
    assert_eq!(
        within(under_way).await.unwrap().unwrap_err().code(),
        Code::SessionCleared
    );
}

#[tokio::test]
async fn nobody_waits_for_ever_for_a_commit_that_panicked() {
    let mut bench = bench().await;
    let Bench { answers, .. } = &mut bench;
    *answers = mpsc::unbounded_channel().0;
    let set = bench.set("a", "1");
    assert_eq!(within(set).await.unwrap().unwrap_err().code(), Code::Internal);
    assert_eq!(bench.value("a"), None);
}

#[tokio::test]
async fn too_much_at_once_is_refused_and_nothing_of_it_kept() {
    let bench = bench().await;
    let _under_way = bench.set("a", "1");
    bench.counters.arrived(0, 256 << 20);
    let refused = bench.set("b", "1");
    assert_eq!(within(refused).await.unwrap().unwrap_err().code(), Code::Overloaded);
    assert_eq!(bench.value("b"), None);
}

#[tokio::test]
async fn what_is_not_in_memory_is_fetched_and_the_rest_is_as_of_the_call() {
    let mut bench = bench().await;
    let _under_way = bench.set("a", "1");
    bench.commit().await;
    let (sender, fetched) = oneshot::channel();
    let keys = ["elsewhere", "a", "b"].map(key).to_vec();
    assert_eq!(bench.session.read(&keys[0]), None);
    let reply = Box::new(move |values| sender.send(values).unwrap());
    bench.session.fetch(keys, reply);
    let expected = vec![Some(json("\"fetched\"")), Some(json("1")), None];
    assert_eq!(within(fetched).await.unwrap().unwrap(), expected);
}

#[tokio::test]
async fn a_deletion_of_all_keys_goes_by_the_order_of_the_calls() {
    let mut bench = bench().await;
    let _under_way = bench.set("a", "1");
    bench.commit().await;
    let _replaced = bench.set("b", "1");
    let (sender, deleted) = oneshot::channel();
    let reply = Box::new(move |result| sender.send(result).unwrap());
    bench.session.write(bench.handle, Changes::deletion_of_keys(), reply);
    let _later = bench.set("c", "1");
    assert_eq!(["a", "b"].map(|id| bench.value(id)), [None, None]);
    assert_eq!(bench.value("c").as_deref(), Some("1"));
    assert_eq!(bench.session.keys(None).await.unwrap(), [key("c")]);
    bench.answer(Ok(()));
    assert_eq!(bench.commit().await, pairs(&[("c", "1")]));
    bench.answer(Ok(()));
    within(deleted).await.unwrap().unwrap();
    assert_eq!(bench.counters.pending_bytes.load(Ordering::Relaxed), 0);
}
