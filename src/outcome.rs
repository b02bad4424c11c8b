//! Values on their way out to JavaScript: answers to calls that were not answered at once, events, and failures.
//!
//! Every store has a mailbox. The runtime's threads post into it; the first letter wakes JavaScript's thread, which
//! takes what has gathered by then, a part at a time: one wake-up for a whole batch, and no promise or threadsafe function per call.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
};

use napi::{
    Env, JsString, Status as NapiStatus,
    bindgen_prelude::{Array, BufferSlice, Function, JavaScriptClassExt, Null},
    sys,
    threadsafe_function::{ThreadsafeFunction, ThreadsafeFunctionCallMode},
};
use napi_derive::napi;

use crate::{
    codec::{self, record::Value},
    error::{Error, Result},
    event::Event,
    exports::{
        NativeExport, NativeImport, NativeMigrationStep, NativeQuarantined, NativeRotationStep, NativeSession,
        NativeStatus, NativeVerificationStep,
    },
    layout::{
        inspection::{Status, Verified},
        migration::Moves,
        quarantine::Quarantined,
        rotation::Step,
    },
    session::Opened,
    store::{Exported, Imported, Store},
};

/// An error in the shape that JavaScript makes a `SessionStoreError` of.
#[napi(object, object_from_js = false)]
#[allow(unreachable_pub)]
pub struct Failure {
    /// The stable code.
    pub code: String,
    /// What happened and what to do next.
    pub message: String,
    /// PostgreSQL's code, where there is one.
    pub sql_state: Option<String>,
}

impl From<&Error> for Failure {
    fn from(error: &Error) -> Self {
        Self {
            code: error.code().as_str().to_owned(),
            message: error.to_string(),
            sql_state: error.sql_state().map(str::to_owned),
        }
    }
}

/// Something to tell the application, in JavaScript's shape.
#[napi(object, object_from_js = false)]
#[allow(unreachable_pub)]
pub struct Notice {
    /// `superseded`, `retrying`, `rotated`, `moved` or `quarantined`.
    pub kind: String,
    /// The account, where it is about one.
    pub account_id: Option<String>,
    /// What the database said, or the code of an error, where it is about that.
    pub reason: Option<String>,
    /// Retrying: how many accounts wait, and how long it was tried before.
    pub accounts: Option<u32>,
    pub duration_ms: Option<f64>,
    /// Rotated: whether it got a new data key, too.
    pub rekeyed: Option<bool>,
    /// Moved: to which layout.
    pub layout: Option<String>,
}

impl From<Event> for Notice {
    fn from(event: Event) -> Self {
        let notice = |kind: &str, account: Option<Arc<str>>| Self {
            kind: kind.to_owned(),
            account_id: account.map(|account| account.to_string()),
            reason: None,
            accounts: None,
            duration_ms: None,
            rekeyed: None,
            layout: None,
        };
        match event {
            Event::Superseded { account } => notice("superseded", Some(account)),
            Event::Retrying {
                reason,
                account,
                accounts,
                after,
            } => Self {
                reason: Some(reason),
                accounts: Some(u32::try_from(accounts).unwrap_or(u32::MAX)),
                duration_ms: Some(after.as_secs_f64() * 1e3),
                ..notice("retrying", account)
            },
            Event::Rotated { account, rekeyed } => Self {
                rekeyed: Some(rekeyed),
                ..notice("rotated", Some(account))
            },
            Event::Moved { account, to } => Self {
                layout: Some(to.to_owned()),
                ..notice("moved", Some(account))
            },
            Event::Quarantined { account, reason } => Self {
                reason: Some(reason.to_owned()),
                ..notice("quarantined", Some(account))
            },
        }
    }
}

/// What a call came to.
pub(crate) enum Answer {
    /// It is done.
    Done,
    /// An account is open.
    Opened(Arc<Store>, Opened),
    /// The values of records.
    Values(Vec<Option<Value>>),
    /// The ids of records.
    Ids(Vec<String>),
    /// Sessions in quarantine.
    Quarantine(Vec<Quarantined>),
    /// How far a change of secret has come.
    Rotation(Step),
    /// How far a move to another layout has come.
    Migration(Moves),
    /// What is known of sessions that nobody opened for it.
    Sessions(Vec<Status>),
    /// How far a look at all of them has come.
    Verification(Verified),
    /// What came of a folder that was to be moved in.
    Imported(Imported),
    /// What was written of a session.
    Exported(Exported),
}

enum Letter {
    Answer(u32, Result<Answer>),
    Event(Event),
}

type Wake = ThreadsafeFunction<(), (), (), NapiStatus, false, true>;

/// Letters that wait for JavaScript's thread.
pub(crate) struct Mailbox {
    letters: Mutex<VecDeque<Letter>>,
    /// Weak: it does not keep Node.js from exiting, unless [`Mailbox::hold`] asks for that.
    wake: Wake,
}

impl Mailbox {
    /// A mailbox that calls `wake`, on JavaScript's thread, when there is something to collect.
    pub(crate) fn new(wake: Function<'_, (), ()>) -> napi::Result<Arc<Self>> {
        let wake = wake.build_threadsafe_function().weak::<true>().build()?;
        Ok(Arc::new(Self {
            letters: Mutex::default(),
            wake,
        }))
    }

    /// Posts a call's outcome; `token` is the call's.
    pub(crate) fn answer(&self, token: u32, outcome: Result<Answer>) {
        self.post(Letter::Answer(token, outcome));
    }

