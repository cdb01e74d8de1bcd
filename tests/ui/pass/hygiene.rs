//! Names of the user's own, as unlucky as they can be: the macros write full paths.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::too_many_arguments,
    reason = "the point is the names"
)]

mod contracts {
    pub struct Option;
    pub struct Vec;
    pub struct Box;
    pub struct Arc;
    pub struct Send;
    pub struct Sync;
    pub struct Future;
    pub struct Some;
    pub struct None;
    pub struct Ok;
    pub struct Err;
    pub struct Path;
    pub mod core {}
    pub mod std {}
    pub mod serde {}
    pub mod garde {}
    pub mod schemars {}
    pub mod linkme {}

    pub type Outcome<T> = ::core::result::Result<T, weldkit::CallError>;

    #[weldkit::data]
    pub struct Report {
        #[garde(length(min = 1))]
        path: ::std::string::String,
        #[garde(range(min = 1))]
        report: u32,
        nested: ::std::vec::Vec<Nested>,
    }

    #[weldkit::data]
    pub struct Nested {
        look: u8,
    }

    #[weldkit::service]
    pub trait Unlucky {
        async fn twin(
            &self,
            ctx: &weldkit::Ctx,
            twin: u8,
            service: u8,
            method: u8,
            input: u8,
            parameters: u8,
            rules: Report,
        ) -> Outcome<u8>;
        fn call(&self, ctx: &weldkit::Ctx, self_: u8, report: u8) -> Outcome<u8>;
    }

    pub struct Provider;

    #[weldkit::plugin(provides(Unlucky))]
    impl Provider {
        fn start(binder: weldkit::Meter, a0: weldkit::Meter) -> weldkit::Result<Self> {
            let _ = (binder, a0);
            ::core::result::Result::Ok(Self)
        }
    }

    impl Unlucky for Provider {
        async fn twin(
            &self,
            _: &weldkit::Ctx,
            twin: u8,
            _: u8,
            _: u8,
            _: u8,
            _: u8,
            _: Report,
        ) -> Outcome<u8> {
            ::core::result::Result::Ok(twin)
        }

        fn call(&self, _: &weldkit::Ctx, self_: u8, _: u8) -> Outcome<u8> {
            ::core::result::Result::Ok(self_)
        }
    }
}
