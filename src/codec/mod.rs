//! Records and the JSON text their values are stored as. Knows nothing of SQL, keys or JavaScript.

mod buffer_json;
pub(crate) mod compact;
mod kinds;
mod nesting;
pub mod record;

pub(crate) use buffer_json::{decode_base64, may_hold_bytes};
pub(crate) use kinds::{CREDS, KINDS, id_within, split_known};
pub(crate) use nesting::{MAX_NESTING, is_too_deep};
