//! Sessions in the original form under a known secret; see `crate::fuzzing`.

use super::{image::Image, pglz};
use crate::{codec::record::Changes, crypto::derive_key, error::Result};

/// Reads a stored text; gives how many records it has.
pub(crate) fn text(secret: &str, text: &str) -> Result<usize> {
    let (image, _) = super::read(&[derive_key(secret)], text)?;
    let composed = image.compose(&Changes::default());
    let again = Image::parse(&composed)?;
    assert!(
        again.compose(&Changes::default()) == composed,
        "a session that was read comes back when it is written again"
    );
    for key in image.keys(None) {
        assert!(image.lookup(&key).is_some(), "a record that is listed can be read");
    }
    // As a session reads it that moves into rows.
    Ok(image.into_changes().records.len())
}

/// Seals any plaintext.
pub(crate) fn seal(secret: &str, plaintext: &[u8]) -> Result<String> {
    Ok(pglz::seal(&derive_key(secret), plaintext.to_vec())?.to_text())
}
