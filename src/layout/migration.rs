//! A move of all sessions to the other layout, a few at a time.
//!
//! Where it stands is in the database alone: a session is in the one layout or in the other. So a move that broke off is gone
//! on with by another one, several at once do no harm, and one that has nothing to do changes nothing.

use std::sync::Arc;

use async_trait::async_trait;

use super::{
    column::{Original, Unreadable},
    home::Home,
    rows,
    work::{Left, Leftovers, PAGE, Pages, Passes, Stop},
};
use crate::{
    config::LayoutName,
    error::{Code, Error, Result},
    event::Event,
    pool::Pool,
};

/// A step ends after so many sessions.
const STEP: usize = 20;

/// Moves the sessions of accounts, or finds out whether they can be moved.
#[async_trait]
pub(crate) trait Mover: Send + Sync {
    /// How many there are to move.
    async fn count(&self) -> Result<u64>;

    /// The first accounts that have one, in order, after one of them.
    async fn list(&self, after: Option<&str>, limit: i64) -> Result<Vec<Arc<str>>>;

    /// Moves the session of an account; whether there was one to be moved.
    async fn next(&self, account: &Arc<str>) -> Result<bool>;
}

/// A move under way.
pub(crate) struct Migration {
    pool: Arc<Pool>,
    to: LayoutName,
    /// Whether nothing is moved, and it is only found out what would be.
    is_dry: bool,
    /// Whether the tables for rows are made by it.
    makes_tables: bool,
    mover: Box<dyn Mover>,
    pages: Pages,
    passes: Passes,
    /// Sessions that there were when it began; none before the first step.
    total: Option<u64>,
    moved: u64,
    left: Leftovers,
}

/// How far a move has come.
pub(crate) struct Moves {
    pub(crate) is_done: bool,
    pub(crate) makes_tables: bool,
    /// Sessions that there were to move.
    pub(crate) total: u64,
    pub(crate) moved: u64,
    pub(crate) left: usize,
    /// Sessions that could not be moved; told at the end.
    pub(crate) unmoved: Vec<Left>,
}

impl Migration {
    pub(crate) fn new(
        pool: Arc<Pool>,
        to: LayoutName,
        is_dry: bool,
        makes_tables: bool,
        mover: Box<dyn Mover>,
    ) -> Self {
        Self {
            pool,
            to,
            is_dry,
            makes_tables,
            mover,
            pages: Pages::default(),
            passes: Passes::default(),
            total: None,
            moved: 0,
            left: Leftovers::default(),
        }
    }

    /// Moves the next sessions. What an earlier step did stays done, whatever becomes of this one.
    pub(crate) async fn step(&mut self, stop: &Stop) -> Result<Moves> {
        if self.total.is_none() {
            self.total = Some(self.mover.count().await?);
            return Ok(self.report(false));
        }
        for _ in 0..STEP {
            if stop.is_set() {
                break;
            }
            if let Some(after) = self.pages.wanted() {
                let page = self.mover.list(after, PAGE).await?;
                self.pages.add(page);
            }
            let Some(account) = self.pages.next() else {
                // What came there meanwhile is moved, too; what was not moved stays in the list.
                if self.is_dry || !self.passes.another(self.moved) {
                    return Ok(self.report(true));
                }
                self.pages = Pages::default();
                break;
            };
            self.move_one(&account).await?;
            self.pages.done();
        }
        Ok(self.report(false))
    }

    async fn move_one(&mut self, account: &Arc<str>) -> Result<()> {
        match self.mover.next(account).await {
            Ok(moved) => {
                self.left.remove(account);
                self.moved += u64::from(moved);
                if moved && !self.is_dry {
                    self.pool.tell(Event::Moved {
                        account: account.clone(),
                        to: self.to.name(),
                    });
                }
                Ok(())
            }
            Err(error) if is_of_one(&error) => {
                self.left.add(account, error);
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    fn report(&self, is_done: bool) -> Moves {
        let seen = self.moved + self.left.len() as u64;
        Moves {
            is_done,
            makes_tables: self.makes_tables,
            total: self.total.unwrap_or(0).max(seen),
            moved: self.moved,
            left: self.left.len(),
            unmoved: if is_done { self.left.list() } else { Vec::new() },
        }
    }
}

/// Whether an error is about one session, so that others may be moved all the same.
fn is_of_one(error: &Error) -> bool {
    match error.code() {
        Code::Unreadable
        | Code::WrongSecret
        | Code::AccountNotFound
        | Code::SessionExists
        | Code::Argument
        // Somebody holds its row.
        | Code::DbTimeout => true,
        // Its data is refused, not the statement.
        Code::DbQuery => error.sql_state().is_none_or(|state| !state.starts_with("42")),
        _ => false,
    }
}

/// There is nothing to move.
pub(crate) struct Nothing;

#[async_trait]
impl Mover for Nothing {
    async fn count(&self) -> Result<u64> {
        Ok(0)
    }

    async fn list(&self, _after: Option<&str>, _limit: i64) -> Result<Vec<Arc<str>>> {
        Ok(Vec::new())
    }

    async fn next(&self, _account: &Arc<str>) -> Result<bool> {
        Ok(false)
    }
}

/// Finds out whether sessions in the original form can be moved into rows, whether or not there are tables for them.
pub(crate) struct ArrivalCheck {
    original: Original,
    home: Home,
}

impl ArrivalCheck {
    pub(crate) fn new(original: Original, home: Home) -> Self {
        Self { original, home }
    }
}

#[async_trait]
impl Mover for ArrivalCheck {
    async fn count(&self) -> Result<u64> {
        self.original.count().await
    }

    async fn list(&self, after: Option<&str>, limit: i64) -> Result<Vec<Arc<str>>> {
        self.original.list(after, limit).await
    }

    async fn next(&self, account: &Arc<str>) -> Result<bool> {
        let found = self.original.find(account, Unreadable::Stays).await?;
        if self.home.layout().is_some() && self.home.has_in_rows(account).await? {
            return Err(rows::in_both());
        }
        Ok(found.is_some())
    }
}
