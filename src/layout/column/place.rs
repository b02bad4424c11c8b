//! What is found where an account's session is to be.

/// What a replacement found.
pub(super) enum Found {
    /// What was expected.
    Replaced,
    /// Another text, with this mark. It may be what this very replacement has put there in an attempt whose answer was lost.
    Other(String),
    /// NULL, or what is about to be.
    Empty,
    /// No row with the account's id.
    NoRow,
}

/// An account's place for a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// It can be put there, or was.
    Vacant,
    /// There is one.
    Taken,
    /// The account has no row.
    Missing,
}

impl Place {
    pub(super) fn of(found: Option<Option<String>>) -> Self {
        match found {
            Some(None) => Self::Vacant,
            Some(Some(_)) => Self::Taken,
            None => Self::Missing,
        }
    }
}
