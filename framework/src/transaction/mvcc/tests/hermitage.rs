//! Hermitage: what each level prevents, by the ten scripts of Martin Kleppmann's test suite (github.com/ept/hermitage,
//! CC BY 4.0), wherever the rows are: in one container or two, in memory, over a base, or half and half.

use std::sync::Arc;

use super::super::{Container, Local};
use super::stage::{Stage, Step, TestBase, get, put, scan};
use crate::error::CallError;
use crate::transaction::Isolation;

/// Where the two rows are.
#[derive(Debug, Clone, Copy)]
enum Place {
    Memory,
    /// In the journal and not in the base yet.
    Rows,
    Base,
    /// The first row in the base, the second one newer than it.
    Both,
}

struct Bank {
    stage: Stage,
    containers: Vec<Arc<Container>>,
    level: Isolation,
}

impl Bank {
    /// Rows 1 and 2 hold 10 and 20.
    fn open(level: Isolation, place: Place, containers: usize) -> Self {
        let stage = Stage::new();
        let bases = [TestBase::default(), TestBase::default()];
        let open = |n: usize| match place {
            Place::Memory => stage.volatile(&format!("t/{n}")),
            Place::Rows | Place::Base | Place::Both => stage.durable(&format!("t/{n}"), &bases[n]),
        };
        let containers: Vec<_> = (0..containers).map(open).collect();
        let bank = Self {
            stage,
            containers,
            level,
        };
        let at = |row: usize| row % bank.containers.len();
        for row in [1, 2] {
            let value = format!("{row}0");
            bank.stage
                .write(bank.container(row), &row.to_string(), Some(&value));
            if matches!((place, row), (Place::Both, 1) | (Place::Base, _)) {
                bank.stage.checkpoint(&bases[at(row)]);
            }
        }
        bank
    }

    fn container(&self, row: usize) -> &Arc<Container> {
        &self.containers[row % self.containers.len()]
    }

    fn begin(&self) -> Tx<'_> {
        Tx {
            bank: self,
            local: self.stage.begin(self.level),
            waits: None,
            failed: false,
        }
    }

    fn values(&self) -> [i64; 2] {
        let tx = self.begin();
        [tx.read(1), tx.read(2)]
    }
}

/// One transaction of a script. What fails once does nothing more: the script goes on without it.
struct Tx<'b> {
    bank: &'b Bank,
    local: Arc<Local>,
    waits: Option<Step<Result<(), CallError>>>,
    failed: bool,
}

impl Tx<'_> {
    fn read(&self, row: usize) -> i64 {
        let found = get(
            self.bank.container(row),
            Some(&self.local),
            &row.to_string(),
        );
        found.map_or(0, |value| value.parse().unwrap())
    }

    /// How many rows hold a multiple of three.
    fn threes(&self) -> usize {
        let all = self.bank.containers.iter();
        let pairs =
            all.flat_map(|rows| scan(rows, Some(&self.local), ("", None), 10).end().unwrap());
        pairs
            .filter(|(_, value)| value.parse::<i64>().unwrap() % 3 == 0)
            .count()
    }

    /// Writes, as far as it can: what waits goes on with [`go_on`](Self::go_on).
    fn write(&mut self, row: usize, value: i64) {
        if !self.failed {
            let value = value.to_string();
            let write = put(
                self.bank.container(row),
                &self.local,
                &row.to_string(),
                Some(&value),
            );
            self.waits = Some(write);
            self.go_on();
        }
    }

    fn go_on(&mut self) {
        if let Some(ended) = self.waits.as_mut().and_then(Step::poll) {
            self.waits = None;
            if ended.is_err() {
                self.failed = true;
                self.abort();
            }
        }
    }

    fn abort(&self) {
        self.bank.stage.store.abort(&self.local);
    }

    fn commit(&mut self) -> bool {
        self.go_on();
        assert!(self.waits.is_none(), "what waits cannot commit");
        !self.failed && self.bank.stage.commit(&self.local).is_ok()
    }
}

/// Whether the anomaly does not happen.
type Script = fn(&Bank) -> bool;

