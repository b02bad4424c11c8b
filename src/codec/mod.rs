//! Records and the JSON text their values are stored as. Knows nothing of SQL, keys or JavaScript.

mod buffer_json;
mod nesting;
pub mod record;

pub(crate) use buffer_json::{decode_base64, from_bytes, may_hold_bytes, to_bytes};
pub(crate) use nesting::{MAX_NESTING, is_too_deep};
