use std::fmt::Write as _;
use std::path::Path;

use proptest::prelude::*;
use serde_json::json;
use weldkit_records::{ColumnType, Place};

use super::*;
use crate::describe::describe;
use crate::line::LINE_LEN_MAX;
use crate::table::COLUMNS_MAX;

const DEFAULTS: Defaults = Defaults {
    batch_size: 3,
    bad_rows_max: 100,
};

fn open(source: Source, options: ReadOptions) -> Result<Reader, RecordsError> {
    let root = Root::new(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
    Reader::open(&root, source, options, DEFAULTS, &|| false)
}

fn read(text: &str, options: ReadOptions) -> (Vec<Record>, Vec<BadRow>, Option<RecordsError>) {
    let (mut records, mut bad) = (Vec::new(), Vec::new());
    let mut reader = match open(Source::text(text), options) {
        Ok(reader) => reader,
        Err(error) => return (records, bad, Some(error)),
    };
    loop {
        match reader.next_batch(&|| false) {
            Ok(Some(batch)) => {
                assert!(!batch.is_empty() && batch.len() <= reader.batch_size);
                records.extend(batch.records);
                bad.extend(batch.bad);
            }
            Ok(None) => return (records, bad, None),
            Err(error) => return (records, bad, Some(error)),
        }
    }
}

fn plain(records: &[Record]) -> Vec<(u64, Json)> {
    records
        .iter()
        .map(|record| (record.line, Json::Object(record.values.clone())))
        .collect()
}

/// Reads and compares the records; nothing may be bad.
fn check(text: &str, options: ReadOptions, expected: &[(u64, Json)]) {
    let (records, bad, error) = read(text, options);
    assert!(bad.is_empty() && error.is_none(), "{bad:?} {error:?}");
    assert_eq!(plain(&records), expected);
}

#[test]
fn types_are_inferred_and_equal_rows_are_two_records() {
    let text = "id,speed,cost,ok,name\n1,300,0.5,true,é\n2,,7,FALSE,\n2,,7,FALSE,\n";
    let twice = json!({"id": 2, "speed": null, "cost": 7, "ok": false, "name": null});
    let first = json!({"id": 1, "speed": 300, "cost": 0.5, "ok": true, "name": "é"});
    check(
        text,
        ReadOptions::default(),
        &[(2, first), (3, twice.clone()), (4, twice)],
    );
}

#[test]
fn a_place_where_no_line_begins_is_refused() {
    for (byte, fits) in [(2, true), (3, false), (4, true), (5, true), (6, false)] {
        let place = Place { line: 2, byte };
        let options = ReadOptions {
            start: Some(place),
            ..ReadOptions::default()
        };
        let root = Root::new(Path::new(".")).unwrap();
        let source = Source::text("a\n1\n2");
        let opened = Reader::open(&root, source, options, DEFAULTS, &|| false);
        let told = opened.err().map(|error| error.to_string());
        assert_eq!(told.is_none(), fits, "{byte}: {told:?}");
        assert!(told.is_none_or(|told| told.contains(&format!("byte {byte}"))));
    }
}

#[test]
fn an_option_changes_how_rows_are_read() {
    let options = ReadOptions {
        header: false,
        ..ReadOptions::default()
    };
    check(
        "1;a\n2;b",
        options,
        &[
            (1, json!({"column_1": 1, "column_2": "a"})),
            (2, json!({"column_1": 2, "column_2": "b"})),
        ],
    );
    let options = ReadOptions {
        delimiter: Some(','),
        ..ReadOptions::default()
    };
    check(
        "a;b,c\n1;2,3",
        options,
        &[(2, json!({"a;b": "1;2", "c": 3}))],
    );
    let options = ReadOptions::default()
        .typed("zip", ColumnType::String)
        .typed("n", ColumnType::Integer);
    check(
        "zip,n\n10001,007\n",
        options,
        &[(2, json!({"zip": "10001", "n": 7}))],
    );
    let options = ReadOptions {
        after_line: 3,
        ..ReadOptions::default()
    };
    check("a\n1\n2\n3\n", options, &[(4, json!({"a": 3}))]);
    check(
        "{\"a\":1}\n\n{\"a\":\"x\"}",
        ReadOptions::default(),
        &[(1, json!({"a": 1})), (3, json!({"a": "x"}))],
    );
    let options = ReadOptions::default().typed("a", ColumnType::Integer);
    check(
        "{\"a\":\"1\"}\n{\"b\":2}",
        options,
        &[(1, json!({"a": 1})), (2, json!({"b": 2}))],
    );
}

#[test]
fn columns_get_names_whatever_the_header_says() {
    let text = "\u{feff} a ,,a,a,a_2\n1,2,3,4,5\n";
    check(
        text,
        ReadOptions::default(),
        &[(
            2,
            json!({"a": 1, "column_2": 2, "a_2": 3, "a_3": 4, "a_2_2": 5}),
        )],
    );
    check("", ReadOptions::default(), &[]);
    check("a,b\n", ReadOptions::default(), &[]);
    check(
        "\n\na\n1\n",
        ReadOptions::default(),
        &[(4, json!({"a": 1}))],
    );
}

#[test]
fn a_bad_row_is_kept_aside_with_its_line_and_reason() {
    let long = "x".repeat(LINE_LEN_MAX);
    let mut text = b"id,name\n1,a\n2\n3,b,c\n4,\xFF\n".to_vec();
    text.extend_from_slice(format!("5,{long}\n6,ok\nx,d\n\"7,e\n8,f\n").as_bytes());
    let folder = tempfile::TempDir::new().unwrap();
    std::fs::write(folder.path().join("a.csv"), text).unwrap();
    let root = Root::new(folder.path()).unwrap();
    let options = ReadOptions {
        batch_size: Some(100),
        ..ReadOptions::default()
    }
    .typed("id", ColumnType::Integer);
    let mut reader =
        Reader::open(&root, Source::path("a.csv"), options, DEFAULTS, &|| false).unwrap();
    let batch = reader.next_batch(&|| false).unwrap().unwrap();
    assert_eq!(
        batch
            .records
            .iter()
            .map(|record| record.line)
            .collect::<Vec<_>>(),
        [2, 7, 10]
    );
    let found: Vec<(u64, BadReason, &str)> = batch
        .bad
        .iter()
        .map(|bad| (bad.line, bad.reason, bad.text.as_str()))
        .collect();
    let expected = [
        (3, BadReason::Ragged, "2"),
        (4, BadReason::Ragged, "3,b,c"),
        (5, BadReason::Encoding, "4,\u{fffd}"),
        (6, BadReason::TooLong, found[3].2),
        (8, BadReason::Type, "x,d"),
        (9, BadReason::OpenQuote, "\"7,e"),
    ];
    assert_eq!(found, expected);
    assert!(batch.bad[3].is_cut && batch.bad[3].text.len() <= 4096);
    assert_eq!(batch.bad[2].column.as_deref(), Some("name"));
    assert_eq!(batch.bad[4].message, "`x` in `id` is not an integer");
    assert_eq!(batch.line_last, 10);
    assert!(reader.next_batch(&|| false).unwrap().is_none());
    assert!((reader.progress() - 1.0).abs() < f64::EPSILON);
}

#[test]
fn a_late_misfit_is_a_bad_row_and_never_another_value() {
    let text = "zip\n10001\n10002\n02134\n10003\n";
    let options = ReadOptions {
        sample_rows: 2,
        ..ReadOptions::default()
    };
    let (records, bad, _) = read(text, options);
    assert_eq!(
        plain(&records),
        [
            (2, json!({"zip": 10001})),
            (3, json!({"zip": 10002})),
            (5, json!({"zip": 10003}))
        ]
    );
    assert_eq!(
        (bad.len(), bad[0].line, bad[0].reason),
        (1, 4, BadReason::Type)
    );
    let advice = "`02134` in `zip` is not an integer, as the first 2 rows had it; set `types` of `zip` or raise `sample_rows`";
    assert_eq!(bad[0].message, advice);
    let (records, bad, _) = read(
        text,
        ReadOptions {
            sample_rows: 0,
            ..ReadOptions::default()
        },
    );
    assert_eq!(
        (records.len(), bad.len(), &records[2].values["zip"]),
        (4, 0, &json!("02134"))
    );
}

#[test]
fn too_many_bad_rows_end_the_stream_after_what_was_good() {
    let text = "a,b\n1,2\n1\n2\n3\n1,2\n";
    let (records, bad, error) = read(
        text,
        ReadOptions {
            bad_rows_max: Some(2),
            ..ReadOptions::default()
        },
    );
    assert_eq!((records.len(), bad.len()), (1, 2));
    let error = error.unwrap().to_string();
    assert_eq!(
        error,
        "more than 2 bad rows; the last one is on line 5: the row has 1 cells and there are 2 columns"
    );
    let (records, bad, error) = read(
        text,
        ReadOptions {
            bad_rows_max: Some(0),
            ..ReadOptions::default()
        },
    );
    assert_eq!((records.len(), bad.len(), error.is_some()), (1, 0, true));
    assert!(
        read(
            text,
            ReadOptions {
                bad_rows_max: Some(3),
                ..ReadOptions::default()
            }
        )
        .2
        .is_none()
    );
}

#[test]
fn what_cannot_be_read_at_all_is_an_error() {
    let check = |text: &str, options: ReadOptions, expected: &str| {
        let error = read(text, options).2.unwrap().to_string();
        assert!(error.contains(expected), "{error}");
    };
    let typed = ReadOptions::default().typed("Sped", ColumnType::Integer);
    check(
        "Speed,Cost\n1,2",
        typed,
        "there is no column `Sped`; the nearest one is `Speed`",
    );
    check(
        &"x".repeat(LINE_LEN_MAX + 1),
        ReadOptions::default(),
        "its first row, on line 1: the line has",
    );
    check(
        &",".repeat(COLUMNS_MAX + 1),
        ReadOptions::default(),
        "it has 10002 columns",
    );
    check(
        "a",
        ReadOptions {
            batch_size: Some(0),
            ..ReadOptions::default()
        },
        "option `batch_size`",
    );
    check("%PDF-1.7", ReadOptions::default(), "it is a PDF");
    check(
        "\u{1f}",
        ReadOptions::default().typed("a", ColumnType::Any),
        "there is no column `a`; the nearest one is",
    );
}

#[test]
fn a_batch_ends_early_when_its_rows_are_long() {
    let row = "x".repeat(900_000);
    let mut text = String::from("a\n");
    (0..12).for_each(|_| writeln!(text, "{row}").unwrap());
    let mut reader = open(
        Source::text(text),
        ReadOptions {
            batch_size: Some(100),
            ..ReadOptions::default()
        },
    )
    .unwrap();
    let sizes: Vec<usize> = std::iter::from_fn(|| reader.next_batch(&|| false).unwrap())
        .map(|batch| batch.len())
        .collect();
    assert_eq!(sizes, [5, 5, 2]);
}

#[test]
fn a_description_says_what_read_would_give() {
    let text = "n,mixed,zip,none\n1,2,10001,\n2.5,x,02134,\n3\n,4,10002,\n";
    let reader = open(
        Source::text(text),
        ReadOptions::default().typed("zip", ColumnType::Integer),
    )
    .unwrap();
    let description = describe(reader, |_| true).unwrap();
    assert_eq!(
        (description.format, description.delimiter),
        (Format::Csv, Some(','))
    );
    assert_eq!(
        (
            description.record_count,
            description.bad_count,
            description.byte_count
        ),
        (3, 1, text.len() as u64)
    );
    assert_eq!(description.bad[0].line, 4);
    let types: Vec<ColumnType> = description.columns.iter().map(|column| column.of).collect();
    assert_eq!(
        types,
        [
            ColumnType::Number,
            ColumnType::String,
            ColumnType::Integer,
            ColumnType::String
        ]
    );
    let [n, mixed, zip, none] = &description.columns[..] else {
        panic!("four columns")
    };
    assert_eq!(
        (
            n.counts.integer,
            n.counts.number,
            n.counts.empty,
            n.widened_at
        ),
        (1, 1, 1, Some(3))
    );
    assert_eq!(
        (mixed.counts.integer, mixed.counts.string, mixed.widened_at),
        (2, 1, Some(3))
    );
    assert_eq!(mixed.examples, [json!(2), json!("x"), json!(4)]);
    assert_eq!((zip.counts.integer, zip.examples.len()), (3, 3));
    assert_eq!((none.counts.empty, none.examples.len()), (3, 0));
}

#[test]
fn a_description_of_json_lines_finds_their_keys() {
    let lines = "{\"a\":1}\n{\"b\":[1],\"a\":2}\nnot json\n";
    let description = describe(
        open(Source::text(lines), ReadOptions::default()).unwrap(),
        |_| true,
    )
    .unwrap();
    let columns: Vec<(&str, ColumnType)> = description
        .columns
        .iter()
        .map(|column| (column.name.as_str(), column.of))
        .collect();
    assert_eq!(
        columns,
        [("a", ColumnType::Integer), ("b", ColumnType::Any)]
    );
    assert_eq!(
        (
            description.format,
            description.record_count,
            description.bad_count
        ),
        (Format::Jsonl, 2, 1)
    );
}

/// A cell in quotes, as any writer of CSV writes it.
fn quoted(cell: &str) -> String {
    format!("\"{}\"", cell.replace('"', "\"\""))
}

proptest! {
    #[test]
    fn what_is_written_as_csv_comes_back(
        cells in prop::collection::vec(prop::collection::vec("[ab,;\"\n\r\t é1]{0,6}", 3), 0..20),
        ending in prop::sample::select(vec!["\n", "\r\n", "\r"]),
    ) {
        let mut text = format!("x,y,z{ending}");
        for row in &cells {
            text += &row.iter().map(|cell| quoted(cell)).collect::<Vec<_>>().join(",");
            text += ending;
        }
        let mut options = ReadOptions { delimiter: Some(','), ..ReadOptions::default() };
        for name in ["x", "y", "z"] {
            options = options.typed(name, ColumnType::String);
        }
        let (records, bad, error) = read(&text, options);
        prop_assert!(bad.is_empty() && error.is_none());
        let found: Vec<Vec<String>> = records
            .iter()
            .map(|record| ["x", "y", "z"].map(|name| record.values[name].as_str().unwrap_or_default().to_owned()).to_vec())
            .collect();
        prop_assert_eq!(found, cells);
        prop_assert!(records.is_sorted_by(|a, b| a.line < b.line));
    }

    #[test]
    fn any_bytes_give_records_bad_rows_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..400), jsonl: bool) {
        let folder = tempfile::TempDir::new().unwrap();
        std::fs::write(folder.path().join("a"), &bytes).unwrap();
        let root = Root::new(folder.path()).unwrap();
        let format = if jsonl { Format::Jsonl } else { Format::Csv };
        let options = ReadOptions { format, bad_rows_max: Some(u64::MAX), ..ReadOptions::default() };
        if let Ok(mut reader) = Reader::open(&root, Source::path("a"), options, DEFAULTS, &|| false) {
            let mut line = 0;
            while let Some(batch) = reader.next_batch(&|| false).unwrap() {
                prop_assert!(batch.line_last > line);
                line = batch.line_last;
            }
            prop_assert_eq!(reader.lines.bytes_read(), bytes.len() as u64);
        }
    }

    #[test]
    fn batches_by_their_place_are_those_of_the_stream(
        text in prop::collection::vec("[ab1,\"\n\r{}:é]{0,8}", 0..40),
        size in 1_u32..4,
        jsonl: bool,
    ) {
        let text = text.join(if jsonl { "\n{\"a\":1}\n" } else { "\n1,2\n" });
        let format = if jsonl { Format::Jsonl } else { Format::Csv };
        let options = ReadOptions { format, batch_size: Some(size), ..ReadOptions::default() };
        let root = Root::new(Path::new(".")).unwrap();
        let open = |start| {
            let options = ReadOptions { start, bad_rows_max: Some(u64::MAX), ..options.clone() };
            Reader::open(&root, Source::text(text.clone()), options, DEFAULTS, &|| false)
        };
        if let Ok(mut stream) = open(None) {
            let mut start = None;
            while let Some(batch) = stream.next_batch(&|| false).unwrap() {
                let again = open(start).unwrap().next_batch(&|| false).unwrap();
                prop_assert_eq!(again.as_ref(), Some(&batch));
                start = Some(batch.end);
            }
            prop_assert_eq!(open(start).unwrap().next_batch(&|| false).unwrap(), None);
        }
    }
}
