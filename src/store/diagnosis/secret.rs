//! Whether the secret is the one that sessions were sealed with.

use super::{check::Check, tables::Place};
use crate::{
    error::{Code, Result},
    layout::{
        Layout,
        rotation::{Sealed, Secret},
        work::Stop,
    },
    store::backend::Blueprint,
};

/// A text tells its secret only by being opened: so many are, at most.
const SAMPLE: i64 = 3;

const NEXT: &str = "set WHATSAPP_SESSION_SECRET to the secret that they were sealed with, or add that one to \
     WHATSAPP_SESSION_SECRET_PREVIOUS";

pub(super) async fn check(blueprint: &Blueprint, place: Place) -> Result<Check> {
    let keys = match place {
        Place::Rows => blueprint.count_keys().await?,
        _ => Vec::new(),
    };
    let texts = match place {
        Place::Nowhere => Texts::default(),
        _ => blueprint.open_texts().await?,
    };
    Ok(judge(&keys, &texts))
}

/// Texts of the accounts table that were looked at.
#[derive(Default)]
struct Texts {
    opened: usize,
    unreadable: usize,
}

impl Blueprint {
    /// Sessions in rows by what they are sealed under.
    async fn count_keys(&self) -> Result<Vec<Sealed>> {
        let kdf = self.tables_as_they_are(None).await?;
        let rows = self.rows_over(kdf, self.home().await?).await?;
        // Its first step counts, and changes nothing.
        Ok(rows.rotation(false).step(&Stop::default()).await?.keys)
    }

    /// Whether the first texts in the accounts table can be opened.
    async fn open_texts(&self) -> Result<Texts> {
        let (original, mut texts) = (self.original(), Texts::default());
        if !original.exists().await? {
            return Ok(texts);
        }
        for account in original.list(None, SAMPLE).await? {
            match original.read(&account).await {
                Ok(found) => texts.opened += usize::from(found.is_some()),
                Err(error) if error.code() == Code::Unreadable => texts.unreadable += 1,
                Err(error) => return Err(error),
            }
        }
        Ok(texts)
    }
}

fn judge(keys: &[Sealed], texts: &Texts) -> Check {
    let count = |secret| -> u64 {
        let of_it = keys.iter().filter(|key| key.secret == secret);
        of_it.map(|key| key.sessions).sum()
    };
    let (current, previous, unknown) = (count(Secret::Current), count(Secret::Previous), count(Secret::Unknown));
    let (opened, unreadable) = (texts.opened, texts.unreadable);
    if current + previous + unknown == 0 && opened + unreadable == 0 {
        return Check::ok("secret", "there is no session yet");
    }
    let mut found = Vec::new();
    if current + previous + unknown > 0 {
        found.push(format!(
            "sessions in rows: {current} under the current secret, {previous} under previous ones, {unknown} under others"
        ));
    }
    if opened + unreadable > 0 {
        found.push(format!(
            "of {} texts that were tried in the accounts table {opened} can be opened",
            opened + unreadable
        ));
    }
    let found = found.join("; ");
    match (unknown > 0 || unreadable > 0, current + previous > 0 || opened > 0) {
        (false, _) => Check::ok("secret", found),
        (true, false) => Check::failed("secret", found, NEXT),
        (true, true) => Check::warning("secret", found, NEXT),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::diagnosis::check::Status;

    fn status(sessions: [(Secret, u64); 3], opened: usize, unreadable: usize) -> Status {
        let keys = sessions.map(|(secret, sessions)| Sealed {
            key_id: String::new(),
            secret,
            sessions,
        });
        judge(&keys, &Texts { opened, unreadable }).status
    }

    #[test]
    fn a_secret_that_opens_nothing_has_failed_and_one_that_opens_some_is_a_warning() {
        use Secret::{Current, Previous, Unknown};
        let of = |current, previous, unknown| [(Current, current), (Previous, previous), (Unknown, unknown)];
        for (sessions, opened, unreadable, expected) in [
            (of(0, 0, 0), 0, 0, Status::Ok),
            (of(2, 1, 0), 0, 0, Status::Ok),
            (of(0, 0, 0), 3, 0, Status::Ok),
            (of(0, 0, 1), 0, 0, Status::Failed),
            (of(0, 0, 0), 0, 1, Status::Failed),
            (of(0, 1, 1), 0, 0, Status::Warning),
            (of(0, 0, 0), 2, 1, Status::Warning),
            (of(1, 0, 0), 0, 3, Status::Warning),
        ] {
            assert_eq!(status(sessions, opened, unreadable), expected);
        }
    }
}
