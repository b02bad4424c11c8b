//! Records as they were stored once. They must be readable for ever: a line here is never changed, only added.

use super::*;

/// Form, stored bytes in hex, value.
const STORED: &[(u8, &str, &str)] = &[
    (0, "74727565", r#"true"#),
    (1, "6162", r#"ab"#),
    (2, "02c2cdb6c4cc8754", r#""184848484848481""#),
    (
        2,
        "0101080f161d242b323940474e555c636a71787f868d949ba2a9b0b7bec5ccd3da020910171e252c333a41484f565d646b727980878e959ca3aab1b8bfc6cdd4db",
        r#"{"private":{"type":"Buffer","data":"AQgPFh0kKzI5QEdOVVxjanF4f4aNlJuiqbC3vsXM09o="},"public":{"type":"Buffer","data":"AgkQFx4lLDM6QUhPVl1ka3J5gIeOlZyjqrG4v8bN1Ns="}}"#,
    ),
    (
        2,
        "00da014500000502005402012c226e6f7465223a22636166c3a9205c7564383030227d0090010196e4d6bdc16806040e07005ae30177900062104430220803d379dc34ada3f64f0602050c131a21282f363d444b525960676e757c838a91989fa6adb4bbc2c9d0d7dee5060d141b222930373e454c535a61686f767d848b9299a0a7aeb5bcc3cad1d8dfe60910171e252c333a41484f565d646b727980878e959ca3aab1b8bfc6cdd4dbe2",
        r#"{"_sessions":{"BQwTGiEoLzY9REtSWWBnbnV8g4qRmJ+mrbS7wsnQ197l":{"registrationId":72,"indexInfo":{"baseKey":"BQwTGiEoLzY9REtSWWBnbnV8g4qRmJ+mrbS7wsnQ197l","closed":-1,"created":1795495221515},"_chains":{"Bg0UGyIpMDc+RUxTWmFob3Z9hIuSmaCnrrW8w8rR2N/m":{"chainKey":{"counter":3},"chainType":2,"messageKeys":{"7":"CRAXHiUsMzpBSE9WXWRrcnmAh46VnKOqsbi/xs3U2+I="}}}}},"version":"v1","note":"café \ud800"}"#,
    ),
    (
        3,
        "100e0201080f161d242b323940474e555c636a71787f868d949ba2a9b0b7bec5ccd3da050c131a21282f363d444b525960676e757c838a91989fa6adb4bbc2c9d0d7dee5",
        r#"[{"senderKeyId":7,"senderChainKey":{"iteration":1,"seed":{"type":"Buffer","data":[1,8,15,22,29,36,43,50,57,64,71,78,85,92,99,106,113,120,127,134,141,148,155,162,169,176,183,190,197,204,211,218]}},"senderSigningKey":{"public":{"type":"Buffer","data":[5,12,19,26,33,40,47,54,61,68,75,82,89,96,103,110,117,124,131,138,145,152,159,166,173,180,187,194,201,208,215,222,229]},"private":{"type":"Buffer","data":[]}},"senderMessageKeys":[]}]"#,
    ),
    (
        3,
        "0053190000a500003803085d0002040503003d6f00142a8825a0ae410b121920272e353c0b121920272e353c0b121920272e353c",
        r#"[{"iteration":1,"seed":[11,18,25,32,39,46,53,60]},{"iteration":2,"seed":[11,18,25,32,39,46,53,60]},{"iteration":-3,"seed":[11,18,25,32,39,46,53,60]}]"#,
    ),
];

#[test]
fn what_was_stored_is_readable() {
    for (form, stored, value) in STORED {
        let unpacked = unpacked(*form, &const_hex::decode(stored).unwrap()).unwrap();
        assert_eq!(unpacked.as_bytes(), value.as_bytes());
        assert_eq!(matches!(unpacked, Held::Bytes(_)), form % 2 == 1);
    }
}
