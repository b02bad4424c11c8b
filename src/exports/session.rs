//! A handle on an open account, as JavaScript holds it.

use std::sync::Arc;

use napi::{
    Env,
    bindgen_prelude::{Array, BufferSlice, Either, Either3, Null},
};
use napi_derive::napi;

use crate::{
    codec::{
        self, MAX_NESTING,
        record::{Changes, RecordKey, Text},
    },
    error::{Code, Error, Result},
    outcome::{Answer, Failure, Mailbox},
    runtime,
    session::{Opened, Reply, Session},
    store::Store,
};

/// A handle on an open account.
#[napi]
pub struct NativeSession {
    store: Arc<Store>,
    session: Arc<Session>,
    handle: u64,
    mailbox: Arc<Mailbox>,
}

impl NativeSession {
    /// Hands out a handle; earlier ones of the account are refused from here on.
    pub(crate) fn admit(store: Arc<Store>, opened: Opened, mailbox: Arc<Mailbox>) -> Self {
        let (session, handle) = opened.admit();
        Self {
            store,
            session,
            handle,
            mailbox,
        }
    }

    fn reply(&self, token: u32) -> Reply {
        let mailbox = self.mailbox.clone();
        Box::new(move |result| mailbox.answer(token, result.map(|()| Answer::Done)))
    }
}

#[napi]
impl NativeSession {
    /// The values of records of one type, or what ended the session. Per id: null, a Buffer, a string of plain JSON, or an array of one string
    /// whose JSON may hold byte arrays.
    #[napi(catch_unwind, ts_return_type = "Array<null | Buffer | string | [string]> | Failure")]
    pub fn read<'env>(
        &self,
        env: &'env Env,
        kind: String,
        ids: Vec<String>,
    ) -> napi::Result<Either<Array<'env>, Failure>> {
        if let Some(error) = self.session.ended() {
            return Ok(Either::B(Failure::from(&error)));
        }
        let kind: Box<str> = kind.into();
        let mut values = env.create_array(u32::try_from(ids.len()).unwrap_or(u32::MAX))?;
        for (at, id) in (0..).zip(ids) {
            match self.session.read(&RecordKey::new(kind.clone(), id)) {
                None => values.set(at, Null)?,
                Some(text) => set_value(&mut values, at, &text, env)?,
            }
        }
        Ok(Either::A(values))
    }

    /// The credentials as JSON text, or null.
    #[napi(catch_unwind)]
    pub fn read_creds(&self) -> Option<String> {
        let creds = self.session.read(&RecordKey::Creds)?;
        Some(creds.as_str().to_owned())
    }

    /// The ids of all records of one type, or what ended the session.
    #[napi(catch_unwind)]
    pub fn ids(&self, kind: String) -> Either<Vec<String>, Failure> {
        if let Some(error) = self.session.ended() {
            return Either::B(Failure::from(&error));
        }
        let ids = self.session.keys(Some(&kind)).into_iter().filter_map(|key| match key {
            RecordKey::Creds => None,
            RecordKey::Key { id, .. } => Some(id.into_string()),
        });
        Either::A(ids.collect())
    }

    /// Writes records: type, id and value, three elements a record; a value is null to delete, a byte array, or JSON
    /// text. Gives what refuses the write at once; else the token is answered when the write is durable, which takes a
    /// `start`.
    #[napi(catch_unwind)]
    pub fn write(
        &self,
        token: u32,
        #[napi(ts_arg_type = "Array<string | Uint8Array | null>")] records: Array<'_>,
    ) -> napi::Result<Option<Failure>> {
        let mut changes = Changes::with_capacity(records.len() as usize / 3);
        for at in (0..records.len()).step_by(3) {
            let (Some(kind), Some(id), Some(value)) = (records.get(at)?, records.get(at + 1)?, records.get(at + 2)?)
            else {
                continue;
            };
            let (kind, id): (String, String) = (kind, id);
            match value_in(value) {
                Ok(value) => drop(changes.insert(RecordKey::new(kind, id), value)),
                Err(error) => return Ok(Some(Failure::from(&error))),
            }
        }
        self.session.write(self.handle, changes, self.reply(token));
        Ok(None)
    }

    /// Writes the credentials, as JSON text; otherwise as `write`.
    #[napi(catch_unwind)]
    pub fn write_creds(&self, token: u32, creds: String) -> Option<Failure> {
        match value_in(Either3::C(creds)) {
            Ok(value) => {
                let changes = Changes::from_iter([(RecordKey::Creds, value)]);
                self.session.write(self.handle, changes, self.reply(token));
                None
            }
            Err(error) => Some(Failure::from(&error)),
        }
    }

    /// Lets what was written leave: all of it together.
    #[napi(catch_unwind)]
    pub fn start(&self) {
        self.session.start();
    }

    /// Deletes every record but the credentials; otherwise as `write`.
    #[napi(catch_unwind)]
    pub fn delete_keys(&self, token: u32) {
        self.session.delete_keys(self.handle, self.reply(token));
    }

    /// Closes the handle once everything written so far is durable.
    #[napi(catch_unwind)]
    pub fn close(&self, token: u32) {
        let (closed, reply) = (self.store.close_session(&self.session, self.handle), self.reply(token));
        match runtime::handle() {
            Ok(runtime) => drop(runtime.spawn(async move { reply(closed.await) })),
            Err(error) => reply(Err(error)),
        }
    }
}

/// A value on its way in: checked, and byte arrays as the text that is stored.
fn value_in(value: Either3<Null, BufferSlice<'_>, String>) -> Result<Option<Text>> {
    match value {
        Either3::A(Null) => Ok(None),
        Either3::B(bytes) => Ok(Some(codec::from_bytes(&bytes))),
        Either3::C(text) if codec::is_too_deep(&text) => Err(Error::new(
            Code::Argument,
            format!("a value is nested deeper than {MAX_NESTING} levels; nothing of the call was written"),
        )),
        Either3::C(text) => Ok(Some(Text::new(text))),
    }
}

/// A value on its way out: byte arrays as bytes, all else as text for JavaScript's own parser, which is the fastest.
fn set_value<'env>(values: &mut Array<'env>, at: u32, text: &Text, env: &'env Env) -> napi::Result<()> {
    let json = text.as_str();
    if let Some(bytes) = codec::to_bytes(json) {
        values.set(at, &BufferSlice::copy_from(env, bytes)?)
    } else if codec::may_hold_bytes(json) {
        values.set(at, vec![json])
    } else {
        values.set(at, json)
    }
}
