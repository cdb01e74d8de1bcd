/// What can go wrong.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// No such document.
    #[error("no document under key `{key}` in `{collection}`")]
    NotFound {
        /// Where it was looked for.
        collection: String,
        #[serde(rename = "id")]
        key: String,
        #[service_error(skip)]
        internal: u8,
    },
    /// The disk.
    #[error("the disk failed at {offset}")]
    #[service_error(code = "disk", retryable, effect = "possible")]
    DiskFailed { offset: u64, source: std::io::Error },
    #[error("no room")]
    Full(u64),
    #[error("{message}")]
    Refused { message: String },
    #[error("broken pipe")]
    Pipe(#[from] std::fmt::Error),
    #[error("closed")]
    Closed,
    /// The host's own errors.
    #[error(transparent)]
    Call(#[from] weldkit::CallError),
}
#[allow(deprecated, non_camel_case_types, clippy::all, clippy::pedantic)]
const _: () = {
    #[derive(
        ::weldkit::__private::serde::Serialize,
        ::weldkit::__private::schemars::JsonSchema
    )]
    #[serde(crate = ":: weldkit :: __private :: serde")]
    #[schemars(crate = ":: weldkit :: __private :: schemars", inline)]
    struct NotFoundDetails {
        /// Where it was looked for.
        collection: String,
        #[serde(rename = "id")]
        key: String,
    }
    #[derive(
        ::weldkit::__private::serde::Serialize,
        ::weldkit::__private::schemars::JsonSchema
    )]
    #[serde(crate = ":: weldkit :: __private :: serde")]
    #[schemars(crate = ":: weldkit :: __private :: schemars", inline)]
    struct DiskFailedDetails {
        offset: u64,
    }
    #[derive(
        ::weldkit::__private::serde::Serialize,
        ::weldkit::__private::schemars::JsonSchema
    )]
    #[serde(crate = ":: weldkit :: __private :: serde")]
    #[schemars(crate = ":: weldkit :: __private :: schemars", inline)]
    struct RefusedDetails {
        message: String,
    }
    #[automatically_derived]
    impl ::weldkit::ServiceError for StorageError {
        const CODES: &'static [::weldkit::contract::ErrorCode] = &[
            ::weldkit::contract::ErrorCode {
                code: "not_found",
                docs: "No such document.",
                retryable: false,
                effect: ::weldkit::Effect::None,
                details: <NotFoundDetails as ::weldkit::__private::schemars::JsonSchema>::json_schema,
            },
            ::weldkit::contract::ErrorCode {
                code: "disk",
                docs: "The disk.",
                retryable: true,
                effect: ::weldkit::Effect::Possible,
                details: <DiskFailedDetails as ::weldkit::__private::schemars::JsonSchema>::json_schema,
            },
            ::weldkit::contract::ErrorCode {
                code: "full",
                docs: "",
                retryable: false,
                effect: ::weldkit::Effect::None,
                details: <() as ::weldkit::__private::schemars::JsonSchema>::json_schema,
            },
            ::weldkit::contract::ErrorCode {
                code: "refused",
                docs: "",
                retryable: false,
                effect: ::weldkit::Effect::None,
                details: <RefusedDetails as ::weldkit::__private::schemars::JsonSchema>::json_schema,
            },
            ::weldkit::contract::ErrorCode {
                code: "pipe",
                docs: "",
                retryable: false,
                effect: ::weldkit::Effect::None,
                details: <() as ::weldkit::__private::schemars::JsonSchema>::json_schema,
            },
            ::weldkit::contract::ErrorCode {
                code: "closed",
                docs: "",
                retryable: false,
                effect: ::weldkit::Effect::None,
                details: <() as ::weldkit::__private::schemars::JsonSchema>::json_schema,
            },
        ];
        fn into_call_error(self) -> ::weldkit::CallError {
            let host: fn(weldkit::CallError) -> ::weldkit::CallError = |error| error;
            let message = ::std::string::ToString::to_string(&self);
            match self {
                Self::Call { 0: error } => host(error),
                Self::NotFound { collection, key, .. } => {
                    ::weldkit::CallError::new(
                            ::weldkit::Code::from_name("not_found"),
                            message,
                        )
                        .retryable(false)
                        .effect(::weldkit::Effect::None)
                        .details(
                            ::weldkit::__private::serde_json::to_value(NotFoundDetails {
                                    collection,
                                    key,
                                })
                                .unwrap_or_default(),
                        )
                }
                Self::DiskFailed { offset, source: source, .. } => {
                    ::weldkit::CallError::new(
                            ::weldkit::Code::from_name("disk"),
                            message,
                        )
                        .retryable(true)
                        .effect(::weldkit::Effect::Possible)
                        .details(
                            ::weldkit::__private::serde_json::to_value(DiskFailedDetails {
                                    offset,
                                })
                                .unwrap_or_default(),
                        )
                        .caused_by(source)
                }
                Self::Full { .. } => {
                    ::weldkit::CallError::new(
                            ::weldkit::Code::from_name("full"),
                            message,
                        )
                        .retryable(false)
                        .effect(::weldkit::Effect::None)
                }
                Self::Refused { message, .. } => {
                    ::weldkit::CallError::new(
                            ::weldkit::Code::from_name("refused"),
                            message,
                        )
                        .retryable(false)
                        .effect(::weldkit::Effect::None)
                        .details(
                            ::weldkit::__private::serde_json::to_value(RefusedDetails {
                                    message,
                                })
                                .unwrap_or_default(),
                        )
                }
                Self::Pipe { 0: source, .. } => {
                    ::weldkit::CallError::new(
                            ::weldkit::Code::from_name("pipe"),
                            message,
                        )
                        .retryable(false)
                        .effect(::weldkit::Effect::None)
                        .caused_by(source)
                }
                Self::Closed { .. } => {
                    ::weldkit::CallError::new(
                            ::weldkit::Code::from_name("closed"),
                            message,
                        )
                        .retryable(false)
                        .effect(::weldkit::Effect::None)
                }
            }
        }
        fn code(&self) -> &str {
            match self {
                Self::Call { 0: error } => ::weldkit::ServiceError::code(error),
                Self::NotFound { .. } => "not_found",
                Self::DiskFailed { .. } => "disk",
                Self::Full { .. } => "full",
                Self::Refused { .. } => "refused",
                Self::Pipe { .. } => "pipe",
                Self::Closed { .. } => "closed",
            }
        }
    }
};
