//! Every bound of the framework, in one table.
//!
//! A queue, a loop, a retry, a payload and a depth each have a named bound here. What a
//! configuration may change says so.

use std::time::Duration;

/// Longest name of a service, method, plugin or instance, in characters.
pub const NAME_LEN: usize = 64;

/// Most methods that one service may have: the permissions of a client are one word.
pub const METHODS_PER_SERVICE: usize = 64;

/// Most roles of one host, the operator included: the roles of a principal are one word.
pub const ROLES: usize = 64;

/// Deadline of an async method that declares none.
pub const TIMEOUT: Duration = Duration::from_secs(30);

/// Largest JSON input or output of one call, in bytes.
pub const JSON_BYTES: usize = 64 * 1024 * 1024;

/// Violations that one refused input lists.
pub const VIOLATIONS: usize = 64;

/// Threads that have counters of their own; threads beyond share one lane.
pub const LANES: usize = 64;

/// Calls of a method that are all timed; later ones are sampled.
pub const TIMED_CALLS: u64 = 1_000;

/// Mean gap between timed calls after the first [`TIMED_CALLS`].
pub const TIMED_GAP: u64 = 64;

/// The same while calls take less than [`SHORT_NS`]. To read the clock twice and to note the
/// difference costs about 70 ns: one in 64 would make a call of 4 ns a quarter dearer, where one in
/// 256 costs it 0.3 ns; to a call of a microsecond it is nothing.
pub const TIMED_GAP_SHORT: u64 = 256;

/// Calls that take less than this, in nanoseconds, are timed at [`TIMED_GAP_SHORT`].
pub const SHORT_NS: u64 = 1_000;

/// Panics of one instance after which it is quarantined.
pub const PANICS: u64 = 5;

/// Callers that may wait for a permit of a method with a concurrency limit.
pub const WAITERS: usize = 1_024;

/// Replacements of one instance in the life of a host: consumers walk past each on a call.
pub const REPLACEMENTS: usize = 1_000;

/// How long a host waits for an instance to start.
pub const START: Duration = Duration::from_secs(60);

/// How long a host waits for all instances to stop.
pub const STOP: Duration = Duration::from_secs(10);

/// Baggage entries that a `Ctx` carries.
pub const BAGGAGE: usize = 16;

/// Bytes of one baggage key or value.
pub const BAGGAGE_BYTES: usize = 256;

/// Items that a stream opened by [`Stream::channel`](crate::Stream::channel) may hold back, and those of a source that may
/// wait for their acknowledgement.
pub const STREAM_ITEMS: usize = 1_024;

/// How long a handler may hold a worker in one poll before it is counted and named.
pub const BLOCKED: Duration = Duration::from_millis(100);

/// Connections that the control socket serves at once.
pub const CONNECTIONS: usize = 64;

/// Distinct error codes counted for one method; further ones count as `other`.
pub const ERROR_CODES: usize = 32;

/// Metrics of one instance's own, and how many of them are described or refused by name.
pub const INSTRUMENTS: usize = 256;

/// Combinations of the labels of one metric; further ones share a series with the value `other`.
pub const SERIES: usize = 1_000;

/// Longest value of a label of a metric, in bytes.
pub const LABEL_BYTES: usize = 128;

/// What the host has seen at an interval that is kept: the last half hour at 5 seconds.
pub const MONITOR_HISTORY: usize = 360;

/// The shortest interval at which a host looks at its metrics.
pub const MONITOR_EVERY_MIN: Duration = Duration::from_millis(100);

/// The interval where alerts are configured and none is given.
pub const MONITOR_EVERY: Duration = Duration::from_secs(5);

/// Looks that the window of one alert spans; a longer window is cut to them.
pub const ALERT_SAMPLES: usize = 1_024;

/// Bytes of a control request beside its parameters, and of an answer beside its result.
pub const ENVELOPE_BYTES: usize = 64 * 1024;

/// Longest text that one line of the log takes over from what a plugin writes, in bytes.
pub const LOG_TEXT_BYTES: usize = 8 * 1024;

