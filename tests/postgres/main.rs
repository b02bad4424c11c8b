//! The crate against a real PostgreSQL, without Node.js.
//!
//! The server is the one that `TEST_DATABASE_URL` names; each test has a schema of its own. Without the variable the
//! tests fail: `npm run test:rust` starts a server and sets it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod clear;
mod opening;
mod outage;
mod support;
mod writing;
