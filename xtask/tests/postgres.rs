//! A private server comes, keeps its place, and goes. Skipped where PostgreSQL is not installed.

use std::net::TcpStream;

use weldkit_xtask::postgres::{Stop, own};

fn answers(url: &str) -> bool {
    let address = url.split(['@', '/']).nth(3).expect("an address in the URL");
    TcpStream::connect(address).is_ok()
}

#[test]
fn a_private_server_starts_stops_and_comes_back_in_its_place() {
    let folder = tempfile::tempdir().expect("a folder");
    // A folder that only we can enter, as a checkout below a home folder is: its data go elsewhere when we are root.
    let Some(cluster) = own(folder.path().join("postgres")) else {
        return;
    };
    assert_eq!(cluster.url().expect("a status"), None);
    let url = cluster.start(&[]).expect("it starts");
    assert!(answers(&url), "{url}");
    assert_eq!(
        cluster.url().expect("a status").as_deref(),
        Some(url.as_str())
    );
    assert_eq!(cluster.start(&[]).expect("it runs already"), url);
    let file = folder.path().join("postgres/url");
    assert_eq!(
        std::fs::read_to_string(&file).expect("the file").trim(),
        url
    );

    cluster.stop(Stop::Immediate).expect("it stops");
    assert!(!answers(&url), "{url}");
    assert!(!file.exists(), "nobody finds a server that has gone");
    cluster.stop(Stop::Fast).expect("it is stopped already");

    assert_eq!(
        cluster
            .start(&[("max_connections", "20")])
            .expect("it comes back"),
        url
    );
    cluster.stop(Stop::Fast).expect("it stops");
    let error = cluster
        .start(&[("max_connections", "many")])
        .expect_err("a bad setting")
        .to_string();
    assert!(error.contains("max_connections"), "{error}");
    std::fs::remove_dir_all(cluster.place()).expect("its data go");
}
