//! The authentication state of Baileys WhatsApp sessions in PostgreSQL, encrypted.
//!
//! The way of the data: `exports` (the only functions JavaScript sees) → `store` (one database, its open accounts) →
//! `session` (one open account: order of writes, read-your-writes) → `writer` (commits, over all sessions) →
//! `layout` (how a session is stored) → `pool`. Beside them stand `crypto`, `codec`, `config` and `error`, which know
//! nothing of SQL. Imports point one way; only `exports` and `outcome` know Node-API.

mod codec;
pub mod config;
pub mod crypto;
pub mod error;
pub mod event;
mod exports;
#[doc(hidden)]
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;
pub mod layout;
mod multi_file;
mod outcome;
mod pool;
mod runtime;
pub mod session;
mod sql;
pub mod stats;
pub mod store;
mod waiting;
mod writer;

// The fuzzer watches allocations itself.
#[cfg(not(feature = "fuzzing"))]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

pub use codec::record;
pub use pool::PoolStatus;
