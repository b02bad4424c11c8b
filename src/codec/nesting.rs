//! How deep a value may be nested. What is accepted must be readable again, and reading recurses in JavaScript.

/// Deepest nesting of arrays and objects that a value may have.
pub(crate) const MAX_NESTING: usize = 1_000;

/// Whether a JSON text nests deeper than [`MAX_NESTING`].
pub(crate) fn is_too_deep(text: &str) -> bool {
    let bytes = text.as_bytes();
    // Most values are smaller than the limit itself or open fewer brackets than it allows: one fast pass tells.
    if bytes.len() <= 2 * MAX_NESTING || memchr::memchr2_iter(b'[', b'{', bytes).count() <= MAX_NESTING {
        return false;
    }
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for &byte in bytes {
        if in_string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_NESTING {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nested(depth: usize) -> String {
        "[".repeat(depth) + &"]".repeat(depth)
    }

    #[test]
    fn the_limit_is_exact() {
        assert!(!is_too_deep(&nested(MAX_NESTING)));
        assert!(is_too_deep(&nested(MAX_NESTING + 1)));
        assert!(is_too_deep(
            &("{\"a\":".repeat(MAX_NESTING + 1) + "1" + &"}".repeat(MAX_NESTING + 1))
        ));
    }

    #[test]
    fn width_and_strings_are_not_depth() {
        assert!(!is_too_deep(&format!("[{}[]]", "[],".repeat(50_000))));
        assert!(!is_too_deep(&format!("[\"{}\"]", "[".repeat(50_000))));
        assert!(!is_too_deep(&format!("[\"\\\"{}\"]", "{".repeat(50_000))));
        assert!(!is_too_deep(&format!("[\"\\\\\",\"{}\"]", "{".repeat(50_000))));
    }
}
