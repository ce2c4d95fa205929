//! What the journal is held against.

use std::collections::HashMap;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use plantroom_model::{AlarmEventKind, AlarmStep};

/// A table with what a row of the journal has, and the indexes that its questions need. Prints rows a second.
const SCRIPT: &str = "
import random, sqlite3, sys, time
path, commits, rows = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
db = sqlite3.connect(path, isolation_level=None)
db.execute('pragma journal_mode=wal')
db.execute('pragma synchronous=full')
db.execute('create table alarm (id integer primary key, name text, message text, area text, priority integer)')
db.execute('''create table row (id integer primary key, at integer, source integer, alarm integer, kind integer,
    occurrence integer, before integer, after integer, marks integer, value real, status integer, lim real, until integer,
    user text, comment text)''')
for column in ('at', 'alarm', 'kind', 'user'):
    db.execute(f'create index by_{column} on row ({column})')
db.executemany('insert into alarm values (?, ?, ?, ?, ?)', [(n, f'area_{n % 40}/pump_{n}/pressure_high',
    f'Pump {n}: delivery pressure high', f'area_{n % 40}', n % 4) for n in range(10000)])
made = [[(c * 500000000 + n, c * 500000000 + n - 5000000, random.randrange(10000), 1 + n % 3, c * rows + n, 0, 1, 0,
    random.random() * 600, 0, 80.0, None, 'anna' if n % 3 == 1 else None, None) for n in range(rows)] for c in range(commits)]
begun = time.perf_counter()
for batch in made:
    db.execute('begin')
    db.executemany('insert into row (at, source, alarm, kind, occurrence, before, after, marks, value, status, lim, until, '
        'user, comment) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)', batch)
    db.execute('commit')
print(commits * rows / (time.perf_counter() - begun))
";

/// Rows a second that SQLite takes; `None` where there is no Python.
///
/// # Errors
/// When the script fails.
pub fn sqlite(folder: &Path, commits: usize, rows: usize) -> Result<Option<f64>> {
    let database = folder.join("peer.sqlite");
    let run = Command::new("python3").args(["-c", SCRIPT]).arg(&database).args([commits.to_string(), rows.to_string()]).output();
    let Ok(output) = run else { return Ok(None) };
    if !output.status.success() {
        bail!("SQLite's part failed: {}", String::from_utf8_lossy(&output.stderr));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    Ok(Some(text.trim().parse().with_context(|| format!("SQLite's part said {text}"))?))
}

/// The least that key figures can be: how often each alarm came, and how many came in each 10 minutes. Gives the most of both.
pub fn count(rows: &[AlarmStep]) -> u32 {
    let mut alarms: Vec<u32> = Vec::new();
    let mut windows: HashMap<i64, u32> = HashMap::new();
    let mut window = (i64::MIN, 0);
    for row in rows.iter().filter(|row| row.kind == AlarmEventKind::Occurred) {
        let place = row.alarm.0 as usize;
        if alarms.len() <= place {
            alarms.resize(place + 1, 0);
        }
        alarms[place] += 1;
        let of = row.at.0 / 600_000_000_000;
        if of != window.0 {
            windows.insert(window.0, window.1);
            window = (of, 0);
        }
        window.1 += 1;
    }
    let most = windows.values().copied().max().unwrap_or(0).max(window.1);
    most.max(alarms.into_iter().max().unwrap_or(0))
}
