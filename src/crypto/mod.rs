//! Keys and sealed texts. Knows nothing of SQL, sessions or JavaScript.

mod envelope;
mod key;

pub use envelope::{Envelope, IV_LEN, Iv, TAG_LEN};
pub use key::{MIN_SECRET_LEN, SealingKey, derive_key, require_length};
