//! A model of who may write a session, and every interleaving of it: opens, sets, reads, clears and takeovers of up to three
//! processes on one account, statements whose answer is given up and that the server carries out late, and what the
//! callers do again. Explored to the last state by [stateright].
//!
//! The models say what `src/layout/rows` and `src/layout/column` do, statement by statement:
//!
//! | model | code |
//! |---|---|
//! | `rows/server.rs`, a variant of `Statement` each | the statement of that name in `rows/statements.rs`: its condition, its lock, its effect |
//! | `Call` in `rows/process.rs` and `rows/client.rs` | `rows/opener.rs` (peek, take or create, read the credentials) and `rows/commit.rs` (settle a doubt, write, ask) |
//! | `Reading` and `Clearing` there | `rows/reader.rs`; `clear` in `rows/mod.rs` |
//! | `Tenure::learn`, `Tenure::doubt` | the same of `Token` in `rows/fence.rs` |
//! | `column/server.rs` | the statements of `column/table.rs` |
//! | `column/client.rs` | `open` and `commit_one` in `column/mod.rs`, `column/tenure.rs`, `clear` in `column/table.rs` |
//! | `GiveUp` | an attempt that ends without an answer: `Pool::repeat` does it again or, when its time is up, the call fails |
//!
//! PostgreSQL is at READ COMMITTED. A statement that reads sees one moment. A statement that changes a row takes its lock,
//! looks at its conditions again on the row's newest version, and takes effect with its commit; since nobody else can
//! change a row under its lock, taking it and committing are one step, but for a write's: it holds the session's row
//! with others (FOR KEY SHARE) while it changes records, which are rows of their own. So a write has two steps, and who
//! needs the row for itself (FOR UPDATE) waits in between.
//!
//! Values count up, so that an older one in the place of a newer one shows. A set writes two records. What happens within a
//! process, where a newer handle waits for the older one's writes, is the business of `src/session`, not of this.
//!
//! What the models leave out: adoption, which takes the original text away by its mark as a clear of layout column does, and
//! that whoever is overtaken again and again gives up later than here.
//!
//! Each model has weaknesses, which leave out one thing that the code does. Every one of them must lead to a broken
//! promise: a model that cannot fail proves nothing.
//!
//! [stateright]: https://docs.rs/stateright

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

mod column;
mod exploration;
mod history;
mod rows;
