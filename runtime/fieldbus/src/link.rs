//! The life of one connection: open it, carry transactions, drop it when it is of no more use, open it again.

use std::sync::Arc;
use std::time::Duration;

use plantroom_model::{LinkState, field_error};
use plantroom_project::LinkSpec;

use crate::desk::cut_error;
use crate::limits::backoff_ms;
use crate::line::Line;
use crate::serial::Timing;
use crate::{open, serial, tcp};

/// How long a connection held, and what became of it.
pub(crate) struct Session {
    /// Somebody has answered at least once.
    pub answered: bool,
    pub why: Why,
    pub reason: String,
}

/// Why a connection is of no more use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// Nobody answers over it.
    Silence,
    /// What came over it can't be understood, or wasn't asked.
    Nonsense,
    /// It was cut.
    Cut,
}

/// Runs a connection until it is aborted.
pub(crate) async fn run(line: Arc<Line>) {
    line.tell_connecting();
    // Tries in a row that brought no answer.
    let mut failures = 0_u32;
    let mut opened_before = false;
    loop {
        let (why, reason) = match session(&line, &mut opened_before).await {
            Err(reason) => {
                failures = failures.saturating_add(1);
                (Why::Cut, reason)
            }
            Ok(session) => {
                // Silence needs no pause: each unit has its own.
                failures = match (session.answered, session.why) {
                    (true, _) | (_, Why::Silence) => 0,
                    (false, _) => failures.saturating_add(1),
                };
                (session.why, session.reason)
            }
        };
        line.note_error(&reason);
        line.shut_gate(|on_the_way| match why {
            Why::Nonsense => field_error::BAD_ANSWER,
            Why::Silence | Why::Cut => cut_error(&on_the_way.request),
        });
        let pause_ms = backoff_ms(failures);
        if why == Why::Cut || pause_ms > 0 {
            line.down(&reason);
        } else {
            line.set_state(LinkState::Silent);
        }
        tokio::time::sleep(Duration::from_millis(pause_ms)).await;
    }
}

/// Opens the connection and carries transactions over it.
async fn session(line: &Line, opened_before: &mut bool) -> Result<Session, String> {
    let timeout_ms = line.pace().timeout_ms;
    let mut opened = || {
        if std::mem::replace(opened_before, true) {
            line.desk().figures.reconnects += 1;
        }
    };
    match &line.link {
        LinkSpec::Tcp(at) => {
            let stream = open::tcp(at, timeout_ms).await?;
            opened();
            Ok(tcp::carry(line, stream).await)
        }
        LinkSpec::RtuOverTcp(at) => {
            let stream = open::tcp(at, timeout_ms).await?;
            opened();
            Ok(serial::carry(line, stream, Timing::over_tcp().with_gap(line.quiet_ms)).await)
        }
        LinkSpec::Serial(spec) => {
            let stream = open::serial(spec)?;
            opened();
            Ok(serial::carry(line, stream, Timing::of(spec).with_gap(line.quiet_ms)).await)
        }
        LinkSpec::Stream(_) => Err("it carries bytes, and no transactions".to_owned()),
    }
}
