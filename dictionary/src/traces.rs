//! Reads the values that Baileys stored, out of the recorded traces.

use std::{
    collections::HashMap,
    error::Error,
    fs::File,
    io::{BufRead, BufReader},
    path::Path,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use flate2::read::MultiGzDecoder;
use serde_json::Value;

/// Calls back with the record type and the JSON text of each value that a trace sets.
pub(crate) fn read(path: &Path, mut on_value: impl FnMut(&str, &str)) -> Result<(), Box<dyn Error>> {
    let mut texts = HashMap::new();
    for line in BufReader::new(MultiGzDecoder::new(File::open(path)?)).lines() {
        let line: Value = serde_json::from_str(&line?)?;
        match line["t"].as_str() {
            Some("set") => {
                for (kind, records) in entries(&line["data"]) {
                    for (id, value) in entries(records) {
                        let key = (kind.clone(), id.clone());
                        if value.is_null() {
                            texts.remove(&key);
                            continue;
                        }
                        let text = text_of(value, texts.get(&key)).ok_or("a delta that fits no text")?;
                        on_value(kind, &content_of(&text));
                        texts.insert(key, text);
                    }
                }
            }
            Some("creds") if line["op"] != "update" => on_value("creds", &line["v"].to_string()),
            _ => {}
        }
    }
    Ok(())
}

fn entries(object: &Value) -> impl Iterator<Item = (&String, &Value)> {
    object.as_object().into_iter().flatten()
}

/// A value is recorded whole, or as what differs from the record's last text.
fn text_of(value: &Value, last: Option<&String>) -> Option<String> {
    let Some(delta) = value.get("$delta") else {
        return Some(value.to_string());
    };
    let last = last?;
    let place = |at: usize| usize::try_from(delta[at].as_u64()?).ok();
    let head = last.get(..place(0)?)?;
    let tail = last.get(last.len().checked_sub(place(1)?)?..)?;
    Some([head, delta[2].as_str()?, tail].concat())
}

/// The text that is packed: a byte array that holds JSON text, as sender-keys do, is packed as that.
fn content_of(text: &str) -> String {
    let inner = text
        .strip_prefix(r#"{"type":"Buffer","data":""#)
        .and_then(|rest| rest.strip_suffix(r#""}"#))
        .and_then(|data| String::from_utf8(STANDARD.decode(data).ok()?).ok())
        .filter(|inner| inner.starts_with(['[', '{']));
    inner.unwrap_or_else(|| text.to_owned())
}
