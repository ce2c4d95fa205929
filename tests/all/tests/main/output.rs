//! Nobody takes what the program says: a reader that has gone, a disk that is full, a pager that isn't read.

use std::io::{BufRead as _, BufReader};
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};
use std::time::Duration;

use plantroom_tests::{Project, Pymodbus, Run, Station, command, eventually, wait_until, workspace};

use crate::healthy;

/// A pipe that nobody reads any more.
fn closed_pipe() -> Stdio {
    let (reader, writer) = std::io::pipe().expect("a pipe can be made");
    drop(reader);
    Stdio::from(OwnedFd::from(writer))
}

/// A disk without room.
fn full_disk() -> Stdio {
    std::fs::File::options().write(true).open("/dev/full").expect("Linux has /dev/full").into()
}

fn run(arguments: &[&str], stdout: Stdio, stderr: Stdio) -> Run {
    let output = command().args(arguments).stdout(stdout).stderr(stderr).spawn().expect("the program starts");
    let output = output.wait_with_output().expect("it ends");
    Run {
        code: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

#[test]
fn a_reader_that_has_had_enough_is_no_mistake() {
    let demo = workspace().join("screens/waterworks");
    let demo = demo.to_str().expect("a plain name");
    let broken = Project::new();
    broken.write("connections.toml", "[[connection]]\nname = \"a b\"\n");
    let verbs: [(&[&str], i32); 8] = [
        (&["check", demo, "--without-plugins"], 0),
        (&["check", demo, "--without-plugins", "--json"], 0),
        // What was found stays found, whoever reads it.
        (&["check", broken.text(), "--without-plugins"], 1),
        (&["screen", "symbols"], 0),
        (&["tag", "export", demo], 0),
        (&["--help"], 0),
        (&["tag", "list"], 2),
        (&["nonsense"], 2),
    ];
    for (arguments, code) in verbs {
        let shown = run(arguments, Stdio::piped(), Stdio::piped());
        assert_eq!(shown.code, code, "{arguments:?}: {shown:?}");
        let closed = run(arguments, closed_pipe(), Stdio::piped());
        assert_eq!((closed.code, &closed.stderr), (code, &shown.stderr), "{arguments:?} without a reader");
        let silent = run(arguments, Stdio::piped(), closed_pipe());
        assert_eq!((silent.code, &silent.stdout), (code, &shown.stdout), "{arguments:?} without a reader of errors");
        let nobody = run(arguments, closed_pipe(), closed_pipe());
        assert_eq!(nobody.code, code, "{arguments:?} without any reader");
    }
}

#[test]
fn output_that_found_no_room_is_told() {
    let demo = workspace().join("screens/waterworks");
    let verb = ["tag", "export", demo.to_str().expect("a plain name")];
    let full = run(&verb, full_disk(), Stdio::piped());
    assert_eq!(full.code, 1, "{full:?}");
    assert!(full.stderr.contains("could not be written") && !full.stderr.contains("panicked"), "{full:?}");
    assert_eq!(run(&verb, full_disk(), full_disk()).code, 1);
}

#[test]
fn a_watch_ends_with_its_reader() {
    let project = Project::new();
    project.memory("a/b", "uint", "0", "write = true");
    let station = Station::start(&project);
    let api = station.api();
    let mut child = command()
        .args(["tag", "--url", &station.url, "--token", &api.token, "watch", "a/b"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut first = String::new();
    BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut first).expect("a line");
    assert!(first.starts_with("a/b "), "{first}");
    // The reader went with the line before; the next news finds nobody.
    let mut value = 0;
    let status = eventually("the watch ends", 20.0, || {
        value += 1;
        api.write("a/b", value);
        child.try_wait().expect("a child can be asked")
    });
    assert_eq!(status.code(), Some(0));
}

/// The program, started by a shell that does this with its stderr.
fn by_shell(redirection: &str, file: &str) -> Command {
    let program = command();
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("file=$1; shift; exec \"$@\" {redirection}"), "sh", file]).arg(program.get_program());
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell.stdin(Stdio::null());
    shell
}

#[test]
fn a_log_that_nobody_takes_holds_up_nobody() {
    let device = Pymodbus::start();
    // A pipe that is open and never read, and a disk without room: each takes nothing, in its own way.
    for (what, redirection) in [("a pager that isn't read", "2<>\"$file\""), ("a full disk", "2>/dev/full")] {
        let project = Project::new();
        healthy::add_to(&project, &device);
        let pipe = project.path().join("never_read");
        let made = Command::new("mkfifo").arg(&pipe).status().expect("mkfifo runs");
        assert!(made.success());
        let shell = by_shell(redirection, pipe.to_str().expect("a plain name"));
        // Everything is logged, so that any pipe is soon full.
        let mut station = Station::start_as(shell, &project, &[], &[("PLANTROOM_LOG", "trace")]);
        let api = station.api();
        wait_until("the driver reads", 20.0, || api.tag(healthy::COUNT), |tag| tag.is_good());
        let beat = healthy::Watch::start(&station, &device);
        std::thread::sleep(Duration::from_secs(2));
        for value in 1..=10 {
            assert_eq!(api.write("line/setpoint", value).kind(), "confirmed", "{what}");
        }
        beat.must_have_kept_its_beat(20);
        assert_eq!(station.stop().code(), Some(0), "{what}");
    }
}
