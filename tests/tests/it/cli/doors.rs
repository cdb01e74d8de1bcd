//! A principal without the permission is refused at every door.

use serde_json::json;

use super::Place;
use super::socket::Line;

#[test]
fn a_principal_is_refused_at_the_command_line_the_socket_and_the_typed_client() {
    let place = Place::new().file("[permissions]\nguest = ['echo', 'relay']");
    let words = [
        "error[permission_denied]: `guest` does not hold `echo.secret`, which `echo.secret` needs",
        "\"guest\" = [\"echo.secret\"]",
    ];
    let guest = |call: &str| place.run(&["call", call, "--as", "guest"]);
    let check = || {
        guest("echo.secret").failed(1, &words);
        // The relay calls by its typed client, on behalf of the guest.
        guest("relay.secret").failed(1, &words);
        assert_eq!(guest("echo.whoami").json()["principal"], "guest");
        assert_eq!(place.run(&["call", "relay.secret"]).fine(), "\"42\"\n");
        place
            .run(&["call", "echo.whoami", "--as", "stranger"])
            .failed(1, &["error[permission_denied]", "`stranger`"]);
    };
    check();
    let _serving = place.serve(&[]);
    check();
    let mut line = Line::to(&place);
    let refused = line.ask(&json!({ "method": "echo.secret", "as": "guest" }));
    assert_eq!(refused["error"]["code"], "permission_denied");
    assert_eq!(refused["error"]["details"]["permission"], "echo.secret");
    assert_eq!(
        line.ask(&json!({ "method": "echo.secret" }))["result"],
        "42"
    );
}

#[test]
fn the_operator_holds_what_the_configuration_says() {
    let place = Place::new().file("[permissions]\noperator = ['echo']");
    assert_eq!(
        place.run(&["call", "echo.exact", "--value", "1"]).fine(),
        "1\n"
    );
    place
        .run(&["call", "echo.secret"])
        .failed(1, &["error[permission_denied]: `operator` does not hold"]);
}
