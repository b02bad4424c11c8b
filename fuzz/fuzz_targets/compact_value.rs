#![no_main]

use baileys_postgres_auth::fuzzing;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Some((form, stored)) = bytes.split_first() {
        let _ = fuzzing::compact_value(form % 4, stored);
    }
});