/// Progress reports of one call that wait for a slow reader; further ones are left out.
pub const PROGRESS: usize = 16;

/// How long a command waits for the answer of a running host to a question about its state.
pub const CONTROL: Duration = Duration::from_secs(5);

/// How long an instance has to say how it is.
pub const HEALTH: Duration = Duration::from_secs(2);

/// How long a call that was given up has to end before nobody waits for it any more.
pub const GIVEN_UP: Duration = Duration::from_secs(2);

/// Deadline of a transaction that is begun without one.
pub const TRANSACTION: Duration = Duration::from_secs(30);

/// Transactions of one host that have begun and not ended.
pub const TRANSACTIONS: usize = 10_000;

/// Ended transactions whose outcome can still be asked for.
pub const TRANSACTIONS_ENDED: usize = 1_024;

/// Participants of one transaction, savepoints of one transaction.
pub const PARTICIPANTS: usize = 64;

/// Times that `run` begins a transaction again after a conflict.
pub const TRANSACTION_RETRIES: u32 = 16;

/// The first pause before a transaction is begun again; it doubles.
pub const TRANSACTION_PAUSE: Duration = Duration::from_millis(1);

/// The longest such pause.
pub const TRANSACTION_PAUSE_MAX: Duration = Duration::from_millis(500);

/// The pause before a participant is told its outcome a second time; it doubles.
pub const PHASE_TWO_DELAY: Duration = Duration::from_millis(10);

/// The longest such pause.
pub const PHASE_TWO_DELAY_MAX: Duration = Duration::from_secs(30);

/// Changes of transactions that a slow watcher may be behind; older ones are left out.
pub const TRANSACTION_CHANGES: usize = 1_024;

/// Events that a subscriber may be behind, unless its subscription says otherwise.
pub const EVENT_QUEUE: usize = 256;

/// Most events that a subscription may ask to be behind.
pub const EVENT_QUEUE_MAX: usize = 65_536;

/// Subscribers of one host.
pub const SUBSCRIBERS: usize = 1_024;

/// Patterns, sources or attributes that one subscription names.
pub const EVENT_FILTERS: usize = 64;

/// Largest event, in bytes of the texts and numbers in it.
pub const EVENT_BYTES: usize = 1024 * 1024;

/// Longest attribute of an event, in bytes.
pub const EVENT_ATTRIBUTE_BYTES: usize = 4_096;

/// Extension attributes of one event.
pub const EVENT_ATTRIBUTES: usize = 64;

/// How long a publisher without a deadline waits for room at a subscriber.
pub const PUBLISH: Duration = Duration::from_secs(30);

/// Reads that a serializable transaction remembers until it commits.
pub const READS: usize = 100_000;

/// Bytes of the journal after which it is emptied into the checkpoint.
pub const CHECKPOINT_BYTES: u64 = 64 * 1024 * 1024;

/// Bytes of the longest record of a journal.
pub const JOURNAL_RECORD_BYTES: usize = 64 * 1024 * 1024;

/// Bytes of records that wait to be written; who appends waits for room.
pub const JOURNAL_QUEUE_BYTES: usize = 3 * JOURNAL_RECORD_BYTES;

/// Bytes of records that are written and forced at once, unless one record alone is longer.
pub const JOURNAL_BATCH_BYTES: usize = 1024 * 1024;

/// How long after the last record a journal waits for those that the force before has woken. Never one client alone.
pub const JOURNAL_GATHER: Duration = Duration::from_micros(50);

/// Bytes of one file of a journal, unless its options say otherwise.
pub const JOURNAL_SEGMENT_BYTES: u64 = 8 * 1024 * 1024;

/// Most bytes of one file of a journal that options may ask for.
pub const JOURNAL_SEGMENT_BYTES_MAX: u64 = 1024 * 1024 * 1024;

/// Bytes of all files of a journal, unless its options say otherwise.
pub const JOURNAL_QUOTA_BYTES: u64 = 1024 * 1024 * 1024;

