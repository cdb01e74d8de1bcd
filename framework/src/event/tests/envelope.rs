use super::*;

const WHOLE: &str = r#"{"specversion":"1.0","id":"a-1","source":"/shop?x=%20","type":"shop.order.placed","time":"2026-03-01T10:00:00.500Z","subject":"7","datacontenttype":"application/json","dataschema":"https://example.invalid/order.json","count":3,"region":"eu","urgent":true,"data":{"order":7,"lines":[1,2]}}"#;

#[test]
fn an_event_is_written_as_the_specification_has_it_and_comes_back() {
    let event = Event::parse(WHOLE.as_bytes()).unwrap();
    assert_eq!(event.kind(), "shop.order.placed");
    assert_eq!(event.subject(), Some("7"));
    assert_eq!(event.extension("count"), Some(&Attribute::Integer(3)));
    assert_eq!(event.extension("urgent"), Some(&Attribute::Boolean(true)));
    assert_eq!(serde_json::to_string(&event).unwrap(), WHOLE);
    let again: Event = serde_json::from_str(WHOLE).unwrap();
    assert_eq!(again, event);

    let least = r#"{"specversion":"1.0","id":"1","source":"s","type":"t"}"#;
    let event = Event::parse(least.as_bytes()).unwrap();
    assert_eq!(serde_json::to_string(&event).unwrap(), least);
    assert_eq!(event.data(), None);

    let bytes = r#"{"specversion":"1.0","id":"1","source":"s","type":"t","data_base64":"AAH/"}"#;
    let event = Event::parse(bytes.as_bytes()).unwrap();
    let Some(Data::Bytes(found)) = event.data() else {
        panic!("no bytes: {event:?}");
    };
    assert_eq!(found.0, [0, 1, 255]);
    assert_eq!(serde_json::to_string(&event).unwrap(), bytes);
}

#[test]
fn an_event_made_here_has_an_id_and_the_time_of_the_clock() {
    let it = Fixture::new();
    it.clock.advance(Duration::from_millis(90_500));
    let event = it.event("a.b", 1).with("region", "eu").unwrap();
    let (host, number) = event.id().split_once('-').unwrap();
    assert_eq!((host.len(), number), (16, "0"));
    let mut json = serde_json::to_value(&event).unwrap();
    json["id"] = json!("ID");
    assert_eq!(
        json.to_string(),
        r#"{"specversion":"1.0","id":"ID","source":"test","type":"a.b","time":"2000-01-01T00:01:30.500Z","region":"eu","data":1}"#
    );
    assert_ne!(it.event("a.b", 1).id(), event.id());
}

#[test]
fn a_malformed_event_is_refused_with_all_problems() {
    let cases: &[(Value, &[&str])] = &[
        (json!({}), &["/id", "/source", "/type", "/specversion"]),
        (
            json!({
                "id": "", "source": "a b", "type": 3, "specversion": "0.3", "time": "yesterday",
                "subject": "", "datacontenttype": "json", "dataschema": "order.json",
                "Region": "eu", "re_gion": "eu", "deep": {}, "half": 0.5, "huge": 2_147_483_648_u64,
                "data": 1, "data_base64": "AA==",
            }),
            &[
                "/id",
                "/source",
                "/type",
                "/specversion",
                "/time",
                "/subject",
                "/datacontenttype",
                "/dataschema",
                "/data",
                "/Region",
                "/deep",
                "/half",
                "/huge",
                "/re_gion",
            ],
        ),
        (
            json!({"id": "a\nb", "source": "%2", "type": "t", "specversion": "1.0", "data_base64": "?"}),
            &["/id", "/source", "/data_base64"],
        ),
    ];
    for (json, pointers) in cases {
        let error = Event::parse(json.to_string().as_bytes()).unwrap_err();
        assert_eq!(error.code(), &Code::InvalidParameter);
        let found: Vec<&str> = error.detail().unwrap()["violations"]
            .as_array()
            .unwrap()
            .iter()
            .map(|violation| violation["pointer"].as_str().unwrap())
            .collect();
        assert_eq!(&found, pointers, "{error}");
        let told = serde_json::from_value::<Event>(json.clone())
            .unwrap_err()
            .to_string();
        assert!(
            pointers.iter().all(|pointer| told.contains(pointer)),
            "{told}"
        );
    }
}

#[test]
fn a_text_that_is_no_event_is_refused() {
    let least = r#""specversion":"1.0","id":"1","source":"s","type":"t""#;
    for (text, said) in [
        ("[]".to_owned(), "an event: a JSON object"),
        (format!("{{{least}"), "EOF"),
        (format!("{{{least},\"id\":\"2\"}}"), "`/id`: stands twice"),
        (
            format!("{{{least},\"x\":null,\"x\":1}}"),
            "`/x`: stands twice",
        ),
        (
            format!("{{{least},\"data\":{{\"a\":1,\"a\":2}}}}"),
            "`/data/a`: stands twice",
        ),
    ] {
        let error = Event::parse(text.as_bytes()).unwrap_err();
        assert!(error.message().contains(said), "{error}");
    }
    let large = " ".repeat(limit::EVENT_BYTES + 1);
    assert_eq!(
        Event::parse(large.as_bytes()).unwrap_err().code(),
        &Code::Limit
    );
}

#[test]
fn attributes_are_held_to_the_rules() {
    let it = Fixture::new();
    let event = || it.event("t", 1);
    for name in [
        "", "data", "id", "type", "Region", "re_gion", "r-1", "\u{e9}",
    ] {
        assert!(event().with(name, 1).is_err(), "{name}");
    }
    assert!(event().with("a1", "line\n").is_err());
    assert!(event().with_subject("").is_err());
    let mut many = event();
    for number in 0..limit::EVENT_ATTRIBUTES {
        many = many.with(&format!("a{number}"), true).unwrap();
    }
    assert!(many.with("more", true).is_err());
    let error = it.events.event("", "a b", None).unwrap_err();
    assert_eq!(
        error.detail().unwrap()["violations"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
}
