//! Files read back by the libraries' own readers, finished and not. Other people's readers: `cargo xtask formats`.

use std::fs::File;
use std::sync::Arc;

use arrow_array::cast::AsArray as _;
use arrow_array::types::{Float64Type, Int32Type, Int64Type};
use arrow_array::{Array as _, RecordBatch};
use axismirror_core::dtype::DType;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use serde_json::{Value, json};

use super::*;
use crate::record::tests::{bytes_of, head, temp};

/// Batches, and the texts of the footer.
fn read(path: &Path) -> (Vec<RecordBatch>, std::collections::HashMap<String, String>) {
    let file = File::open(path).unwrap();
    if path.extension().unwrap() == "parquet" {
        let builder = ParquetRecordBatchReaderBuilder::try_new(file).unwrap();
        let metadata = builder.schema().metadata().clone().into();
        (builder.build().unwrap().map(Result::unwrap).collect(), metadata)
    } else {
        let reader = arrow_ipc::reader::FileReader::try_new(file, None).unwrap();
        let metadata = reader.schema().metadata().clone().into();
        (reader.map(Result::unwrap).collect(), metadata)
    }
}

fn numbers(batches: &[RecordBatch], column: usize) -> Vec<i32> {
    batches.iter().flat_map(|b| b.column(column).as_primitive::<Int32Type>().values().to_vec()).collect()
}

#[test]
fn a_file_opens_from_its_beginning_on_and_with_each_flush() {
    for ending in ["parquet", "arrow"] {
        let path = temp(&format!("whole.{ending}"));
        let mut head = head(DType::I32, 2);
        head.labels = vec!["time".to_owned(), "time".to_owned()];
        let mut writer = crate::record::Format::of(&path).unwrap().create(&path, false, &head).unwrap();
        let (batches, texts) = read(&path);
        assert!(batches.iter().all(|b| b.num_rows() == 0));
        assert_eq!(serde_json::from_str::<Value>(&texts["axismirror"]).unwrap()["labels"], json!(["time", "time"]));
        assert!(!texts.contains_key("axismirror.end"));

        let mut expected = Vec::new();
        for piece in 0..5i32 {
            let samples: Vec<i32> = (0..2000).map(|i| piece * 2000 + i).collect();
            expected.extend(samples.iter().copied());
            let times: Vec<f64> = (0..1000).map(|i| f64::from(piece * 1000 + i) / 250.0).collect();
            let first = 7 + 1000 * piece as u64;
            let times = if piece == 3 { &[] } else { times.as_slice() };
            writer.append(&Block { first, frames: 1000, bytes: &bytes_of(&samples, i32::to_le_bytes), times }).unwrap();
            if piece == 2 {
                writer.gap(&Gap { frame: 3007, time: None, overwritten: 1, not_acquired: 2 }).unwrap();
                writer.event(&Event { frame: 9, time: 0.5, text: "x".to_owned() }).unwrap();
            }
            if piece == 4 {
                let before = read(&path).0.iter().map(RecordBatch::num_rows).sum::<usize>();
                assert_eq!(before, 0, "no flush was asked for");
            }
        }
        writer.finish(&End { frames: 5000, ..End::default() }).unwrap();
        let (batches, texts) = read(&path);
        let names: Vec<String> = batches[0].schema().fields().iter().map(|f| f.name().clone()).collect();
        assert_eq!(names, ["frame", "time", "time_2", "time_3"]);
        assert_eq!(
            writer.remarks(),
            [
                "the label `time` is `time_2` in the file (and so with 1 label more); the description has them as they are"
            ]
        );
        let interleaved: Vec<i32> =
            numbers(&batches, 2).into_iter().zip(numbers(&batches, 3)).flat_map(|(a, b)| [a, b]).collect();
        assert_eq!(interleaved, expected);
        let frames: Vec<i64> =
            batches.iter().flat_map(|b| b.column(0).as_primitive::<Int64Type>().values().to_vec()).collect();
        assert_eq!(frames, (7..5007).collect::<Vec<_>>());
        let times: Vec<Option<f64>> =
            batches.iter().flat_map(|b| b.column(1).as_primitive::<Float64Type>().iter().collect::<Vec<_>>()).collect();
        assert_eq!((times[2999], times[3000], times[4000]), (Some(2999.0 / 250.0), None, Some(16.0)));
        assert_eq!(texts["axismirror.gaps"], r#"[{"frame":3007,"time":null,"overwritten":1,"not_acquired":2}]"#);
        assert_eq!(texts["axismirror.events"], r#"[{"frame":9,"time":0.5,"text":"x"}]"#);
        assert_eq!(serde_json::from_str::<Value>(&texts["axismirror.end"]).unwrap()["frames"], 5000);
        assert_eq!(std::fs::metadata(&path).unwrap().len(), writer.bytes());
    }
}

#[test]
fn rows_are_in_the_file_after_each_piece() {
    let head = head(DType::F32, 1);
    for ending in ["parquet", "arrow"] {
        let path = temp(&format!("pieces.{ending}"));
        let columns = Columns::new(&head, "test").unwrap();
        let schema = Arc::clone(columns.schema());
        let check = |writer: &mut dyn Writer| {
            for piece in 1..=20usize {
                let values: Vec<f32> = (0..100).map(|i| i as f32).collect();
                writer
                    .append(&Block { first: 0, frames: 100, bytes: &bytes_of(&values, f32::to_le_bytes), times: &[] })
                    .unwrap();
                writer.flush().unwrap();
                let rows: usize = read(&path).0.iter().map(RecordBatch::num_rows).sum();
                assert_eq!(rows, piece * 100);
            }
        };
        // No piece waits for time or for the footer's length.
        if ending == "parquet" {
            let container = Parquet::new(&schema).unwrap();
            let mut footed = Footed::create(&path, false, &head, columns, container, Duration::ZERO).unwrap();
            footed.eager = true;
            check(&mut footed);
        } else {
            let mut footed = Footed::create(&path, false, &head, columns, Arrow::new(&schema), Duration::ZERO).unwrap();
            footed.eager = true;
            check(&mut footed);
        }
    }
}

#[test]
fn every_type_has_a_column() {
    for dtype in DType::ALL {
        for ending in ["parquet", "arrow"] {
            let path = temp(&format!("types.{ending}"));
            let created = crate::record::Format::of(&path).unwrap().create(&path, false, &head(dtype, 1));
            if matches!(dtype, DType::C64 | DType::C128) {
                assert!(matches!(created, Err(RecordError::Type { .. })));
                continue;
            }
            let mut writer = created.unwrap();
            let bytes = vec![1; dtype.size() * 3];
            writer.append(&Block { first: 0, frames: 3, bytes: &bytes, times: &[0.0, 1.0, 2.0] }).unwrap();
            writer.finish(&End::default()).unwrap();
            let column = Arc::clone(read(&path).0[0].column(2));
            let data = column.to_data();
            let values = data.buffers()[0].as_slice();
            // Booleans are bits: three of them are 0b111.
            let expected: &[u8] = if dtype == DType::Bool { &[0b111] } else { &bytes };
            assert_eq!(&values[..expected.len()], expected, "{dtype:?} {ending}");
        }
    }
}
