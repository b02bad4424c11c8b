#![no_main]

use baileys_postgres_auth::fuzzing;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = fuzzing::sealed_record(bytes);
    let _ = fuzzing::record_plaintext(bytes);
});
