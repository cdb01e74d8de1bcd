//! `cargo xtask`: see the library.

fn main() -> std::process::ExitCode {
    weldkit_xtask::main()
}
