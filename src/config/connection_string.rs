//! Takes a connection string apart: libpq's URL form and keyword form, with whatever parameters it carries.

use percent_encoding::percent_decode_str;

use super::invalid;
use crate::error::{Error, Result};

/// A connection string taken apart.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ConnectionString {
    /// For the URL form all that stands before the `?`; empty for the keyword form.
    pub(super) base: String,
    /// The parameters, decoded, in order.
    pub(super) parameters: Vec<(String, String)>,
}

impl ConnectionString {
    pub(super) fn parse(text: &str) -> Result<Self> {
        let text = text.trim();
        if text.is_empty() {
            return Err(malformed("it is empty"));
        }
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            Self::from_url(text)
        } else if text.contains("://") {
            Err(malformed("it is no PostgreSQL URL; it must begin with postgresql://"))
        } else {
            Ok(Self {
                base: String::new(),
                parameters: keywords(text)?,
            })
        }
    }

    fn from_url(text: &str) -> Result<Self> {
        let (base, query) = text.split_once('?').unwrap_or((text, ""));
        let parameters = query
            .split('&')
            .filter(|pair| !pair.is_empty())
            .map(|pair| {
                let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                Ok((decode(name)?, decode(value)?))
            })
            .collect::<Result<_>>()?;
        Ok(Self {
            base: base.to_owned(),
            parameters,
        })
    }
}

/// The `schema` parameter of a connection string, which names the accounts table's.
pub(crate) fn schema_of(text: &str) -> Result<Option<String>> {
    let parameters = ConnectionString::parse(text)?.parameters;
    let schema = parameters.into_iter().rev().find(|(name, _)| name == "schema");
    Ok(schema.map(|(_, value)| value).filter(|schema| !schema.is_empty()))
}

fn decode(text: &str) -> Result<String> {
    let decoded = percent_decode_str(text).decode_utf8();
    Ok(decoded
        .map_err(|_| malformed("its percent-encoding is no UTF-8"))?
        .into_owned())
}

/// libpq's `keyword = value` pairs; a value may stand in single quotes, and `\` takes the next character literally.
fn keywords(text: &str) -> Result<Vec<(String, String)>> {
    let mut pairs = Vec::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let (name, after) = rest
            .split_once('=')
            .ok_or_else(|| malformed("it is neither a postgresql:// URL nor keyword=value pairs"))?;
        let (value, after) = value(after.trim_start())?;
        pairs.push((name.trim().to_owned(), value));
        rest = after.trim_start();
    }
    Ok(pairs)
}

/// Reads one value; gives it and what follows.
fn value(text: &str) -> Result<(String, &str)> {
    let quoted = text.starts_with('\'');
    let mut value = String::new();
    let mut characters = text.char_indices().skip(usize::from(quoted));
    while let Some((at, character)) = characters.next() {
        match character {
            '\\' => value.extend(characters.next().map(|(_, literal)| literal)),
            '\'' if quoted => return Ok((value, &text[at + 1..])),
            space if !quoted && space.is_whitespace() => return Ok((value, &text[at..])),
            other => value.push(other),
        }
    }
    if quoted {
        return Err(malformed("a quoted value does not end"));
    }
    Ok((value, ""))
}

fn malformed(problem: &str) -> Error {
    invalid("databaseUrl", problem)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameters(text: &str) -> Vec<(String, String)> {
        ConnectionString::parse(text).unwrap().parameters
    }

    fn pair(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    #[test]
    fn a_url_is_split_at_its_question_mark_and_decoded() {
        let parsed = ConnectionString::parse(
            "postgresql://u:p%40ss@one:5432,two:5433/db?schema=a%20b&pgbouncer=true&options=-c%20x%3D1&flag",
        )
        .unwrap();
        assert_eq!(parsed.base, "postgresql://u:p%40ss@one:5432,two:5433/db");
        assert_eq!(
            parsed.parameters,
            [
                pair("schema", "a b"),
                pair("pgbouncer", "true"),
                pair("options", "-c x=1"),
                pair("flag", "")
            ]
        );
    }

    #[test]
    fn keyword_form_knows_quotes_and_escapes() {
        assert_eq!(
            parameters(r"host=localhost  port = 5432 password='it''s' dbname=a\ b options='-c x=\'1\''").first(),
            Some(&pair("host", "localhost"))
        );
        assert_eq!(
            parameters(r"password='it\'s a \\ secret' user=me"),
            [pair("password", r"it's a \ secret"), pair("user", "me")]
        );
        assert_eq!(
            parameters("password= host=x"),
            [pair("password", "host=x")],
            "as libpq reads it"
        );
    }

    #[test]
    fn what_is_no_connection_string_is_refused_without_being_quoted() {
        for text in ["", "  ", "mysql://u:hunter2@h/db", "hunter2", "host='hunter2"] {
            let error = ConnectionString::parse(text).unwrap_err();
            assert_eq!(error.code(), crate::error::Code::Config, "{text}");
            assert!(!error.to_string().contains("hunter2"));
        }
    }
}