/// Most released files of a journal that are kept to be used again.
pub const JOURNAL_SPARES: usize = 2;

/// Bytes of one file of a journal in a backup: each is filled to its end, and few records are in it.
pub const BACKUP_SEGMENT_BYTES: u64 = 1024 * 1024;

/// Bytes that a backup writes to its file of containers in one go; more than one pair only where one is longer.
pub const BACKUP_BATCH_BYTES: usize = 32 * 1024 * 1024;

/// Bytes of a file that a backup or a restore holds in memory.
pub const BACKUP_CHUNK_BYTES: usize = 1024 * 1024;

/// Largest description of a backup, in bytes.
pub const BACKUP_ABOUT_BYTES: u64 = 16 * 1024 * 1024;

/// Starts that a restored host skips at least: the ids of what the original has done since the backup are not used again.
pub const RESTORED_STARTS: u32 = 1 << 16;

/// Bytes of a workflow document, and of what its aliases repeat.
pub const WORKFLOW_BYTES: usize = 4 * 1024 * 1024;

/// Values of a workflow document, those that its aliases repeat included.
pub const WORKFLOW_VALUES: usize = 100_000;

/// How deep values of a workflow document may lie in each other.
pub const WORKFLOW_DEPTH: usize = 128;

/// How deep tasks of a workflow document may lie in each other, those of its functions included.
pub const WORKFLOW_TASK_DEPTH: usize = 32;

/// Expressions of a workflow document; one that is used by name counts at every use.
pub const WORKFLOW_EXPRESSIONS: usize = 100_000;

/// Problems of one workflow document that are told.
pub const WORKFLOW_PROBLEMS: usize = 100;

/// Bytes of one expression of a workflow.
pub const EXPRESSION_BYTES: usize = 16 * 1024;

/// Brackets open at once in one expression: the parser works by recursion.
pub const EXPRESSION_BRACKETS: usize = 64;

/// Words and signs of one expression, for the same reason.
pub const EXPRESSION_WORDS: usize = 4_000;

/// Terms inside one another in one expression: to evaluate works by recursion too.
pub const EXPRESSION_DEPTH: usize = 200;

/// The same, up to which an expression is evaluated on the stack of the caller.
pub const EXPRESSION_DEPTH_SHALLOW: usize = 24;

/// Stack for compiling expressions, and for evaluating one that is deep or goes round.
pub const EXPRESSION_STACK_BYTES: usize = 128 * 1024 * 1024;

/// Steps of one evaluation of an expression.
pub const EXPRESSION_STEPS: u64 = 1_000_000;

/// Bytes of the value that an expression gives, counted as JSON text; a text on the way to it.
pub const EXPRESSION_VALUE_BYTES: usize = 16 * 1024 * 1024;

/// Values within a value on the way.
pub const EXPRESSION_VALUE_PARTS: usize = 2_000_000;

/// Depth of the value that an expression gives, and of a value on the way.
pub const EXPRESSION_VALUE_DEPTH: usize = 128;

/// Bits of a whole number on the way.
pub const EXPRESSION_NUMBER_BITS: u64 = 4_096;

/// Characters of an expression or of its values that a message quotes.
pub const EXPRESSION_QUOTE: usize = 400;

/// Schemas that are read of one schema, references written out: a small one may name a huge tree.
pub const TYPE_PARTS: usize = 10_000;

/// Depth of references in a schema; what is deeper is not looked into.
pub const TYPE_DEPTH: usize = 32;

/// How often a schema that holds itself is written out: lists in lists in lists are looked into, no further.
pub const TYPE_ROUNDS: usize = 3;

/// Alternatives of one type; more are taken as one of each kind.
pub const TYPE_SHAPES: usize = 32;

/// Texts that one type lists, above which it is any text.
pub const TYPE_TEXTS: usize = 256;

/// Comparisons of parts that one comparison of types may take.
pub const TYPE_STEPS: u32 = 20_000;

/// Most characters and elements of a value that is made up, unless its schema wants more.
pub const TYPE_SAMPLE: usize = 64;

