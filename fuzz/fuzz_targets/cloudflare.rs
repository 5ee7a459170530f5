#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| quarterdeck_fuzz::feed("cloudflare", data));