const SCRIPTS: [(&str, Script); 10] = [
    ("G0", g0),
    ("G1a", g1a),
    ("G1b", g1b),
    ("G1c", g1c),
    ("OTV", otv),
    ("PMP", pmp),
    ("P4", p4),
    ("G-single", g_single),
    ("G2-item", g2_item),
    ("G2", g2),
];

fn g0(bank: &Bank) -> bool {
    let (mut one, mut other) = (bank.begin(), bank.begin());
    one.write(1, 11);
    other.write(1, 12);
    one.write(2, 21);
    one.commit();
    other.go_on();
    other.write(2, 22);
    other.commit();
    [[11, 21], [12, 22]].contains(&bank.values())
}

fn g1a(bank: &Bank) -> bool {
    let (mut one, other) = (bank.begin(), bank.begin());
    one.write(1, 101);
    let before = other.read(1);
    one.abort();
    [before, other.read(1)] == [10, 10]
}

fn g1b(bank: &Bank) -> bool {
    let (mut one, other) = (bank.begin(), bank.begin());
    one.write(1, 101);
    let before = other.read(1);
    one.write(1, 11);
    one.commit();
    before == 10 && other.read(1) != 101
}

fn g1c(bank: &Bank) -> bool {
    let (mut one, mut other) = (bank.begin(), bank.begin());
    one.write(1, 11);
    other.write(2, 22);
    let read = [one.read(2), other.read(1)];
    one.commit();
    other.commit();
    read == [20, 10]
}

fn otv(bank: &Bank) -> bool {
    let (mut one, mut other, third) = (bank.begin(), bank.begin(), bank.begin());
    one.write(1, 11);
    one.write(2, 19);
    other.write(1, 12);
    one.commit();
    other.go_on();
    let first = [third.read(1), third.read(2)];
    other.write(2, 18);
    let again = [third.read(1), third.read(2)];
    other.commit();
    let last = [third.read(2), third.read(1)];
    let whole = [[10, 20], [11, 19]];
    whole.contains(&first) && again == first && [[20, 10], [19, 11], [18, 12]].contains(&last)
}

fn pmp(bank: &Bank) -> bool {
    let (one, mut other) = (bank.begin(), bank.begin());
    let before = one.threes();
    other.write(3, 30);
    other.commit();
    one.threes() == before
}

fn p4(bank: &Bank) -> bool {
    let (mut one, mut other) = (bank.begin(), bank.begin());
    assert_eq!(one.read(1), other.read(1));
    one.write(1, 11);
    other.write(1, 11);
    let first = one.commit();
    !(first && other.commit())
}

fn g_single(bank: &Bank) -> bool {
    let (one, mut other) = (bank.begin(), bank.begin());
    assert_eq!(one.read(1), 10);
    assert_eq!([other.read(1), other.read(2)], [10, 20]);
    other.write(1, 12);
    other.write(2, 18);
    other.commit();
    one.read(2) == 20
}

fn g2_item(bank: &Bank) -> bool {
    let (mut one, mut other) = (bank.begin(), bank.begin());
    for tx in [&one, &other] {
        assert_eq!([tx.read(1), tx.read(2)], [10, 20]);
    }
    one.write(1, 11);
    other.write(2, 21);
    let first = one.commit();
    !(first && other.commit())
}

fn g2(bank: &Bank) -> bool {
    let (mut one, mut other) = (bank.begin(), bank.begin());
    assert_eq!(one.threes() + other.threes(), 0);
    one.write(3, 30);
    other.write(4, 42);
    let first = one.commit();
    !(first && other.commit())
}

#[test]
fn each_level_prevents_what_its_name_says_wherever_the_rows_are() {
    for (level, prevented) in Isolation::ALL.into_iter().zip([5, 8, 10]) {
        for place in [Place::Memory, Place::Rows, Place::Base, Place::Both] {
            for containers in [1, 2] {
                for (n, (anomaly, script)) in SCRIPTS.into_iter().enumerate() {
                    let bank = Bank::open(level, place, containers);
                    let told = format!("{anomaly} at {level}, {place:?}, {containers} containers");
                    assert_eq!(script(&bank), n < prevented, "{told}");
                }
            }
        }
    }
}
