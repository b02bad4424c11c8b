//! Names and texts within SQL.

/// A name as an SQL identifier.
pub(super) fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A text as an SQL literal.
pub(super) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// What to put behind a statement's last table, so that its own transaction has this `synchronous_commit`.
pub(super) fn durability(synchronous_commit: Option<&str>) -> Option<String> {
    synchronous_commit.map(|level| {
        let level = literal(level);
        format!("(SELECT set_config('synchronous_commit', {level}, true)) AS setting")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_break_out_of_their_quotes() {
        assert_eq!(quoted(r#"a"; DROP TABLE b; --"#), r#""a""; DROP TABLE b; --""#);
        assert_eq!(literal("o'n"), "'o''n'");
    }
}
