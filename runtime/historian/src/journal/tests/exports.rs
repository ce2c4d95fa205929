//! Exports, read back.

use jiff::tz::TimeZone;
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::record::RowAccessor as _;
use plantroom_model::AlarmEventKind;
use plantroom_store::FaultyDisk;

use super::world::{START, World, all, now, open, reader, small};
use crate::{Columns, Order, Query};

fn written() -> FaultyDisk {
    let disk = FaultyDisk::new(21);
    let mut world = World::new(21);
    let (journal, _) = open(&disk, small(), world.at);
    for frame in 0..40 {
        let mut rows = world.frame(3);
        if frame == 0 {
            rows[0].comment = Some("=HYPERLINK(\"x\"), \"zitiert\"\nzweite Zeile".into());
        }
        journal.note(world.frame, &rows, &world.catalog);
        journal.flush();
    }
    journal.close(now(world.at));
    let (journal, _) = open(&disk, small(), world.at + 1_000_000_000);
    journal.close(now(world.at + 2_000_000_000));
    disk
}

fn oldest_first() -> Query {
    Query { order: Order::OldestFirst, kinds: AlarmEventKind::ALL.to_vec(), ..Query::default() }
}

#[test]
fn a_csv_has_every_row_and_every_gap_and_nothing_that_a_spreadsheet_runs() {
    let disk = written();
    let reader = reader(&disk);
    let rows = all(&reader);
    let bytes: Vec<u8> =
        reader.csv(oldest_first(), TimeZone::get("Europe/Berlin").unwrap()).flat_map(|piece| piece.unwrap()).collect();
    let mut read = csv::Reader::from_reader(bytes.as_slice());
    assert_eq!(read.headers().unwrap().iter().collect::<Vec<_>>(), Columns::ALL);
    let found: Vec<csv::StringRecord> = read.records().map(Result::unwrap).collect();
    assert_eq!(found.len(), rows.len() + 1);
    for (line, row) in found.iter().zip(&rows) {
        assert_eq!((&line[0], &line[4]), (row.row.to_string().as_str(), &*row.alarm.name));
        let at: jiff::Timestamp = line[1].parse().unwrap();
        assert_eq!(at.as_nanosecond(), i128::from(row.at.0));
        let local: jiff::Timestamp = line[2].parse().unwrap();
        assert_eq!(local, at);
        assert_eq!(line[18], *row.alarm.unit);
    }
    assert!(found[0][23].starts_with("'=HYPERLINK") && found[0][23].contains('\n'));
    let gap = &found[found.len() - 1];
    assert_eq!((&gap[0], &gap[8]), ("", "gap"));
    assert!(gap[23].contains("stopped"), "{gap:?}");
    assert!(String::from_utf8(bytes).unwrap().contains("\r\n"));
}

#[test]
fn the_first_lines_of_a_csv_are_these() {
    let disk = written();
    let query = Query { until: Some(plantroom_model::Utc(START + 3_000_000_000)), ..oldest_first() };
    let bytes: Vec<u8> =
        reader(&disk).csv(query, TimeZone::get("Europe/Berlin").unwrap()).flat_map(|piece| piece.unwrap()).collect();
    let text = String::from_utf8(bytes).unwrap();
    let head = "row,time_utc,time_local,source_time_utc,alarm,message,priority,area,event,occurrence,state_before,state,shelved,\
                suppressed,out_of_service,unknown,value,value_text,unit,limit,quality,until_utc,user,comment\r\n";
    assert!(text.starts_with(head), "{text}");
}

#[test]
fn a_parquet_file_has_the_same_with_types() {
    let disk = written();
    let reader = reader(&disk);
    let rows = all(&reader);
    let bytes: Vec<u8> = reader.parquet(oldest_first(), TimeZone::UTC).unwrap().flat_map(|piece| piece.unwrap()).collect();
    let mut kept = tempfile::tempfile().unwrap();
    std::io::Write::write_all(&mut kept, &bytes).unwrap();
    let file = SerializedFileReader::new(kept).unwrap();
    let found: Vec<parquet::record::Row> = file.get_row_iter(None).unwrap().map(Result::unwrap).collect();
    assert_eq!(found.len(), rows.len() + 1);
    for (line, row) in found.iter().zip(&rows) {
        assert_eq!(line.get_long(0).unwrap(), row.row as i64);
        assert_eq!(line.get_string(4).unwrap(), &*row.alarm.name);
        assert_eq!(line.get_double(16).ok(), row.value.as_f64());
        assert_eq!(line.get_double(19).ok(), row.limit);
        assert_eq!(line.get_string(23).unwrap(), row.comment.as_deref().unwrap_or_default());
        assert!(line.get_bool(12).is_ok());
    }
    let gap = &found[found.len() - 1];
    assert!(gap.get_long(0).is_err() && gap.get_string(8).unwrap() == "gap");
    assert_eq!(&bytes_of(&reader, Query { text: Some("no such text".into()), ..oldest_first() })[..4], b"PAR1");
}

fn bytes_of(reader: &crate::JournalReader, query: Query) -> Vec<u8> {
    reader.parquet(query, TimeZone::UTC).unwrap().flat_map(|piece| piece.unwrap()).collect()
}
