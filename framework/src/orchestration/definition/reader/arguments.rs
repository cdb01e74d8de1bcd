//! The arguments of the calls and processes that the DSL itself names, as its schema has them.

use super::shape::{Object, Shape};

const OUTPUT: Shape = Shape::Word(&["raw", "content", "response"]);
const TEXTS: Shape = Shape::Map(&Shape::Text);
const RESOURCE: Shape = Shape::Object(&Object {
    required: &[("endpoint", Shape::Endpoint)],
    optional: &[("name", Shape::Text)],
    choices: &[],
});

/// The arguments of a call that is not of a method, by its word.
pub(super) static CALLS: [(&str, &str, Object); 6] = [
    ("http", "http.call", HTTP),
    ("grpc", "grpc.call", GRPC),
    ("openapi", "openapi.call", OPENAPI),
    ("asyncapi", "asyncapi.call", ASYNCAPI),
    ("a2a", "a2a.call", A2A),
    ("mcp", "mcp.call", MCP),
];

const HTTP: Object = Object {
    required: &[("method", Shape::Text), ("endpoint", Shape::Endpoint)],
    optional: &[
        ("headers", Shape::MapOrExpression(&Shape::Text)),
        ("body", Shape::Any),
        ("query", Shape::MapOrExpression(&Shape::Text)),
        ("output", OUTPUT),
        ("redirect", Shape::Flag),
    ],
    choices: &[],
};

const GRPC: Object = Object {
    required: &[
        ("proto", RESOURCE),
        ("service", Shape::Object(&SERVICE)),
        ("method", Shape::Text),
    ],
    optional: &[("arguments", Shape::Open)],
    choices: &[],
};

const SERVICE: Object = Object {
    required: &[("name", Shape::Text), ("host", Shape::Host)],
    optional: &[
        ("port", Shape::Integer(0, 65_535)),
        ("authentication", Shape::Authentication),
    ],
    choices: &[],
};

const OPENAPI: Object = Object {
    required: &[("document", RESOURCE), ("operationId", Shape::Text)],
    optional: &[
        ("parameters", Shape::Open),
        ("authentication", Shape::Authentication),
        ("output", OUTPUT),
        ("redirect", Shape::Flag),
    ],
    choices: &[],
};

const ASYNCAPI: Object = Object {
    required: &[("document", RESOURCE)],
    optional: &[
        ("channel", Shape::Text),
        ("operation", Shape::Text),
        ("server", Shape::Object(&SERVER)),
        ("protocol", Shape::Word(&PROTOCOLS)),
        ("message", Shape::Object(&MESSAGE)),
        (
            "subscription",
            Shape::Refused(
                "it has tasks of its own within an argument; wait for events with `listen`",
            ),
        ),
        ("authentication", Shape::Authentication),
    ],
    choices: &[&["operation", "channel"], &["message", "subscription"]],
};

const PROTOCOLS: [&str; 19] = [
    "amqp",
    "amqp1",
    "anypointmq",
    "googlepubsub",
    "http",
    "ibmmq",
    "jms",
    "kafka",
    "mercure",
    "mqtt",
    "mqtt5",
    "nats",
    "pulsar",
    "redis",
    "sns",
    "solace",
    "sqs",
    "stomp",
    "ws",
];

const SERVER: Object = Object {
    required: &[("name", Shape::Text)],
    optional: &[("variables", Shape::Open)],
    choices: &[],
};

const MESSAGE: Object = Object {
    required: &[],
    optional: &[("payload", Shape::Open), ("headers", Shape::Open)],
    choices: &[],
};

const A2A: Object = Object {
    required: &[(
        "method",
        Shape::Word(&[
            "message/send",
            "message/stream",
            "tasks/get",
            "tasks/list",
            "tasks/cancel",
            "tasks/resubscribe",
            "tasks/pushNotificationConfig/set",
            "tasks/pushNotificationConfig/get",
            "tasks/pushNotificationConfig/list",
            "tasks/pushNotificationConfig/delete",
            "agent/getAuthenticatedExtendedCard",
        ]),
    )],
    optional: &[
        ("agentCard", RESOURCE),
        ("server", Shape::Endpoint),
        ("parameters", Shape::OpenOrText),
    ],
    choices: &[],
};

const MCP: Object = Object {
    required: &[
        (
            "method",
            Shape::Word(&[
                "tools/list",
                "tools/call",
                "prompts/list",
                "prompts/get",
                "resources/list",
                "resources/read",
                "resources/templates/list",
            ]),
        ),
        ("transport", Shape::Object(&TRANSPORT)),
    ],
    optional: &[
        ("protocolVersion", Shape::Text),
        ("parameters", Shape::OpenOrText),
        ("timeout", Shape::Span),
        ("client", Shape::Object(&CLIENT)),
    ],
    choices: &[],
};

const TRANSPORT: Object = Object {
    required: &[],
    optional: &[
        (
            "http",
            Shape::Object(&Object {
                required: &[("endpoint", Shape::Endpoint)],
                optional: &[("headers", TEXTS)],
                choices: &[],
            }),
        ),
        (
            "stdio",
            Shape::Object(&Object {
                required: &[("command", Shape::Text)],
                optional: &[
                    ("arguments", Shape::List(&Shape::Text)),
                    ("environment", TEXTS),
                ],
                choices: &[],
            }),
        ),
        ("options", TEXTS),
    ],
    choices: &[&["http", "stdio"]],
};

const CLIENT: Object = Object {
    required: &[("name", Shape::Text), ("version", Shape::Text)],
    optional: &[("description", Shape::Text)],
    choices: &[],
};

