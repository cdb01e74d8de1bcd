//! `cargo xtask`: the commands of weldkit for this application.

fn main() -> std::process::ExitCode {
    weldkit_xtask::main()
}
