//! Every decoder of outside text takes any bytes: the kept corpus, and seeded mutations of it.

use std::path::Path;

use quarterdeck::fuzzing::{DECODERS, Decoder};

/// Mutations of each decoder. More with `QD_FUZZ_MUTATIONS`.
const MUTATIONS: usize = 600;

fn corpus(decoder: &Decoder) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(decoder.name);
    let files = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    files.sort();
    files.iter().map(|file| std::fs::read(file).unwrap()).collect()
}

/// One change: flipped, cut, doubled, spliced with another input, or bytes put in that decoders trip over.
fn mutate(seed: &[u8], other: &[u8], random: &mut fastrand::Rng) -> Vec<u8> {
    const ODD: [&[u8]; 14] = [
        b"\x1b]52;c;aGk=\x07",
        "\u{202e}".as_bytes(),
        b"\xff\xfe",
        b"NaN",
        b"1e999",
        b"-0",
        b"\"",
        b"[[[[[[[[",
        b"{\"a\":",
        b"null",
        b"\\ud800",
        b"9223372036854775808",
        "e\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}".as_bytes(),
        b"\0",
    ];
    let mut out = seed.to_vec();
    for _ in 0..random.usize(1..4) {
        let at = random.usize(0..=out.len());
        match random.u8(0..6) {
            0 if at < out.len() => out[at] ^= 1 << random.u8(0..8),
            1 => out.truncate(at),
            2 => out.extend_from_within(at..),
            3 => out.extend_from_slice(&other[random.usize(0..=other.len())..]),
            4 if at < out.len() => drop(out.remove(at)),
            _ => drop(out.splice(at..at, ODD[random.usize(0..ODD.len())].iter().copied())),
        }
        out.truncate(1 << 16);
    }
    out
}

#[test]
fn every_decoder_has_a_target_and_a_corpus() {
    let manifest = include_str!("../../fuzz/Cargo.toml");
    for decoder in DECODERS {
        assert!(manifest.contains(&format!("name = \"{}\"", decoder.name)), "no fuzz target {}", decoder.name);
        assert!(!corpus(decoder).is_empty(), "no corpus of {}", decoder.name);
    }
}

#[test]
fn the_kept_corpus_breaks_no_decoder() {
    for decoder in DECODERS {
        corpus(decoder).iter().for_each(|input| (decoder.feed)(input));
        (decoder.feed)(b"");
    }
}

#[test]
fn mutations_of_the_corpus_break_no_decoder() {
    let count = std::env::var("QD_FUZZ_MUTATIONS").ok().and_then(|count| count.parse().ok()).unwrap_or(MUTATIONS);
    let seed = std::env::var("QD_FUZZ_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1);
    for decoder in DECODERS {
        let corpus = corpus(decoder);
        let mut random = fastrand::Rng::with_seed(seed);
        for round in 0..count {
            let (one, other) = (&corpus[random.usize(0..corpus.len())], &corpus[random.usize(0..corpus.len())]);
            let input = mutate(one, other, &mut random);
            let fed = std::panic::catch_unwind(|| (decoder.feed)(&input));
            let shown: String = String::from_utf8_lossy(&input).chars().take(2000).collect();
            assert!(fed.is_ok(), "{} with seed {seed}, round {round}: {shown:?}", decoder.name);
        }
    }
}
