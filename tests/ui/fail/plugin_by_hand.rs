struct Memory;

fn main() {
    weldkit::Host::builder().plugin::<Memory>();
}
