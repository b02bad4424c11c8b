#![no_main]

use baileys_postgres_auth::fuzzing;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let _ = fuzzing::original_blob(&String::from_utf8_lossy(bytes));
    let _ = fuzzing::original_plaintext(bytes);
});
