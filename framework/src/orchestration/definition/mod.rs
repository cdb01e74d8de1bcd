//! What a workflow is: the document, read into a [`Definition`] whose names are resolved.

mod model;

pub use model::{
    Backoff, Call, Case, Consume, Correlation, Definition, DefinitionId, ErrorTemplate,
    EventFilter, Expr, Extra, Filter, For, ForEach, Fork, Listen, Read, Retry, Source, Span,
    SubRun, Task, TaskList, Template, Then, Try, Until, Work,
};
