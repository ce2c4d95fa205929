//! A plant in which 100,000 alarms stand: a console that logs in, and an operator who acknowledges a thousand of them.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use plantroom_model::{AlarmState, AlarmVerb, Occurrence, OutcomeKind};
use plantroom_wire::{ALARM_ACTS, AlarmWish, Deed, ToConsole, ToStation, encode};
use tokio_tungstenite::tungstenite::{self, Message};

use super::{LONGEST, Socket, next};
use crate::figures::{Figure, Row};
use crate::station::{Api, Station};
use crate::workplace::{Project, Workplace, progress};

/// Alarms that stand.
const ALARMS: usize = 100_000;

/// Measures both, so many times.
///
/// # Errors
/// When the station doesn't work, or an acknowledgement isn't confirmed.
pub fn measure(workplace: &Workplace, rounds: usize) -> Result<Vec<Row>> {
    let project = Project::new()?;
    fill(&project)?;
    let station = Station::start(workplace, &project, 0)?;
    let api = station.login()?;
    let begin = Instant::now();
    while api.call("GET", "/api/v1/alarms?state=active&limit=1", None)?["total"].as_u64() < Some(ALARMS as u64) {
        ensure!(begin.elapsed() < LONGEST, "not all alarms have come");
        std::thread::sleep(Duration::from_millis(100));
    }
    let (mut joined_ms, mut cpu_ms, mut acknowledged_ms) = (Vec::new(), Vec::new(), Vec::new());
    for round in 1..=rounds {
        let before = station.process.cpu_s()?;
        let (mut socket, took_ms, wishes) = join(&station.url, &api)?;
        joined_ms.push(took_ms);
        cpu_ms.push(1e3 * (station.process.cpu_s()? - before));
        acknowledged_ms.push(acknowledge(&mut socket, wishes)?);
        progress(&format!("flood: round {round}: {took_ms:.0} ms until a console has {ALARMS} alarms"));
    }
    let row = |what: String, values: &[f64]| Row::alone("flood", what, "ms", Figure::of(values));
    Ok(vec![
        row(format!("a console logs in while {ALARMS} alarms stand: until it has them all, with their texts"), &joined_ms),
        row("the same: the station's CPU".to_owned(), &cpu_ms),
        row(
            format!("{ALARM_ACTS} of them acknowledged with one comment, each audited, decided and on the disk"),
            &acknowledged_ms,
        ),
    ])
}

fn fill(project: &Project) -> Result<()> {
    let (mut tags, mut alarms) = ("name,kind,memory\n".to_owned(), "name,tag,is,message,consequence,action\n".to_owned());
    for number in 0..ALARMS {
        tags.push_str(&format!("area{}/t{number},bool,true\n", number % 40));
        let name = format!("area{}/t{number}", number % 40);
        alarms.push_str(&format!("{name},{name},true,Feeder {number} has tripped,The street is dark,Look at its breaker\n"));
    }
    project.write("plant.toml", "name = \"Bench\"\ntime_zone = \"UTC\"\nhome_screen = \"1_home\"\n[alarms]\nadvice = false\n")?;
    project.write("tags/all.csv", &tags)?;
    project.write("alarms/all.csv", &alarms)
}

/// Logs in; until everything that stands is there. Gives wishes to acknowledge what nobody has acknowledged yet.
fn join(url: &str, api: &Api) -> Result<(Socket, f64, Vec<AlarmWish>)> {
    let (mut socket, _) = tungstenite::connect(format!("{}/api/v1/live", url.replacen("http", "ws", 1)))?;
    let begin = Instant::now();
    socket.send(Message::Binary(encode(&ToStation::Resume { token: api.token.clone() }).into()))?;
    let (mut names, mut waiting, mut rows) = (HashMap::new(), Vec::new(), 0);
    loop {
        match next(&mut socket)? {
            Some(ToConsole::Alarms(batch)) => {
                names.extend(batch.infos.into_iter().map(|info| (info.id, info.name)));
                rows += batch.rows.len();
                waiting.extend(batch.rows.into_iter().filter(|row| row.state == AlarmState::Unacknowledged as u8));
                if !batch.more {
                    break;
                }
            }
            Some(ToConsole::Denied { reason }) => bail!("the console was refused: {reason}"),
            _ => {}
        }
    }
    let took_ms = begin.elapsed().as_secs_f64() * 1e3;
    ensure!(rows >= ALARMS, "the console was told of {rows} alarms");
    let some = waiting.iter().take(ALARM_ACTS);
    let wish = |row: &plantroom_wire::AlarmNow| {
        let alarm = names.get(&row.id).cloned().unwrap_or_default();
        AlarmWish { alarm, verb: AlarmVerb::Acknowledge { occurrence: Occurrence(row.occurrence) } }
    };
    let wishes = some.map(wish).collect();
    Ok((socket, took_ms, wishes))
}

/// How long it takes until the operator is told that all of it is done, in ms.
fn acknowledge(socket: &mut Socket, wishes: Vec<AlarmWish>) -> Result<f64> {
    ensure!(wishes.len() == ALARM_ACTS, "only {} alarms wait for somebody", wishes.len());
    let begin = Instant::now();
    let deed = Deed::Alarms { wishes, comment: "the grid is down".to_owned() };
    socket.send(Message::Binary(encode(&ToStation::Do { request: 1, deed }).into()))?;
    loop {
        if let Some(ToConsole::Outcome { outcome, .. }) = next(socket)? {
            ensure!(outcome.kind == OutcomeKind::Done, "{}", outcome.message);
            ensure!(outcome.message.starts_with("Done for all"), "{}", outcome.message);
            return Ok(begin.elapsed().as_secs_f64() * 1e3);
        }
    }
}
