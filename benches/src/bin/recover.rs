//! Fills a journal and goes without a word, or starts over one: says how long that took, in milliseconds, and how many
//! megabytes were resident at most.

use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use weldkit_benches::transactions::{Bed, recovery::RECORDS};
use weldkit_benches::{clock, resident};

/// Writers at the same time: the disk forces what they write together.
const WRITERS: u64 = 4_000;

fn main() -> io::Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, what, folder] = &*arguments else {
        return Err(io::Error::other("write `fill FOLDER` or `start FOLDER`"));
    };
    let began = clock::now();
    let bed = Bed::durable(Path::new(folder));
    let took = began.elapsed();
    if what == "fill" {
        fill(bed);
    }
    let peak = resident::peak().unwrap_or(0.0);
    let took = took.as_secs_f64() * 1e3;
    writeln!(io::stdout(), "{took} {peak}")?;
    // As in a crash: nothing is put away.
    std::process::exit(0)
}

/// Every record writes a key of its own.
fn fill(bed: Bed) {
    let bed = Arc::new(bed);
    let writer = async |writer: u64| {
        for key in (writer..RECORDS).step_by(usize::try_from(WRITERS).expect("some thousands")) {
            let key = key.to_be_bytes();
            let put = bed.map.put(&bed.ctx, &key, key.to_vec());
            put.await.expect("the disk takes it");
        }
    };
    let all = futures_util::future::join_all((0..WRITERS).map(writer));
    bed.runtime.block_on(all);
}
