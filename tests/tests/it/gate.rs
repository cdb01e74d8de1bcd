//! The gate: what it lets in, counts, contains and ends, at every door alike.

use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use serde_json::{Value, json};
use weldkit::testing::TestHost;
use weldkit::{CallError, Cancel, Code, Effect, HostBuilder, Principal};

use crate::fixture::{Librarian, Note, NoteError, Notes, Reader, Shelf};

fn both(host: HostBuilder) -> HostBuilder {
    host.plugin::<Shelf>().plugin::<Librarian>()
}

async fn start() -> TestHost {
    TestHost::new(both).await.unwrap()
}

/// Calls by name and gives the code, the pointer and the message of the refusal.
async fn refused(test: &TestHost, call: &str, input: &str) -> (String, String, String) {
    let error = test.call(call, input).await.expect_err(input);
    (
        error.code().to_string(),
        error.at().unwrap_or_default().to_owned(),
        error.message().to_owned(),
    )
}

#[tokio::test]
async fn a_typed_call_and_a_json_call_are_the_same_call() {
    let test = start().await;
    let (notes, ctx) = (test.service::<dyn Notes>().unwrap(), test.ctx());
    assert_eq!(
        notes.get(&ctx, 3).await.unwrap(),
        Note {
            text: "3".into(),
            stars: 1
        }
    );
    assert_eq!(
        test.call("notes.get", r#"{"id":3}"#).await.unwrap(),
        json!({ "text": "3", "stars": 1 })
    );
    assert!(matches!(
        notes.get(&ctx, 12).await,
        Err(NoteError::NoSuchNote { id: 12 })
    ));
    let error = test.call("notes.get", r#"{"id":12}"#).await.unwrap_err();
    let wire = serde_json::to_value(&error).unwrap();
    assert_eq!(
        wire,
        json!({ "code": "not_found", "message": "no note `12`", "details": { "id": 12 }, "retryable": false, "effect": "none" })
    );
    let counts = &test.counts()["shelf"]["notes.get"][0];
    assert_eq!(
        (counts.started, counts.finished, counts.failed["not_found"]),
        (4, 4, 2)
    );
}

#[tokio::test]
async fn bad_input_is_refused_with_every_violation_and_its_place() {
    let test = start().await;
    let cases = [
        ("notes.get", "{", "invalid_parameter", "", "not JSON"),
        ("notes.get", "[1]", "invalid_parameter", "", "an array"),
        ("notes.get", "null", "invalid_parameter", "", "null"),
        (
            "notes.get",
            r#"{"id":"x"}"#,
            "invalid_parameter",
            "/id",
            "integer",
        ),
        (
            "notes.get",
            r#"{"id":-1}"#,
            "invalid_parameter",
            "/id",
            "minimum",
        ),
        (
            "notes.get",
            r#"{"id":1.5}"#,
            "invalid_parameter",
            "/id",
            "integer",
        ),
        (
            "notes.get",
            r#"{"id":1,"id":2}"#,
            "invalid_parameter",
            "/id",
            "duplicate",
        ),
        (
            "notes.get",
            r#"{"ids":1}"#,
            "unknown_parameter",
            "/ids",
            "did you mean `id`",
        ),
        (
            "notes.get",
            r#"{"id":1,"transaction_id":"t"}"#,
            "unknown_parameter",
            "/transaction_id",
            "envelope",
        ),
        ("notes.get", "{}", "invalid_parameter", "", "id"),
        (
            "notes.put",
            r#"{"note":{"text":"far too long a text"}}"#,
            "invalid_parameter",
            "/note/text",
            "10",
        ),
        (
            "notes.put",
            r#"{"note":{"text":"x","stars":9}}"#,
            "invalid_parameter",
            "/note/stars",
            "5",
        ),
        (
            "notes.put",
            r#"{"note":{"text":"x"},"copies":4}"#,
            "invalid_parameter",
            "/copies",
            "3",
        ),
        ("nots.get", "{}", "service_not_found", "", "`notes`"),
        ("notes.gett", "{}", "method_not_found", "", "`get`"),
        ("get", "{}", "method_not_found", "", "service.method"),
    ];
    for (call, input, code, pointer, said) in cases {
        let got = refused(&test, call, input).await;
        assert_eq!(
            (got.0.as_str(), got.1.as_str()),
            (code, pointer),
            "{call} {input}: {}",
            got.2
        );
        assert!(got.2.contains(said), "{call} {input}: {}", got.2);
    }
    let error = test
        .call("notes.put", r#"{"note":{"text":5,"stars":"x"}}"#)
        .await
        .unwrap_err();
    assert_eq!(
        error.detail().unwrap()["violations"]
            .as_array()
            .unwrap()
            .len(),
        2,
        "{error}"
    );
}

#[tokio::test]
async fn integral_floats_are_integers_and_large_numbers_stay_exact() {
    let test = start().await;
    assert_eq!(
        test.call("notes.get", r#"{"id":6.0}"#).await.unwrap()["text"],
        "6"
    );
    assert_eq!(
        test.call(
            "notes.put",
            r#"{"note":{"text":"x","stars":2.0},"copies":1e0}"#
        )
        .await
        .unwrap(),
        json!(0)
    );
    // 2^53 + 1 has no float of its own; as an integer it arrives as it is.
    let error = test
        .call("notes.get", r#"{"id":9007199254740993}"#)
        .await
        .unwrap_err();
    assert_eq!(
        error.detail().unwrap()["id"],
        json!(9_007_199_254_740_993_u64)
    );
    let (code, pointer, _) = refused(&test, "notes.get", r#"{"id":1e300}"#).await;
    assert_eq!(
        (code.as_str(), pointer.as_str()),
        ("invalid_parameter", "/id")
    );
}

#[tokio::test]
async fn huge_and_deep_input_is_refused_by_its_bound() {
    let test = start().await;
    let huge = format!("{{\"id\":1{}}}", " ".repeat(weldkit::limit::JSON_BYTES));
    assert_eq!(refused(&test, "notes.get", &huge).await.0, "limit");
    let deep = format!("{{\"id\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
    let (code, _, said) = refused(&test, "notes.get", &deep).await;
    assert!(code == "limit" && said.contains("128 levels"), "{said}");
}

#[tokio::test]
async fn nobody_but_the_operator_may_unless_the_configuration_says_so() {
    let test = TestHost::new(|host| {
        both(host)
            .grant("guest", &["notes"])
            .grant("writer", &["notes.*"])
    })
    .await
    .unwrap();
    let put = r#"{"note":{"text":"x"}}"#;
    assert!(
        test.call_as("guest", "notes.get", r#"{"id":1}"#)
            .await
            .is_ok()
    );
    assert!(test.call_as("writer", "notes.put", put).await.is_ok());
    assert!(test.call("notes.put", put).await.is_ok());
    for (who, call, input, permission) in [
        ("guest", "notes.put", put, "notes.write"),
        ("stranger", "notes.get", r#"{"id":1}"#, "notes"),
    ] {
        let error = test.call_as(who, call, input).await.unwrap_err();
        assert_eq!(error.code(), &Code::PermissionDenied);
        let line = format!("\"{who}\" = [\"{permission}\"]");
        assert!(
            error.message().contains(&line),
            "the line to add is named: {error}"
        );
    }
    // The typed door gives the same verdict, and a refusal comes before any look at the input.
    let ctx = test.ctx_as(&Principal::named("guest"));
    let typed = test
        .service::<dyn Notes>()
        .unwrap()
        .put(
            &ctx,
            Note {
                text: "x".into(),
                stars: 1,
            },
            0,
        )
        .await;
    assert!(
        matches!(typed, Err(NoteError::Call(error)) if error.code() == &Code::PermissionDenied)
    );
    assert_eq!(
        test.call_as("guest", "notes.put", "{")
            .await
            .unwrap_err()
            .code(),
        &Code::PermissionDenied
    );
}

#[tokio::test]
async fn a_plugin_calls_what_it_declares_and_holds() {
    let test = start().await;
    assert_eq!(
        test.call("reader.read", r#"{"id":4}"#).await.unwrap(),
        json!("4")
    );
    // The operator holds everything, but the librarian never declared `notes.write`.
    let error = test.call("reader.write", "{}").await.unwrap_err();
    assert!(
        error.code() == &Code::PermissionDenied
            && error.message().contains("permissions(\"notes.write\")"),
        "{error}"
    );
    // On its own behalf it holds nothing until the configuration grants it.
    let error = test.call("reader.read_alone", "{}").await.unwrap_err();
    assert!(
        error
            .message()
            .contains("\"plugin:librarian\" = [\"notes\"]"),
        "{error}"
    );
    let granted = TestHost::new(|host| both(host).grant("plugin:librarian", &["notes"]))
        .await
        .unwrap();
    assert_eq!(
        granted.call("reader.read_alone", "{}").await.unwrap(),
        json!("1")
    );
}

#[tokio::test]
async fn a_call_that_waits_ends_at_its_timeout_or_the_callers_deadline() {
    let test = start().await;
    let (notes, ctx) = (test.service::<dyn Notes>().unwrap(), test.ctx());
    let (call, clock) = (notes.act(&ctx, "wait".into()), test.clock().clone());
    let (ended, ()) = tokio::join!(call, async move {
        tokio::task::yield_now().await;
        clock.advance(Duration::from_millis(1_001));
    });
    let Err(NoteError::Call(error)) = ended else {
        panic!("{ended:?}")
    };
    assert!(
        error.code() == &Code::Timeout
            && error.has_effect() == Effect::Possible
            && error.is_retryable(),
        "{error:?}"
    );

    let hurried = ctx.with_timeout(Duration::from_millis(10));
    let (call, clock) = (notes.act(&hurried, "wait".into()), test.clock().clone());
    let (ended, ()) = tokio::join!(call, async move {
        tokio::task::yield_now().await;
        clock.advance(Duration::from_millis(11));
    });
    let Err(NoteError::Call(error)) = ended else {
        panic!("{ended:?}")
    };
    assert!(error.message().contains("the caller's deadline"), "{error}");
    // A deadline that has passed already: nothing is called, so nothing has happened, sync or async.
    let Err(NoteError::Call(error)) = notes.act(&hurried, "ok".into()).await else {
        panic!()
    };
    assert_eq!(
        (error.code(), error.has_effect()),
        (&Code::Timeout, Effect::None)
    );
    assert!(
        matches!(notes.count(&hurried), Err(NoteError::Call(error)) if error.code() == &Code::Timeout)
    );
}

#[tokio::test]
async fn a_caller_gives_up_by_its_switch_or_by_dropping_the_call() {
    let test = start().await;
    let (notes, cancel) = (test.service::<dyn Notes>().unwrap(), Cancel::new());
    let ctx = test.ctx().with_cancel(&cancel);
    let (ended, ()) = tokio::join!(notes.act(&ctx, "wait".into()), async {
        tokio::task::yield_now().await;
        cancel.cancel();
    });
    assert!(matches!(ended, Err(NoteError::Call(error)) if error.code() == &Code::Cancelled));
    let ctx = test.ctx();
    tokio::select! {
        _ = notes.act(&ctx, "wait".into()) => panic!("it waits for ever"),
        () = tokio::task::yield_now() => {}
    }
    let counts = &test.counts()["shelf"]["notes.act"][0];
    assert_eq!(
        (counts.started, counts.finished, counts.failed["cancelled"]),
        (2, 2, 2)
    );
}

#[tokio::test]
async fn a_panic_is_one_error_and_too_many_quarantine_the_instance() {
    let test = start().await;
    for call in [
        "notes.act",
        "notes.act_apart",
        "notes.act",
        "notes.act_apart",
        "notes.act",
    ] {
        let error = test.call(call, r#"{"how":"panic"}"#).await.unwrap_err();
        assert!(
            error.code() == &Code::Panicked && error.message().contains("told to"),
            "{error}"
        );
    }
    let error = test.call("notes.get", r#"{"id":1}"#).await.unwrap_err();
    assert!(
        error.code() == &Code::Unavailable && error.message().contains("quarantined"),
        "{error}"
    );
    assert_eq!(
        test.watch().borrow()["shelf"],
        weldkit::host::State::Quarantined
    );
    let done = test
        .reload(&[("shelf".to_owned(), json!({}))].into())
        .await
        .unwrap();
    assert_eq!(done.replaced, ["shelf"]);
    assert!(test.call("notes.get", r#"{"id":1}"#).await.is_ok());
    assert_eq!(
        test.call("reader.read", r#"{"id":4}"#).await.unwrap(),
        json!("4")
    );
}

#[tokio::test]
async fn a_stream_is_guarded_to_its_end() {
    let test = start().await;
    let (notes, ctx) = (test.service::<dyn Notes>().unwrap(), test.ctx());
    assert_eq!(notes.all(&ctx, 5).collect().await.unwrap().len(), 5);
    let mut stream = notes.all(&ctx, 10);
    let mut seen = 0;
    let error = loop {
        match stream.next().await.expect("the error comes before the end") {
            Ok(_) => seen += 1,
            Err(error) => break error,
        }
    };
    assert!(
        seen == 7
            && matches!(error, NoteError::NoSuchNote { id: 7 })
            && stream.next().await.is_none()
    );
    drop(notes.all(&ctx, 5));
    let counts = &test.counts()["shelf"]["notes.all"][0];
    assert_eq!(
        (
            counts.finished,
            counts.failed["not_found"],
            counts.failed["cancelled"]
        ),
        (3, 1, 1)
    );
    assert_eq!(
        test.call("notes.all", r#"{"up_to":2}"#)
            .await
            .unwrap()
            .as_array()
            .unwrap()
            .len(),
        2
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_the_doors_the_wait_ends_whatever_the_handler_does() {
    let host = both(weldkit::Host::builder()).start().await.unwrap();
    let ctx = host.ctx().with_timeout(Duration::from_millis(50));
    let answer = host
        .call_apart(&ctx, "notes.act", br#"{"how":"block"}"#.to_vec())
        .await;
    let error = answer.expect_err("the handler sleeps for 3 s");
    assert!(
        error.code() == &Code::Timeout && error.message().contains("holds its worker"),
        "{error}"
    );
    assert_eq!(host.counts()["shelf"]["notes.act"][0].blocked, 1);
}

/// Polls once.
async fn waits<T>(mut future: Pin<&mut impl Future<Output = T>>) -> bool {
    std::future::poll_fn(|cx| Poll::Ready(future.as_mut().poll(cx).is_pending())).await
}

#[tokio::test]
async fn a_concurrency_limit_makes_calls_wait_their_turn() {
    let limit = weldkit::host::Limit {
        concurrency: Some(1),
        timeout: None,
    };
    let test = TestHost::new(|host| both(host).limit("notes.act", limit))
        .await
        .unwrap();
    let (notes, ctx) = (test.service::<dyn Notes>().unwrap(), test.ctx());
    let first = notes.act(&ctx, "wait".into());
    tokio::pin!(first);
    assert!(waits(first.as_mut()).await);
    let second = notes.act(&ctx, "ok".into());
    tokio::pin!(second);
    assert!(
        waits(second.as_mut()).await,
        "the first has the only permit"
    );
    test.clock().advance(Duration::from_secs(2));
    assert!(first.await.is_err());
}

/// A transaction that writes down who joined and how each turn ended, and takes in one call.
#[derive(Debug, Default, Clone)]
struct Log(Arc<std::sync::Mutex<Vec<String>>>);

impl weldkit::call::Enlist for Log {
    fn join<'a>(
        self: Arc<Self>,
        instance: &'a Arc<str>,
        method: &'static weldkit::contract::MethodDescriptor,
    ) -> weldkit::call::BoxFuture<'a, Result<weldkit::call::Turn, CallError>> {
        Box::pin(async move {
            let mut log = self.0.lock().unwrap();
            log.push(format!("{instance}.{}", method.name));
            if log.len() > 1 {
                return Err(CallError::conflict("one is enough"));
            }
            Ok(weldkit::call::Turn::new(self.clone()))
        })
    }

    fn leave(&self, ended: weldkit::call::Ended) {
        self.0.lock().unwrap().push(format!("{ended:?}"));
    }

    fn as_any(&self) -> &(dyn std::any::Any + Send + Sync) {
        self
    }
}

#[tokio::test]
async fn a_transactional_method_enlists_and_others_do_not() {
    let test = start().await;
    let log = Log::default();
    let (notes, ctx) = (
        test.service::<dyn Notes>().unwrap(),
        test.ctx().with_transaction(Arc::new(log.clone())),
    );
    let note = || Note {
        text: "x".into(),
        stars: 1,
    };
    assert!(notes.get(&ctx, 1).await.is_ok() && notes.put(&ctx, note(), 0).await.is_ok());
    assert!(
        matches!(notes.put(&ctx, note(), 0).await, Err(NoteError::Call(error)) if error.code() == &Code::Conflict)
    );
    assert_eq!(
        *log.0.lock().unwrap(),
        ["shelf.put", "Answered", "shelf.put"]
    );
}

#[tokio::test]
async fn a_fault_of_a_test_comes_as_often_as_asked_for() {
    let test = start().await;
    test.fail("notes.get", CallError::unavailable("the test says so"), 2);
    for _ in 0..2 {
        assert_eq!(
            test.call("reader.read", r#"{"id":1}"#)
                .await
                .unwrap_err()
                .message(),
            "the test says so"
        );
    }
    assert!(test.call("reader.read", r#"{"id":1}"#).await.is_ok());
}

#[tokio::test]
async fn a_stand_in_provides_behind_the_gate() {
    let test = TestHost::new(|host| {
        host.plugin::<Librarian>()
            .provide::<dyn Notes>("stand-in", Arc::new(Fixed))
    })
    .await
    .unwrap();
    assert_eq!(
        test.call("reader.read", r#"{"id":1}"#).await.unwrap(),
        json!("fixed")
    );
    assert_eq!(test.counts()["stand-in"]["notes.get"][0].finished, 1);
}

struct Fixed;

impl Notes for Fixed {
    async fn get(&self, _: &weldkit::Ctx, _: u64) -> Result<Note, NoteError> {
        Ok(Note {
            text: "fixed".into(),
            stars: 1,
        })
    }
    async fn put(&self, _: &weldkit::Ctx, _: Note, _: u32) -> Result<u64, NoteError> {
        Ok(0)
    }
    fn count(&self, _: &weldkit::Ctx) -> Result<u64, NoteError> {
        Ok(0)
    }
    fn all(&self, _: &weldkit::Ctx, _: u64) -> weldkit::Stream<Note, NoteError> {
        weldkit::Stream::from_iter([])
    }
    async fn act(&self, _: &weldkit::Ctx, how: String) -> Result<String, NoteError> {
        Ok(how)
    }
    async fn act_apart(&self, _: &weldkit::Ctx, how: String) -> Result<String, NoteError> {
        Ok(how)
    }
}

#[tokio::test]
async fn a_client_is_a_provider_of_its_own_contract() {
    let test = start().await;
    let notes = test.service::<dyn Notes>().unwrap();
    let proxy = TestHost::new(|host| host.provide::<dyn Notes>("proxy", Arc::new(notes)))
        .await
        .unwrap();
    let ctx = proxy.ctx();
    assert_eq!(
        proxy
            .service::<dyn Notes>()
            .unwrap()
            .get(&ctx, 5)
            .await
            .unwrap()
            .text,
        "5"
    );
    let reader: Value = test.call("reader.read", r#"{"id":2}"#).await.unwrap();
    assert_eq!(reader, json!("2"));
    let _: weldkit::Service<dyn Reader> = test.service().unwrap();
}
