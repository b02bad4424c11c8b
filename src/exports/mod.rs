//! All that JavaScript sees of the crate: each function converts, makes one call, and converts back.
//!
//! Nothing here may panic on what JavaScript passes in; `catch_unwind` turns what does so all the same into an
//! exception instead of the end of the process.

// Node-API's macro asks for `pub`, and leaves nobody to call the functions when the crate's own tests are built.
#![allow(unreachable_pub)]
#![cfg_attr(test, allow(dead_code))]

mod buffers;
mod inspection;
mod migration;
mod moving;
mod quarantine;
mod rotation;
mod sealing;
mod session;
mod settings;
mod stats;
mod store;
mod work;

pub(crate) use inspection::{NativeStatus, NativeVerificationStep};
pub(crate) use migration::NativeMigrationStep;
pub(crate) use moving::{NativeExport, NativeImport};
pub(crate) use quarantine::NativeQuarantined;
pub(crate) use rotation::NativeRotationStep;
pub(crate) use session::NativeSession;
