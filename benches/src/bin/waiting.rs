//! Fills a folder with runs that wait, and starts again over it: says the bytes of each, and the milliseconds until all
//! wait again.

use std::error::Error;
use std::io::{self, Write};
use std::path::Path;

use weldkit_benches::workflows::waiting::fill_and_resume;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args_os().nth(1).ok_or("write `waiting FOLDER`")?;
    let (bytes, millis) = fill_and_resume(Path::new(&folder))?;
    writeln!(io::stdout(), "{bytes} {millis}")?;
    Ok(())
}