/// The processes of `run`, and the method that each is.
pub(super) static PROCESSES: [(&str, &str, Object); 3] = [
    ("container", "container.run", CONTAINER),
    ("script", "script.run", SCRIPT),
    ("shell", "shell.run", SHELL),
];

/// What a process may give.
pub(super) const RETURNS: [&str; 5] = ["stdout", "stderr", "code", "all", "none"];

const CONTAINER: Object = Object {
    required: &[("image", Shape::Text)],
    optional: &[
        ("name", Shape::Text),
        ("command", Shape::Text),
        ("ports", Shape::Open),
        ("volumes", Shape::Open),
        ("environment", Shape::Open),
        ("stdin", Shape::Text),
        ("arguments", Shape::List(&Shape::Text)),
        ("lifetime", Shape::Lifetime),
        (
            "pullPolicy",
            Shape::Word(&["ifNotPresent", "always", "never"]),
        ),
    ],
    choices: &[],
};

const SCRIPT: Object = Object {
    required: &[("language", Shape::Text)],
    optional: &[
        ("code", Shape::Text),
        ("source", RESOURCE),
        ("stdin", Shape::Text),
        ("arguments", Shape::List(&Shape::Text)),
        ("environment", Shape::Open),
    ],
    choices: &[&["code", "source"]],
};

const SHELL: Object = Object {
    required: &[("command", Shape::Text)],
    optional: &[
        ("stdin", Shape::Text),
        ("arguments", Shape::List(&Shape::Text)),
        ("environment", Shape::Open),
    ],
    choices: &[],
};

/// How long a container is kept.
pub(super) static LIFETIME: Object = Object {
    required: &[("cleanup", Shape::Word(&["always", "never", "eventually"]))],
    optional: &[("after", Shape::Span)],
    choices: &[],
};

/// An endpoint that is more than its URI.
pub(super) static ENDPOINT: Object = Object {
    required: &[("uri", Shape::UriTemplate)],
    optional: &[("authentication", Shape::Authentication)],
    choices: &[],
};

/// An authentication by the name of a secret.
pub(super) static SECRET: Object = Object {
    required: &[("use", Shape::Name)],
    optional: &[],
    choices: &[],
};

/// An authentication that is written out.
pub(super) static POLICY: Shape = Shape::Object(&INLINE);

/// The same, as the table.
pub(super) static INLINE: Object = Object {
    required: &[],
    optional: &[
        ("basic", Shape::Secret(&PASSWORD)),
        ("bearer", Shape::Secret(&TOKEN)),
        ("digest", Shape::Secret(&PASSWORD)),
        ("oauth2", Shape::Secret(&Shape::Object(&OAUTH2))),
        ("oidc", Shape::Secret(&Shape::Object(&OIDC))),
    ],
    choices: &[&["basic", "bearer", "digest", "oauth2", "oidc"]],
};

const PASSWORD: Shape = Shape::Object(&Object {
    required: &[("username", Shape::Text), ("password", Shape::Text)],
    optional: &[],
    choices: &[],
});

const TOKEN: Shape = Shape::Object(&Object {
    required: &[("token", Shape::Text)],
    optional: &[],
    choices: &[],
});

const OAUTH2: Object = Object {
    required: &[],
    optional: &[
        ("endpoints", Shape::Object(&ENDPOINTS)),
        ("authority", Shape::Uri),
        ("grant", GRANT),
        ("client", Shape::Object(&OAUTH2_CLIENT)),
        ("request", Shape::Object(&REQUEST)),
        ("issuers", Shape::List(&Shape::Text)),
        ("scopes", Shape::List(&Shape::Text)),
        ("audiences", Shape::List(&Shape::Text)),
        ("username", Shape::Text),
        ("password", Shape::Text),
        ("subject", OAUTH2_TOKEN),
        ("actor", OAUTH2_TOKEN),
    ],
    choices: &[],
};

const OIDC: Object = Object {
    required: &[],
    optional: &[
        ("authority", Shape::Uri),
        ("grant", GRANT),
        ("client", Shape::Object(&OAUTH2_CLIENT)),
        ("request", Shape::Object(&REQUEST)),
        ("issuers", Shape::List(&Shape::Text)),
        ("scopes", Shape::List(&Shape::Text)),
        ("audiences", Shape::List(&Shape::Text)),
        ("username", Shape::Text),
        ("password", Shape::Text),
        ("subject", OAUTH2_TOKEN),
        ("actor", OAUTH2_TOKEN),
    ],
    choices: &[],
};

const GRANT: Shape = Shape::Word(&[
    "authorization_code",
    "client_credentials",
    "password",
    "refresh_token",
    "urn:ietf:params:oauth:grant-type:token-exchange",
]);

const ENDPOINTS: Object = Object {
    required: &[],
    optional: &[
        ("token", Shape::Text),
        ("revocation", Shape::Text),
        ("introspection", Shape::Text),
    ],
    choices: &[],
};

const OAUTH2_CLIENT: Object = Object {
    required: &[],
    optional: &[
        ("id", Shape::Text),
        ("secret", Shape::Text),
        ("assertion", Shape::Text),
        (
            "authentication",
            Shape::Word(&[
                "client_secret_basic",
                "client_secret_post",
                "client_secret_jwt",
                "private_key_jwt",
                "none",
            ]),
        ),
    ],
    choices: &[],
};

const REQUEST: Object = Object {
    required: &[],
    optional: &[(
        "encoding",
        Shape::Word(&["application/x-www-form-urlencoded", "application/json"]),
    )],
    choices: &[],
};

const OAUTH2_TOKEN: Shape = Shape::Object(&Object {
    required: &[("token", Shape::Text), ("type", Shape::Text)],
    optional: &[],
    choices: &[],
});
