//! Records as Baileys stores them: samples from the traces, and some of a size that the traces do not reach.

use base64::{Engine, engine::general_purpose::STANDARD};

use super::Held;

/// Record types and values, picked from the traces in `__test__/data`; a sender-key is the text of its bytes.
pub(super) fn samples() -> Vec<(String, Held)> {
    include_str!("samples.jsonl")
        .lines()
        .map(|line| serde_json::from_str::<(String, String)>(line).unwrap())
        .map(|(kind, text)| match kind.as_str() {
            "sender-key" => (kind, Held::Bytes(text.into_bytes())),
            _ => (kind, Held::Json(text)),
        })
        .collect()
}

/// An own sender-key after so many sends: each leaves a key behind.
pub(super) fn own_sender_key(sends: usize) -> Held {
    let mut random = Random(1);
    let message_keys: Vec<_> = (0..sends)
        .map(|send| format!(r#"{{"iteration":{},"seed":{}}}"#, 2 * send + 1, random.array(32)))
        .collect();
    let text = format!(
        r#"[{{"senderKeyId":379412500,"senderChainKey":{{"iteration":{},"seed":{}}},"senderSigningKey":{{"public":{},"private":{}}},"senderMessageKeys":[{}]}}]"#,
        2 * sends,
        random.array(32),
        random.array(33),
        random.array(32),
        message_keys.join(",")
    );
    Held::Bytes(text.into_bytes())
}

/// A session after so many turns of the conversation: each leaves a closed chain behind.
pub(super) fn session(turns: usize) -> Held {
    let mut random = Random(2);
    let (base, own, remote) = (random.key(33), random.key(33), random.key(33));
    let closed: String = (0..turns)
        .map(|turn| {
            let counter = turn * turn % 7;
            format!(
                r#"{}:{{"chainKey":{{"counter":{counter}}},"chainType":2,"messageKeys":{{}}}},"#,
                random.key(33)
            )
        })
        .collect();
    Held::Json(format!(
        r#"{{"_sessions":{{{base}:{{"registrationId":7411,"currentRatchet":{{"ephemeralKeyPair":{{"pubKey":{own},"privKey":{}}},"lastRemoteEphemeralKey":{remote},"previousCounter":0,"rootKey":{}}},"indexInfo":{{"baseKey":{base},"baseKeyType":2,"closed":-1,"used":1795495221566,"created":1795495221515,"remoteIdentityKey":{}}},"_chains":{{{closed}{remote}:{{"chainKey":{{"counter":0,"key":{}}},"chainType":2,"messageKeys":{{}}}},{own}:{{"chainKey":{{"counter":-1,"key":{}}},"chainType":1,"messageKeys":{{}}}}}}}}}},"version":"v1"}}"#,
        random.key(32),
        random.key(32),
        random.key(33),
        random.key(32),
        random.key(32),
    ))
}

/// Bytes without a pattern (xorshift), the same in every run.
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn bytes(&mut self, len: usize) -> Vec<u8> {
        // The first states of a small seed are mostly zeros.
        self.0 |= 0x9e37_79b9_7f4a_7c15;
        let mut next = || {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            (self.0 >> 24) as u8
        };
        (0..len).map(|_| next()).collect()
    }

    fn key(&mut self, len: usize) -> String {
        format!("\"{}\"", STANDARD.encode(self.bytes(len)))
    }

    fn array(&mut self, len: usize) -> String {
        let numbers: Vec<_> = self.bytes(len).iter().map(u8::to_string).collect();
        format!(r#"{{"type":"Buffer","data":[{}]}}"#, numbers.join(","))
    }
}
