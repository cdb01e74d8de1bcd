//! Random lives of a journal against a list.

use std::io::ErrorKind;

use proptest::prelude::*;

use super::*;
use crate::journal::{Loss, Operation};

#[derive(Debug, Clone)]
enum Step {
    /// Records of these lengths; all but the last are lazy.
    Append(Vec<usize>),
    /// Release a share of what is there.
    Release(u8),
    /// Stop cleanly and start again.
    Close,
    /// Kill the process and start again.
    Kill,
    /// Cut the power and start again.
    Crash(u64),
    /// Let an operation fail.
    Fail(Operation, usize, ErrorKind),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let len = prop_oneof![8 => 0..300_usize, 2 => 300..1100_usize, 1 => 1100..4000_usize];
    let operation = prop::sample::select(vec![
        Operation::Create,
        Operation::Write,
        Operation::Sync,
        Operation::Rename,
        Operation::Remove,
        Operation::SyncNames,
    ]);
    let kind = prop::sample::select(vec![ErrorKind::Other, ErrorKind::StorageFull]);
    let step = prop_oneof![
        12 => prop::collection::vec(len, 1..5).prop_map(Step::Append),
        2 => any::<u8>().prop_map(Step::Release),
        1 => Just(Step::Close),
        1 => Just(Step::Kill),
        2 => any::<u64>().prop_map(Step::Crash),
        1 => (operation, 0..4_usize, kind).prop_map(|(o, skip, k)| Step::Fail(o, skip, k)),
    ];
    prop::collection::vec(step, 1..40)
}

/// A journal and what must be in it.
struct Life {
    disk: SimDisk,
    journal: Option<Journal>,
    /// Every record that is there for certain, the first at position 1.
    records: Vec<(u8, Vec<u8>)>,
    /// Records behind them that may be there.
    doubtful: Vec<(u8, Vec<u8>)>,
    released: u64,
    number: u64,
}

impl Life {
    fn begin() -> Self {
        let disk = SimDisk::default();
        let journal = Some(open(&disk).unwrap().0);
        Self {
            disk,
            journal,
            records: Vec::new(),
            doubtful: Vec::new(),
            released: 1,
            number: 0,
        }
    }

    async fn step(&mut self, step: &Step) {
        match step {
            Step::Append(lens) => self.append(lens).await,
            Step::Release(share) => {
                let before = 1 + self.records.len() as u64 * u64::from(*share) / 255;
                self.released = self.released.max(before);
                let journal = self.journal.as_ref().unwrap();
                // A file that cannot be freed now is freed later.
                drop(journal.release(Position(before)).await);
            }
            Step::Close => {
                let journal = self.journal.take().unwrap();
                drop(journal.close().await);
                drop(journal);
                self.start();
            }
            Step::Kill => {
                self.journal = None;
                self.start();
            }
            Step::Crash(seed) => {
                self.journal = None;
                self.disk = self.disk.crash(Loss::Random(*seed));
                self.start();
            }
            Step::Fail(operation, skip, kind) => self.disk.fail(*operation, *skip, *kind),
        }
    }

    async fn append(&mut self, lens: &[usize]) {
        let journal = self.journal.as_ref().unwrap();
        let (mut tickets, mut records) = (Vec::new(), Vec::new());
        for (index, len) in lens.iter().enumerate() {
            self.number += 1;
            let record = (7, payload(self.number, *len));
            let Ok(room) = journal.reserve(*len).await else {
                return;
            };
            let payload = record.1.clone();
            tickets.push(if index + 1 < lens.len() {
                room.append_lazy(Kind(7), payload)
            } else {
                room.append(Kind(7), payload)
            });
            records.push(record);
        }
        for (ticket, record) in tickets.into_iter().zip(records) {
            match ticket.await {
                Ok(position) => {
                    self.records.push(record);
                    assert_eq!(position.0, self.records.len() as u64);
                }
                Err(Failure::Unknown { .. }) => self.doubtful.push(record),
                Err(_) => {}
            }
        }
    }

    /// Starts again, whatever it takes, and compares.
    fn start(&mut self) {
        let (journal, replayed) = loop {
            match open(&self.disk) {
                Ok(opened) => break opened,
                Err(Failure::Io { .. }) => {} // one of the faults that were asked for
                Err(failure) => panic!("{failure}"),
            }
        };
        let certain = self.records.len();
        self.records.append(&mut self.doubtful);
        let (oldest, next) = (journal.stats().oldest().0, journal.stats().next().0);
        assert!(oldest <= self.released, "{oldest} {}", self.released);
        let from = usize::try_from(oldest - 1).unwrap();
        let to = usize::try_from(next - 1).unwrap();
        assert!(
            (certain..=self.records.len()).contains(&to),
            "{certain} {to}"
        );
        assert_eq!(replayed.records, self.records[from..to]);
        self.records.truncate(to);
        self.journal = Some(journal);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn a_journal_is_a_list_that_survives(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let mut life = Life::begin();
            for step in &steps {
                life.step(step).await;
            }
            life.step(&Step::Crash(0)).await;
            life.step(&Step::Close).await;
        });
    }
}
