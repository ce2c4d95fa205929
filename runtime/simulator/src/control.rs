//! Failures asked for by another process on this machine, while the field runs: one line in, an answer out.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpListener;

use crate::load::{self, LoadError};
use crate::process::MEND;
use crate::simulator::Field;

/// Longest request, in bytes; what is longer is refused.
const REQUEST_BYTES: u64 = 512;
/// How long a request may take, so that nobody holds the door.
const PATIENCE: Duration = Duration::from_secs(5);
/// Longest answer that is read, in bytes.
const ANSWER_BYTES: u64 = 1 << 20;

/// Answers one request after the other.
pub(crate) async fn serve(field: Arc<Field>, listener: TcpListener) {
    loop {
        let Ok((mut stream, _)) = listener.accept().await else {
            tokio::time::sleep(Duration::from_millis(200)).await;
            continue;
        };
        let answering = async {
            let (read, mut write) = stream.split();
            let mut line = String::new();
            let mut limited = BufReader::new(read.take(REQUEST_BYTES));
            if limited.read_line(&mut line).await.is_ok() {
                let _ = write.write_all(answer(&field, &line).as_bytes()).await;
            }
        };
        // Who is too slow asks again.
        let _ = tokio::time::timeout(PATIENCE, answering).await;
    }
}

/// `fail NAME KIND`, `list`, `upset NAME`, or `upsets`.
fn answer(field: &Field, line: &str) -> String {
    let words: Vec<&str> = line.split_whitespace().collect();
    match words[..] {
        ["list"] => {
            let failing: Vec<String> = field
                .failures()
                .iter()
                .filter_map(|point| {
                    let kind = point.now?;
                    let what = point.kinds.iter().find(|(word, _)| *word == kind).map_or("", |(_, what)| what);
                    Some(format!("{}={kind}: {what}\n", point.name))
                })
                .collect();
            format!("ok {}\n{}", failing.len(), failing.concat())
        }
        ["fail", name, kind] => match field.fail(name, kind) {
            Ok(()) if kind == MEND => format!("ok `{name}` is as it should be\n"),
            Ok(()) => format!("ok `{name}` fails: {kind}\n"),
            Err(error) => format!("error {error}\n"),
        },
        ["upset", name] => match field.upset(name) {
            Ok(()) if name == MEND => "ok no upset plays, and what they broke is mended\n".to_owned(),
            Ok(()) => format!("ok the upset `{name}` begins\n"),
            Err(words) => format!("error {words}\n"),
        },
        ["upsets"] => {
            let all = field.upsets();
            let lines: Vec<String> = all
                .iter()
                .map(|(upset, told)| format!("{}{}: {}\n", upset.name, if *told { " (told)" } else { "" }, upset.words))
                .collect();
            format!("ok {}\n{}", lines.len(), lines.concat())
        }
        _ => "error this is none of `fail NAME KIND`, `list`, `upset NAME`, `upsets`\n".to_owned(),
    }
}

/// Where the running simulation of a project is asked; `None` when its file names no such place.
///
/// # Errors
/// Every mistake in its file.
pub fn control_address(folder: &Path) -> Result<Option<SocketAddr>, LoadError> {
    load::load(folder).map(|loaded| loaded.control)
}

/// Asks a running simulation; gives its words, or why it wouldn't.
///
/// # Errors
/// When nobody answers there.
pub fn ask(address: SocketAddr, request: &str) -> std::io::Result<Result<String, String>> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(format!("{request}\n").as_bytes())?;
    let mut told = String::new();
    stream.take(ANSWER_BYTES).read_to_string(&mut told)?;
    let told = told.trim_end();
    Ok(match told.split_once(' ') {
        Some(("ok", words)) => Ok(words.to_owned()),
        Some(("error", words)) => Err(words.to_owned()),
        _ => Err(format!("something else answers at {address}")),
    })
}
