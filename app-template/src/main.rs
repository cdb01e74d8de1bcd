//! An application is a list of plugins, embedded defaults, and the command line that every
//! application has.

mod plugins;

fn main() -> std::process::ExitCode {
    weldkit::app!(plugins::CHOSEN, plugins::KNOWN)
        .defaults(include_str!("../defaults.toml"))
        .main()
}
