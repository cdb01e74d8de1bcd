//! What was seen to fail in the system behind the guide, as tests that pass: composition, message bus, events.

use serde_json::json;
use weldkit::composition::Composite;
use weldkit::testing::TestHost;

use super::parts::Desk;
use super::{call, host};

/// There every composite failed, since the way to its components was a null pointer.
#[tokio::test]
async fn a_composite_reaches_its_components() {
    let toml = "[slots]\ndesk = { service = 'desk' }\n[methods.run]\ncall = 'desk.add'";
    let host = host("calc", toml).await;
    assert_eq!(call(&host, "calc.run", json!({"a": 1})).await["value"], 1);
    host.stop().await.unwrap();
}

/// There four of the strategies fell back to aggregation, and bindings with their mappings were never executed.
#[tokio::test]
async fn bindings_and_their_mappings_are_executed() {
    let toml = "[slots]\ndesk = { service = 'desk' }
        [methods.run]
        result = 'b'
        steps = { a = 'desk.add', b = 'desk.text' }
        bindings = [{ from = 'input', to = 'a' }, { from = 'a', to = 'b#/value', map = '.value * 3' }]";
    let host = host("calc", toml).await;
    assert_eq!(call(&host, "calc.run", json!({"a": 1, "b": 1})).await, "6");
    host.stop().await.unwrap();
}

/// There the order of a pipeline was that of a hash table.
#[tokio::test]
async fn the_order_of_a_chain_is_as_it_is_written() {
    // Ten times, and with the names of the slots in the other order of the alphabet.
    for round in 0..10 {
        let toml = "[slots]\nz = { service = 'desk' }\na = { service = 'desk' }\n[methods.run]\nchain = ['z.add', 'a.double', 'z.double']";
        let host = host("calc", toml).await;
        assert_eq!(
            call(&host, "calc.run", json!({"a": round, "b": 1})).await["value"],
            4 * (round + 1)
        );
        host.stop().await.unwrap();
    }
}

/// There components that had started stayed so when a later one failed.
#[tokio::test]
async fn a_composite_whose_component_does_not_start_leaves_nothing_behind() {
    let composite = Composite::parse(
        "calc",
        "[slots]\ndesk = { service = 'desk' }\nflaky = { service = 'flaky' }\n[methods.run]\ncall = 'desk.add'",
    );
    let refused = TestHost::new(|host| host.plugin::<Desk>().composite(composite.unwrap()))
        .await
        .unwrap_err();
    assert!(
        refused.to_string().contains("there is no service `flaky`"),
        "{refused}"
    );
}
