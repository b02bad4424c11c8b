//! Writes the seeds of the corpora, and the malformed vectors: one file per defect, named by it, in hex where it is no text.
//!
//! Nonces are random, so that each run writes others; it need not be run again unless a form or a defect is added.

use std::{error::Error, fs, path::PathBuf};

use baileys_postgres_auth::fuzzing::{
    ACCOUNT, DATA_KEY, SESSION_ID, describe, pack_json, seal_record, seal_text, wrap_key,
};

type Outcome = Result<(), Box<dyn Error>>;

const PRE_KEY: &str = r#"{"private":{"type":"Buffer","data":"ADJGyLk81OheiZVB6yoD9Fno4ByS2VwIS6TlkteYgnE="},"public":{"type":"Buffer","data":"YtqcWZcTKbcju9FFr1iHzMIiFu7SbG/n89phdQ6ezSs="}}"#;
const SESSION: &str = r#"{"creds":{"registrationId":7,"me":{"id":"1@s.whatsapp.net"}},"keys":{"session-1.0":{"a":1},"pre-key-1":null,"\ud800":"x"}}"#;

fn main() -> Outcome {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let vectors = root.join("../__test__/data/malformed");
    fs::create_dir_all(&vectors)?;
    fs::write(vectors.join("store.json"), describe()? + "\n")?;
    let bytes = |kind: &str, name: &str, bytes: &[u8]| -> Outcome {
        fs::create_dir_all(vectors.join(kind))?;
        Ok(fs::write(vectors.join(kind).join(format!("{name}.hex")), const_hex::encode(bytes) + "\n")?)
    };
    let text = |kind: &str, name: &str, text: &str| -> Outcome {
        fs::create_dir_all(vectors.join(kind))?;
        Ok(fs::write(vectors.join(kind).join(format!("{name}.txt")), text.to_owned() + "\n")?)
    };
    let seed = |target: &str, name: &str, bytes: &[u8]| -> Outcome {
        let folder = root.join("corpus").join(target);
        fs::create_dir_all(&folder)?;
        Ok(fs::write(folder.join(name), bytes)?)
    };

    let (form, packed) = pack_json(PRE_KEY);
    let plaintext = [&[form, 3], &b"1.0"[..], &packed].concat();
    let plain = b"\x00\x031.0{\"value\":1}";
    let sealed = seal_record(ACCOUNT, DATA_KEY, plain)?;
    seed("sealed_record", "sealed", &sealed)?;
    seed("sealed_record", "sealed-packed", &seal_record(ACCOUNT, DATA_KEY, &plaintext)?)?;
    seed("sealed_record", "plaintext", plain)?;
    seed("sealed_record", "plaintext-packed", &plaintext)?;
    seed("sealed_record", "plaintext-bytes", b"\x01\x031.0\x00\xff\x80")?;
    fs::write(vectors.join("record.hex"), const_hex::encode(&sealed) + "\n")?;
    for (name, damaged) in damages(&sealed) {
        bytes("sealed-record", &name, &damaged)?;
    }
    bytes("sealed-record", "in-the-clear", br#"{"value":1}"#)?;
    bytes("sealed-record", "of-another-account", &seal_record("another", DATA_KEY, plain)?)?;
    bytes("sealed-record", "of-another-session", &seal_record(ACCOUNT, [2; 32], plain)?)?;
    for (name, inside) in [
        ("plaintext-empty", &b""[..]),
        ("plaintext-form-alone", b"\x00"),
        ("plaintext-form-unknown", b"\xc8\x031.0{}"),
        ("plaintext-id-without-end", b"\x00\x80"),
        ("plaintext-id-past-the-end", b"\x00\x041.0"),
        ("plaintext-id-of-gigabytes", b"\x00\xff\xff\xff\xff\x0f1.0"),
        ("plaintext-id-length-endless", b"\x00\xff\xff\xff\xff\xff\xff\xff1.0"),
        ("plaintext-value-not-utf8", b"\x00\x031.0\"\xff\""),
        ("plaintext-packed-empty", b"\x02\x031.0"),
        ("plaintext-packed-skeleton-unknown", b"\x02\x031.0\xfe\x7f"),
        ("plaintext-packed-cut", &plaintext[..plaintext.len() - 5]),
        ("plaintext-packed-more", &[&plaintext[..], b"more"].concat()),
    ] {
        bytes("sealed-record", name, &seal_record(ACCOUNT, DATA_KEY, inside)?)?;
    }

    let wrapped = wrap_key(ACCOUNT, &SESSION_ID)?;
    seed("wrapped_key", "wrapped", &wrapped)?;
    fs::write(vectors.join("wrapped-key.hex"), const_hex::encode(&wrapped) + "\n")?;
    for (name, damaged) in damages(&wrapped) {
        bytes("wrapped-key", &name, &damaged)?;
    }
    bytes("wrapped-key", "zeros", &[0; 61])?;
    bytes("wrapped-key", "in-the-clear", &[&[1; 29][..], &DATA_KEY].concat())?;
    bytes("wrapped-key", "of-another-account", &wrap_key("another", &SESSION_ID)?)?;
    bytes("wrapped-key", "of-another-session", &wrap_key(ACCOUNT, &[8; 16])?)?;

    for (at, text) in [PRE_KEY, r#""a text""#, "[1,2,3]", SESSION, r#"{"a":{"type":"Buffer","data":""}}"#]
        .iter()
        .enumerate()
    {
        let (form, packed) = pack_json(text);
        seed("compact_value", &format!("json-{at}"), &[&[form], &packed[..]].concat())?;
    }
    let spelt = [&[1][..], &[7; 63]].concat();
    for (name, stored) in [
        ("unknown-form", &b"\x04{}"[..]),
        ("newest-form", b"\xff"),
        ("text-not-utf8", b"\x00\"\xff\""),
        ("packed-empty", b"\x02"),
        ("packed-bytes-empty", b"\x03"),
        ("packed-key-cut", &[&[2], &spelt[..]].concat()),
        ("packed-key-more", &[&[2, 1][..], &[7; 65]].concat()),
        ("packed-skeleton-without-length", b"\x02\x00"),
        ("packed-frame-past-the-end", b"\x02\x00\x0a\x0a\x01"),
        ("packed-frame-that-is-none", b"\x02\x00\x0a\x02\x01\x02"),
        ("packed-length-of-more-than-64-bits", b"\x02\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x00"),
        ("packed-length-of-gigabytes", b"\x02\x00\xff\xff\xff\xff\xff\x7f\x02\x01\x02"),
        ("packed-skeleton-unknown", b"\x02\xfe\x7f"),
    ] {
        bytes("compact-value", name, stored)?;
    }

    let blob = seal_text(SESSION.as_bytes())?;
    seed("original_blob", "sealed", blob.as_bytes())?;
    seed("original_blob", "plaintext", SESSION.as_bytes())?;
    seed("original_blob", "plaintext-empty", br#"{"creds":{},"keys":{}}"#)?;
    let with = |from: &str, to: &str| blob.replacen(from, to, 1);
    let digit = |at: usize| {
        let mut changed = blob.clone().into_bytes();
        changed[at] = if changed[at] == b'0' { b'1' } else { b'0' };
        String::from_utf8_lossy(&changed).into_owned()
    };
    let tag = blob.find("authTag").ok_or("no tag")? + 10;
    for (name, defect) in [
        ("empty", String::new()),
        ("null", "null".into()),
        ("a-number", "7".into()),
        ("an-array", "[]".into()),
        ("an-empty-object", "{}".into()),
        ("not-json", "creds".into()),
        ("in-the-clear", SESSION.into()),
        ("cut-in-the-middle", blob[..blob.len() / 2].into()),
        ("cut-at-the-end", blob[..blob.len() - 1].into()),
        ("more-at-the-end", blob.clone() + "x"),
        ("without-iv", with("\"iv\"", "\"ivory\"")),
        ("without-tag", with("\"authTag\"", "\"tag\"")),
        ("without-ciphertext", with("\"encrypted\"", "\"text\"")),
        ("iv-short", with("{\"iv\":\"", "{\"iv\":\"\",\"was\":\"")),
        ("iv-not-hex", with("{\"iv\":\"", "{\"iv\":\"zz\",\"was\":\"")),
        ("iv-a-number", with("{\"iv\":\"", "{\"iv\":7,\"was\":\"")),
        ("iv-of-another-last", with("\"authTag\":\"", "\"iv\":\"000000000000000000000000\",\"authTag\":\"")),
        ("iv-changed", digit(8)),
        ("tag-changed", digit(tag)),
        ("tag-short", with("\"authTag\":\"", "\"authTag\":\"00\",\"was\":\"")),
        ("ciphertext-changed", digit(blob.len() - 10)),
        ("ciphertext-half-a-byte", with("\"}", "0\"}")),
        ("ciphertext-a-byte-more", with("\"}", "00\"}")),
        ("ciphertext-empty", with("\"encrypted\":\"", "\"encrypted\":\"\",\"was\":\"")),
        ("plaintext-empty", seal_text(b"")?),
        ("plaintext-not-json", seal_text(b"creds")?),
        ("plaintext-null", seal_text(b"null")?),
        ("plaintext-an-array", seal_text(b"[]")?),
        ("plaintext-without-creds", seal_text(br#"{"keys":{}}"#)?),
        ("plaintext-keys-an-array", seal_text(br#"{"creds":{},"keys":[]}"#)?),
        ("plaintext-cut", seal_text(&SESSION.as_bytes()[..60])?),
        ("plaintext-more", seal_text(&[SESSION.as_bytes(), b"x"].concat())?),
        ("plaintext-not-utf8", seal_text(b"{\"creds\":{\"a\":\"\xff\"},\"keys\":{}}")?),
        ("plaintext-name-not-utf8", seal_text(b"{\"creds\":{},\"keys\":{\"session-\xed\xed\xed\":1}}")?),
        ("plaintext-name-with-a-control-character", seal_text(b"{\"creds\":{},\"keys\":{\"session-\0\":1}}")?),
    ] {
        text("original-blob", name, &defect)?;
    }

    for (name, string) in [
        ("url", "postgresql://u:p%40ss@one:5432,two/db?schema=a%20b&pgbouncer=true&connection_limit=3&sslmode=require"),
        ("keywords", r"host=localhost port=5432 user=me password='it\'s' dbname=a\ b options='-c x=1'"),
        ("prisma", "postgresql://u:p@[::1]/db?sslaccept=strict&pool_timeout=3&socket_timeout=2&connect_timeout=0"),
    ] {
        seed("connection_string", name, string.as_bytes())?;
    }
    for (name, defect) in [
        ("empty", ""),
        ("blank", "   "),
        ("a-password-alone", "hunter2"),
        ("another-database", "mysql://u:hunter2@h/db"),
        ("port-not-a-number", "postgresql://u:hunter2@h:port/db"),
        ("port-too-large", "postgresql://u:hunter2@h:65536/db"),
        ("two-passwords", "postgresql://u:hunter2@hunter2@h:5432/db"),
        ("address-without-end", "postgresql://u:hunter2@[::1/db"),
        ("user-not-utf8", "postgresql://%ff:hunter2@h/db"),
        ("parameter-not-utf8", "postgresql://u:hunter2@h/db?options=%ff"),
        ("limit-not-a-number", "postgresql://u:hunter2@h/db?connection_limit=many"),
        ("limit-of-none", "postgresql://u:hunter2@h/db?connection_limit=0"),
        ("limit-too-large", "postgresql://u:hunter2@h/db?connection_limit=99999999999999999999"),
        ("timeout-negative", "postgresql://u:hunter2@h/db?pool_timeout=-1"),
        ("sslmode-unknown", "postgresql://u:hunter2@h/db?sslmode=perhaps"),
        ("sslaccept-unknown", "postgresql://u:hunter2@h/db?sslmode=require&sslaccept=perhaps"),
        ("session-attributes-unknown", "postgresql://u:hunter2@h/db?target_session_attrs=perhaps"),
        ("certificate-not-there", "postgresql://u:hunter2@h/db?sslmode=require&sslrootcert=/nowhere/at/all"),
        ("quote-without-end", "host=h user=u password='hunter2"),
        ("keyword-without-value", "host=h hunter2"),
        ("more-ports-than-hosts", "host=a,b port=1,2,3 user=u password=hunter2"),
    ] {
        text("connection-string", name, defect)?;
    }
    Ok(())
}

/// A sealed text with each of its parts changed, cut or lengthened.
fn damages(sealed: &[u8]) -> Vec<(String, Vec<u8>)> {
    let flipped = |at: usize| {
        let mut changed = sealed.to_vec();
        changed[at] ^= 1;
        changed
    };
    let len = sealed.len();
    let all = [
        ("empty", Vec::new()),
        ("version-alone", sealed[..1].to_vec()),
        ("version-unknown", [&[2], &sealed[1..]].concat()),
        ("version-zero", [&[0], &sealed[1..]].concat()),
        ("nonce-cut", sealed[..12].to_vec()),
        ("nonce-changed", flipped(5)),
        ("ciphertext-changed", flipped(20)),
        ("ciphertext-gone", [&sealed[..13], &sealed[len - 16..]].concat()),
        ("tag-changed", flipped(len - 1)),
        ("tag-cut", sealed[..len - 1].to_vec()),
        ("tag-gone", sealed[..len - 16].to_vec()),
        ("tag-of-zeros", [&sealed[..len - 16], &[0; 16]].concat()),
        ("a-byte-more", [sealed, &[0]].concat()),
    ];
    all.into_iter().map(|(name, bytes)| (name.to_owned(), bytes)).collect()
}
