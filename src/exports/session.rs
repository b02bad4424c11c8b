//! A handle on an open account, as JavaScript holds it.

use std::sync::Arc;

use napi::{
    Env,
    bindgen_prelude::{Array, BufferSlice, Either3, Null},
};
use napi_derive::napi;

use crate::{
    codec::{
        self, MAX_NESTING,
        record::{Bytes, Changes, RecordKey, Text, Value},
    },
    error::{Code, Error, Result},
    layout::Origin,
    outcome::{Answer, Failure, Mailbox, to_array},
    runtime,
    session::{Handle, Opened, Reply, Session},
    store::Store,
};

/// A handle on an open account.
#[napi]
pub struct NativeSession {
    store: Arc<Store>,
    session: Arc<Session>,
    handle: u64,
    mailbox: Arc<Mailbox>,
    /// Until JavaScript has taken them.
    creds: Option<Value>,
    origin: Origin,
}

/// How the open came by the session.
#[napi(object, object_from_js = false)]
#[allow(missing_docs)]
pub struct NativeOrigin {
    pub adopted: bool,
    pub taken_over: bool,
    pub previous_owner: Option<String>,
}

impl NativeSession {
    /// Hands out a handle; earlier ones of the account are refused from here on.
    pub(crate) fn admit(store: Arc<Store>, mut opened: Opened, mailbox: Arc<Mailbox>) -> Self {
        let origin = std::mem::take(&mut opened.origin);
        let Handle { session, number, creds } = opened.admit();
        Self {
            store,
            session,
            handle: number,
            mailbox,
            creds,
            origin,
        }
    }

    fn reply(&self, token: u32) -> Reply {
        let mailbox = self.mailbox.clone();
        Box::new(move |result| mailbox.answer(token, result.map(|()| Answer::Done)))
    }
}

#[napi]
impl NativeSession {
    /// The values of records of one type, null if not all of them are in memory, or what ended the session. Per id: null,
    /// a Buffer, a string of plain JSON, or an array of one string whose JSON may hold byte arrays.
    #[napi(
        catch_unwind,
        ts_return_type = "Array<null | Buffer | string | [string]> | null | Failure"
    )]
    pub fn read<'env>(
        &self,
        env: &'env Env,
        kind: String,
        ids: Vec<String>,
    ) -> napi::Result<Either3<Array<'env>, Null, Failure>> {
        if let Some(error) = self.session.ended() {
            return Ok(Either3::C(Failure::from(&error)));
        }
        let mut values = Vec::with_capacity(ids.len());
        for key in keys(&kind, ids) {
            match self.session.read(&key) {
                Some(value) => values.push(value),
                None => return Ok(Either3::B(Null)),
            }
        }
        to_array(env, &values).map(Either3::A)
    }

    /// The same values as `read` gives, from the database where they are not in memory; the token is answered with them.
    #[napi(catch_unwind)]
    pub fn fetch(&self, token: u32, kind: String, ids: Vec<String>) {
        let mailbox = self.mailbox.clone();
        let reply = move |values: Result<_>| mailbox.answer(token, values.map(Answer::Values));
        self.session.fetch(keys(&kind, ids).collect(), Box::new(reply));
    }

    /// The credentials as JSON text, or null; once.
    #[napi(catch_unwind)]
    pub fn take_creds(&mut self) -> Option<String> {
        let creds = self.creds.take()?;
        Some(creds.to_text().as_str().to_owned())
    }

    /// How the open came by the session; once.
    #[napi(catch_unwind)]
    pub fn take_origin(&mut self) -> NativeOrigin {
        let Origin {
            adopted,
            taken_over,
            previous_owner,
        } = std::mem::take(&mut self.origin);
        NativeOrigin {
            adopted,
            taken_over,
            previous_owner: previous_owner.map(String::from),
        }
    }

    /// The token is answered with the ids of all records of one type.
    #[napi(catch_unwind)]
    pub fn ids(&self, token: u32, kind: String) {
        let (session, mailbox) = (self.session.clone(), self.mailbox.clone());
        let listing = async move {
            let keys = session.keys(Some(&kind)).await?;
            let ids = keys.into_iter().filter_map(|key| match key {
                RecordKey::Creds => None,
                RecordKey::Key { id, .. } => Some(id.into_string()),
            });
            Ok(Answer::Ids(ids.collect()))
        };
        match runtime::handle() {
            Ok(runtime) => drop(runtime.spawn(async move { mailbox.answer(token, listing.await) })),
            Err(error) => mailbox.answer(token, Err(error)),
        }
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
        let mut changes = Changes::default();
        changes.records.reserve(records.len() as usize / 3);
        for at in (0..records.len()).step_by(3) {
            let (Some(kind), Some(id), Some(value)) = (records.get(at)?, records.get(at + 1)?, records.get(at + 2)?)
            else {
                continue;
            };
            let (kind, id): (String, String) = (kind, id);
            match value_in(value) {
                Ok(value) => drop(changes.records.insert(RecordKey::new(kind, id), value)),
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
        self.session
            .write(self.handle, Changes::deletion_of_keys(), self.reply(token));
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

fn keys(kind: &str, ids: Vec<String>) -> impl Iterator<Item = RecordKey> {
    ids.into_iter().map(move |id| RecordKey::new(kind, id))
}

/// A value on its way in, checked.
fn value_in(value: Either3<Null, BufferSlice<'_>, String>) -> Result<Option<Value>> {
    match value {
        Either3::A(Null) => Ok(None),
        Either3::B(bytes) => Ok(Some(Value::Bytes(Bytes::new(bytes.to_vec())))),
        Either3::C(text) if codec::is_too_deep(&text) => Err(Error::new(
            Code::Argument,
            format!("a value is nested deeper than {MAX_NESTING} levels; nothing of the call was written"),
        )),
        Either3::C(text) => Ok(Some(Value::Json(Text::new(text)))),
    }
}
