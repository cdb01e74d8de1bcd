//! Every component of a composite calls back into the host, the composite included, while others do too.

use std::sync::OnceLock;
use std::time::Duration;

use serde_json::json;
use weldkit::composition::Composite;
use weldkit::event::Subscription;
use weldkit::testing::TestHost;
use weldkit::{CallError, Ctx, Host, Settings, Stream};

static HOST: OnceLock<Host> = OnceLock::new();

/// Comes back to where it was called from.
#[weldkit::service(name = "back", version = "1.0")]
trait Returning {
    /// Calls the composite that it is a part of, so deep.
    #[method(read_only, idempotent)]
    async fn go(&self, ctx: &Ctx, depth: u8) -> Result<u64, CallError>;

    /// The same, without an answer.
    #[method(read_only, idempotent)]
    async fn look(&self, ctx: &Ctx, depth: u8) -> Result<Option<u64>, CallError>;

    /// The same on a task of its own.
    #[method(read_only, idempotent, isolated)]
    async fn apart(&self, ctx: &Ctx, depth: u8) -> Result<u64, CallError>;

    /// The depth, item by item.
    #[method(read_only, idempotent)]
    fn depths(&self, ctx: &Ctx, depth: u8) -> Stream<u8, CallError>;
}

/// How it ends.
#[weldkit::data]
#[derive(Debug, Clone)]
struct End {
    /// With an error, after all.
    #[serde(default)]
    fails: bool,
}

struct Back(End);

#[weldkit::plugin(id = "back", provides(Returning))]
impl Back {
    async fn start(end: Settings<End>) -> weldkit::Result<Self> {
        Ok(Self(end.into_inner()))
    }

    async fn again(&self, ctx: &Ctx, depth: u8) -> Result<u64, CallError> {
        let host = HOST.get().expect("it is set before the first call");
        let _gone_at_once = host.events().subscribe(Subscription::new("inside"))?;
        assert!(!host.instances().is_empty());
        assert!(host.counts().contains_key("whirl"));
        assert!(
            host.services()
                .iter()
                .any(|service| service.name == "whirl")
        );
        let mut answer = 1;
        if depth > 0 {
            let input = json!({ "depth": depth - 1 }).to_string();
            let given = host.call_json(ctx, "whirl.run", input.as_bytes()).await?;
            answer = serde_json::from_slice(&given)
                .map_err(|fault| CallError::internal(fault.to_string()))?;
        }
        match self.0.fails {
            true => Err(CallError::unavailable("after all")),
            false => Ok(answer),
        }
    }
}

impl Returning for Back {
    async fn go(&self, ctx: &Ctx, depth: u8) -> Result<u64, CallError> {
        self.again(ctx, depth).await
    }

    async fn look(&self, ctx: &Ctx, depth: u8) -> Result<Option<u64>, CallError> {
        self.again(ctx, depth).await.map(|_| None)
    }

    async fn apart(&self, ctx: &Ctx, depth: u8) -> Result<u64, CallError> {
        self.again(ctx, depth).await
    }

    fn depths(&self, ctx: &Ctx, depth: u8) -> Stream<u8, CallError> {
        let ctx = ctx.clone();
        Stream::channel(1, move |sender| async move {
            let host = HOST.get().expect("it is set before the first call");
            let inner = host.call_json(&ctx, "whirl.flat", b"{\"depth\":0}").await;
            sender.send(inner.map(|_| depth)).await;
        })
    }
}

const WHIRL: &str = "[slots]
main = { service = 'back', instance = 'main' }
spare = { service = 'back', role = 'secondary', of = 'main' }
other = { service = 'back', instance = 'other' }
watch = { service = 'back', instance = 'other', role = 'auxiliary' }

[methods.flat]
call = 'other.go'

[methods.run]
result = { a = 'main', b = 'wrapped', c = 'items' }
map = '.a + .b + (.c | add)'

[methods.run.steps]
main = 'main.go'
wrapped = { call = 'other.apart', instead = 'other.look' }
depths = 'other.depths'
items = 'other.go'
seen = 'watch.go'

[[methods.run.bindings]]
from = 'input'
to = 'main'
[[methods.run.bindings]]
from = 'input'
to = 'wrapped'
[[methods.run.bindings]]
from = 'input'
to = 'depths'
[[methods.run.bindings]]
from = 'depths'
to = 'items#/depth'
each = true
[[methods.run.bindings]]
from = 'input'
to = 'seen'
[[methods.run.bindings]]
from = 'main'
to = 'event:whirl.ran'

[[listens]]
event = 'whirl.ran'
method = 'flat'
map = '{depth: 0}'
";

/// The watchdog: who would wait for himself would wait for ever.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_component_that_comes_back_waits_for_itself() {
    let whirl = Composite::parse("whirl", WHIRL).unwrap();
    let host = TestHost::new(|host| {
        host.plugin::<Back>()
            .instance("main", "back")
            .settings("main", json!({"fails": true}))
            .instance("other", "back")
            .grant("plugin:whirl", &["whirl", "back"])
            .composite(whirl)
    })
    .await
    .unwrap();
    let own: Host = (*host).clone();
    assert!(HOST.set(own.clone()).is_ok());
    let all = async {
        // `run(0)` is 1 + 1 + 1, and each of its three calls is a `run` of the depth before.
        let calls = (0..8).map(|_| {
            let own = own.clone();
            tokio::spawn(async move {
                own.call_json(&own.ctx(), "whirl.run", b"{\"depth\":2}")
                    .await
            })
        });
        let calls: Vec<_> = calls.collect();
        // The composite is replaced meanwhile.
        let other = WHIRL.replace("[methods.flat]", "[methods.flat]\ntimeout = '9s'");
        let other = Composite::parse("whirl", &other).unwrap();
        let done = own.reload_composites(&[other]).await.unwrap();
        assert_eq!(done.replaced, ["whirl"]);
        for call in calls {
            assert_eq!(call.await.unwrap().unwrap(), b"27");
        }
    };
    let watched = tokio::time::timeout(Duration::from_secs(60), all).await;
    assert!(watched.is_ok(), "a component waits for itself");
    host.stop().await.unwrap();
}