/// Tasks that one look at the types of a document walks, loops counted by their rounds: what it takes at most some seconds
/// for. What is beyond is unknown.
pub const TYPE_TASKS: u32 = 100_000;

/// Values that are made up for one place to find one that is refused.
pub const TYPE_TRIES: u32 = 32;

/// Characters of a long text that is made up: more than a byte counts.
pub const TYPE_SAMPLE_TEXT: usize = 300;

/// Characters of a type that a message shows.
pub const TYPE_QUOTE: usize = 120;

/// Tasks that a run may begin before one of them waits: a workflow that runs in a circle ends there.
pub const RUN_TASKS: u32 = 1_000_000;

/// How often lists of tasks may go back (`then`) before a task waits.
pub const RUN_LAPS: u32 = 10_000;

/// The most tries of a `try`, whatever its policy says.
pub const TASK_TRIES: u32 = 10_000;

/// Bytes of the shortest secret of a workflow: a shorter one is a part of too many other texts to be taken out of them.
pub const SECRET_BYTES: usize = 4;

/// Keys that the status of a run lists; how many there are beside them is told as a number.
pub const STATUS_WAITING: usize = 64;

/// Runs under way at once.
pub const RUNS: usize = 100_000;

/// Runs that are kept nowhere and have ended, and can still be asked for.
pub const RUNS_ENDED: usize = 1_024;

/// Runs of one workflow and one key that are under way at once.
pub const RUNS_PER_KEY: usize = 1;

/// Durable runs that have ended and are kept; before one more the oldest is forgotten.
pub const RUNS_KEPT: usize = 10_000;

/// Events of one run: with one more it is cancelled, so that what is kept of it can still be read at a start.
pub const RUN_EVENTS: u64 = 1_000_000;

/// How often a run looks whether one that it waits for, and that is stuck, goes on.
pub const RUN_STUCK: Duration = Duration::from_secs(1);

/// Workflows that are registered at once.
pub const WORKFLOWS: usize = 10_000;

/// Length of a run's id.
pub const RUN_ID: usize = 512;

/// What waits to be told to one run; whoever comes then is refused, and may try again.
pub const RUN_INBOX: usize = 4_096;

/// Events of one run that are kept by one forced write.
pub const RUN_BATCH: usize = 64;

/// Calls of all runs at once; further steps wait.
pub const RUN_STEPS: usize = 1_024;

/// What one step may give.
pub const RUN_VALUE_BYTES: usize = 16 * 1024 * 1024;

/// Runs that start runs that start runs.
pub const RUN_DEPTH: usize = 16;

/// Tries of a call that undoes a step.
pub const COMPENSATION_TRIES: u32 = 10;

/// Pause between the first two of them; each further one is twice as long.
pub const COMPENSATION_PAUSE: Duration = Duration::from_millis(100);

/// The longest such pause.
pub const COMPENSATION_PAUSE_MAX: Duration = Duration::from_secs(30);

/// Lifecycle events of workflows that wait to be published; further ones are dropped.
pub const LIFECYCLE_EVENTS: usize = 4_096;

/// The longest pause between two tries.
pub const RUN_WAIT: Duration = Duration::from_secs(366 * 86_400);

/// How deep schemas are followed when two are compared; a deeper one counts as unknown.
pub const SCHEMA_DEPTH: usize = 64;

/// The most tries of one call of a composite's slot.
pub const COMPOSITE_TRIES: u32 = 100;

/// Steps of one method of a composite.
pub const COMPOSITE_STEPS: usize = 1_024;

/// Calls of auxiliary slots under way at once, for one composite; further ones are left out and counted.
pub const AUXILIARY_CALLS: usize = 256;

/// How long the call of an auxiliary slot may take.
pub const AUXILIARY: Duration = Duration::from_secs(30);

/// Answers that the cache of one slot keeps; the oldest goes first.
pub const CACHED_ANSWERS: usize = 1_024;

/// Items of a stream between two steps of a composite that nobody has read yet.
pub const COMPOSITE_BUFFER: usize = 16;
