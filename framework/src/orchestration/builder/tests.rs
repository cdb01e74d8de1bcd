use super::*;
use crate::call::Ctx;
use crate::error::CallError;
use crate::orchestration::definition::read;
use crate::orchestration::{Surroundings, check};

/// A shelf.
#[weldkit::service(name = "shelf", version = "1.0")]
trait Shelf {
    /// Keep a box.
    async fn put(
        &self,
        ctx: &Ctx,
        key: String,
        size: u8,
        note: Option<String>,
    ) -> Result<Kept, CallError>;
    /// Throw it away.
    async fn drop(&self, ctx: &Ctx, key: String) -> Result<(), CallError>;
    /// Whether there is room.
    fn room(&self, ctx: &Ctx) -> Result<bool, CallError>;
    /// Write anything down.
    async fn log(&self, ctx: &Ctx, what: Json) -> Result<(), CallError>;
}

/// What was kept.
#[weldkit::data]
struct Kept {
    /// Where.
    place: String,
    /// What is left.
    free: Option<i64>,
}

/// What comes in.
#[weldkit::data]
struct Delivery {
    /// From whom.
    sender: String,
    /// What.
    boxes: Vec<Item>,
}

/// A box.
#[weldkit::data]
struct Item {
    /// Its name.
    key: String,
    /// How large it is.
    size: u8,
    /// What it costs: a range that its schema has as a `format` alone.
    price: u32,
}

const WRITTEN: &str = r#"
document: { dsl: 1.0.3, namespace: store, name: deliver, version: 1.0.0 }
input: { schema: { format: json, document: SCHEMA } }
do:
  - room: { call: shelf.room, with: {}, export: { as: '${ $context + {"room": .} }' } }
  - boxes:
      for: { each: box, in: "${ $workflow.input.boxes }" }
      do:
        - careful:
            try:
              - keep-it:
                  call: shelf.put
                  with: { key: "${ $box.key }", size: "${ $box.size }", note: "${ $workflow.input.sender }" }
                  export: { as: '${ $context + {"keep-it": .} }' }
                  metadata: { compensate: { call: shelf.drop, with: { key: "${ $box.key }" } } }
              - tell: { call: shelf.log, with: { what: { at: '${ $context["keep-it"].place }', raw: '${ "${ .a }" }' } } }
            catch:
              as: error
              do:
                - mourn: { call: shelf.log, with: { what: "${ $error.title }" } }
  - done: { set: { room: "${ $context.room }", n: 1 } }
"#;

fn deliver() -> Builder {
    let mut flow = Builder::new("store", "deliver", "1.0.0");
    let delivery = flow.input::<Delivery>();
    let room = flow.keep("room", weldkit::step!(Shelf.room()));
    let boxes = delivery.field::<Vec<Item>>("boxes");
    flow.each("boxes", "box", &boxes, |flow, item| {
        let key = item.field::<String>("key");
        let put = weldkit::step!(Shelf.put(
            &key,
            item.field::<u8>("size"),
            delivery.field::<String>("sender")
        ));
        flow.attempt(
            "careful",
            |flow| {
                let kept = flow.keep("keep-it", put.undone_by(weldkit::step!(Shelf.drop(&key))));
                let place = kept.field::<String>("place");
                let what = Object::new().with("at", place).with("raw", "${ .a }");
                flow.call("tell", weldkit::step!(Shelf.log(what)));
            },
            |flow, error| {
                flow.call(
                    "mourn",
                    weldkit::step!(Shelf.log(error.field::<Json>("title"))),
                )
            },
        );
    });
    flow.set("done", Object::new().with("room", room).with("n", 1));
    flow
}

#[test]
fn a_document_is_the_one_that_a_person_would_write() {
    let text = deliver().document().unwrap();
    let schema = input_schema::<Delivery>().to_value().to_string();
    let written = read(&WRITTEN.replace("SCHEMA", &schema), "written").unwrap();
    let built = read(&text, "built").unwrap();
    assert_eq!(built.value, written.value, "{text}");
    assert_eq!(built.definition, written.definition);
}

#[test]
fn a_document_with_the_types_of_its_contracts_passes_the_check() {
    let services = [<dyn Shelf as crate::Contract>::DESCRIPTOR];
    let text = deliver().document().unwrap();
    let report = check(&text, "built", &Surroundings::of(&services));
    assert!(report.problems.is_empty(), "{report:#?}");
    assert!(
        report.answers.yes > 0 && report.answers.no == 0,
        "{report:#?}"
    );
}

#[test]
fn what_a_schema_does_not_have_is_refused_with_the_task() {
    let mut flow = Builder::new("store", "deliver", "1.0.0");
    let delivery = flow.input::<Delivery>();
    let kept = flow.keep("put", weldkit::step!(Shelf.put("a", 1, None)));
    flow.call(
        "drop",
        weldkit::step!(Shelf.drop(delivery.field::<String>("sendr"))),
    );
    flow.call(
        "log",
        weldkit::step!(Shelf.log(delivery.field::<bool>("sender").json())),
    );
    flow.set("free", kept.field::<i64>("free"));
    flow.set("free", kept.field::<Option<i64>>("free").taken_as::<i64>());
    let problems = flow.document().unwrap_err();
    let told: Vec<_> = problems
        .iter()
        .map(|problem| (problem.code, problem.place.as_deref().unwrap()))
        .collect();
    assert_eq!(
        told,
        [
            ("unknown_property", "the task `drop` of store/deliver/1.0.0"),
            ("type_mismatch", "the task `log` of store/deliver/1.0.0"),
            ("type_mismatch", "the task `free` of store/deliver/1.0.0"),
            ("duplicate_task", "store/deliver/1.0.0:102:7"),
        ],
        "{problems:#?}"
    );
    assert_eq!(problems[0].help.as_deref(), Some("did you mean `sender`?"));
}