    /// Posts an event.
    pub(crate) fn tell(&self, event: Event) {
        self.post(Letter::Event(event));
    }

    fn post(&self, letter: Letter) {
        let first = {
            let mut letters = self.letters.lock().unwrap_or_else(PoisonError::into_inner);
            letters.push_back(letter);
            letters.len() == 1
        };
        if first {
            // Refused only when the environment is going down: then nobody waits any more.
            self.wake.call((), ThreadsafeFunctionCallMode::NonBlocking);
        }
    }

    /// Takes the first letters, `most` at most: token, failure or null, and value, three elements a letter. Token 0 carries
    /// an event. Who got as many as it asked for comes again: nobody is woken for what is left.
    pub(crate) fn collect<'env>(self: &Arc<Self>, env: &'env Env, most: usize) -> napi::Result<Array<'env>> {
        let letters: Vec<_> = {
            let mut letters = self.letters.lock().unwrap_or_else(PoisonError::into_inner);
            let taken = most.min(letters.len());
            letters.drain(..taken).collect()
        };
        let mut array = env.create_array(0)?;
        for letter in letters {
            match letter {
                Letter::Answer(token, Ok(Answer::Done)) => push(&mut array, token, Null, ())?,
                Letter::Answer(token, Ok(Answer::Opened(store, opened))) => {
                    let session = NativeSession::admit(store, opened, self.clone()).into_instance(env)?;
                    push(&mut array, token, Null, session)?;
                }
                Letter::Answer(token, Ok(Answer::Values(values))) => {
                    push(&mut array, token, Null, to_array(env, &values)?)?
                }
                Letter::Answer(token, Ok(Answer::Ids(ids))) => push(&mut array, token, Null, ids)?,
                Letter::Answer(token, Ok(Answer::Quarantine(sessions))) => {
                    let sessions: Vec<_> = sessions.into_iter().map(NativeQuarantined::from).collect();
                    push(&mut array, token, Null, sessions)?;
                }
                Letter::Answer(token, Ok(Answer::Rotation(step))) => {
                    push(&mut array, token, Null, NativeRotationStep::from(step))?
                }
                Letter::Answer(token, Ok(Answer::Migration(moves))) => {
                    push(&mut array, token, Null, NativeMigrationStep::from(moves))?
                }
                Letter::Answer(token, Ok(Answer::Sessions(statuses))) => {
                    let statuses: Vec<_> = statuses.into_iter().map(NativeStatus::from).collect();
                    push(&mut array, token, Null, statuses)?;
                }
                Letter::Answer(token, Ok(Answer::Verification(verified))) => {
                    push(&mut array, token, Null, NativeVerificationStep::from(verified))?
                }
                Letter::Answer(token, Ok(Answer::Imported(imported))) => {
                    push(&mut array, token, Null, NativeImport::from(imported))?
                }
                Letter::Answer(token, Ok(Answer::Exported(exported))) => {
                    push(&mut array, token, Null, NativeExport::from(exported))?
                }
                Letter::Answer(token, Err(error)) => push(&mut array, token, Failure::from(&error), ())?,
                Letter::Event(event) => push(&mut array, 0, Null, Notice::from(event))?,
            }
        }
        Ok(array)
    }

    /// Makes the mailbox keep Node.js alive, while a call waits for its answer, or no longer.
    #[allow(unsafe_code)]
    pub(crate) fn hold(&self, env: &Env, hold: bool) {
        let function = self.wake.raw();
        self.wake.handle.with_read_aborted(|aborted| {
            if aborted {
                return;
            }
            // SAFETY: `env` proves that this is JavaScript's thread, which the two functions ask for; the handle is
            // not aborted, and the lock that is held here keeps it so.
            unsafe {
                if hold {
                    sys::napi_ref_threadsafe_function(env.raw(), function);
                } else {
                    sys::napi_unref_threadsafe_function(env.raw(), function);
                }
            }
        });
    }
}

/// Values for JavaScript: null for none, bytes for a byte array, else JSON text for its own parser, which is the fastest;
/// as an array of one text where it may hold byte arrays.
pub(crate) fn to_array<'env>(env: &'env Env, values: &[Option<Value>]) -> napi::Result<Array<'env>> {
    let mut array = env.create_array(u32::try_from(values.len()).unwrap_or(u32::MAX))?;
    for (at, value) in (0..).zip(values) {
        match value {
            None => array.set(at, Null)?,
            Some(Value::Bytes(bytes)) => array.set(at, BufferSlice::copy_from(env, bytes.as_slice())?)?,
            Some(Value::Json(text)) if codec::may_hold_bytes(text.as_str()) => {
                let mut wrapped = env.create_array(1)?;
                wrapped.set(0, string(env, text.as_str())?)?;
                array.set(at, wrapped)?;
            }
            Some(Value::Json(text)) => array.set(at, string(env, text.as_str())?)?,
        }
    }
    Ok(array)
}

/// A text as JavaScript's string. Most are ASCII, which needs no decoding.
fn string<'env>(env: &'env Env, text: &str) -> napi::Result<JsString<'env>> {
    if text.is_ascii() {
        env.create_string_latin1(text.as_bytes())
    } else {
        env.create_string(text)
    }
}

fn push(
    array: &mut Array<'_>,
    token: u32,
    failure: impl napi::bindgen_prelude::ToNapiValue,
    value: impl napi::bindgen_prelude::ToNapiValue,
) -> napi::Result<()> {
    let at = array.len();
    array.set(at, token)?;
    array.set(at + 1, failure)?;
    array.set(at + 2, value)
}
