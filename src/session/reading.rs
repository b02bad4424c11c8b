//! What is read is what was written: that which is yet to be committed goes before what the database has.

use super::Session;
use crate::{
    codec::record::{Changes, RecordKey, Value},
    error::Result,
    layout::ValuesReply,
    pool,
};

impl Session {
    /// What a record holds, as of the last write called, if that is known without asking the database.
    pub fn read(&self, key: &RecordKey) -> Option<Option<Value>> {
        let state = self.state();
        match state.unwritten().find_map(|changes| changes.get(key)) {
            Some(value) => Some(value.cloned()),
            None => self.tenure.lookup(key),
        }
    }

    /// What records hold, as of the last write called.
    pub fn fetch(&self, keys: Vec<RecordKey>, reply: ValuesReply) {
        if let Some(error) = self.ended() {
            return reply(Err(error));
        }
        let mut values: Vec<_> = keys.iter().map(|key| self.read(key)).collect();
        let missing: Vec<_> = keys
            .into_iter()
            .zip(&values)
            .filter(|(_, value)| value.is_none())
            .map(|(key, _)| key)
            .collect();
        let complete = move |fetched: Vec<Option<Value>>| {
            let mut fetched = fetched.into_iter();
            for value in values.iter_mut().filter(|value| value.is_none()) {
                *value = fetched.next();
            }
            values.into_iter().map(Option::flatten).collect()
        };
        if missing.is_empty() {
            return reply(Ok(complete(Vec::new())));
        }
        let tenure = self.tenure.clone();
        tenure.fetch(missing, Box::new(move |fetched| reply(fetched.map(complete))));
    }

    /// The keys of all records but the credentials, of one type or of all, as of the last write called.
    pub async fn keys(&self, kind: Option<&str>) -> Result<Vec<RecordKey>> {
        let unwritten: Vec<Changes> = {
            let state = self.state();
            state.require_open()?;
            let mut layers: Vec<_> = state.unwritten().cloned().collect();
            layers.reverse();
            layers
        };
        let mut keys = pool::on_behalf([&self.account], self.tenure.keys(kind)).await?;
        for changes in unwritten {
            keys.retain(|key| changes.get(key).is_none());
            let set = changes
                .records
                .iter()
                .filter(|(key, value)| value.is_some() && key.is_key_of(kind));
            keys.extend(set.map(|(key, _)| key.clone()));
        }
        Ok(keys)
    }
}
