//! The horn's sound, made by programs that the console's machine has already: no library for sound is needed to build or run.
//!
//! In:  the worst priority that sounds now. Out: a command that somebody named in `console.toml`, or one of the players that
//! come with a desktop, playing a tone of ours; where there is none, the terminal's bell.
//! Start at [`Speaker::sound`].
//!
//! Invariant: what runs here is named by the person at this machine or found in its `PATH`, never by a station or a project.
//! Invariant: a player that hangs or fails costs the sound and nothing else; a silenced horn is silent at once.

use std::io::{IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use plantroom_model::{Mono, Priority};

/// Pause between the end of one tone and the next, in ms.
const PAUSE_MS: u64 = 1_500;
/// Players that are looked for, each with what stands before the file's name.
const PLAYERS: [(&str, &[&str]); 7] = [
    ("pw-play", &[]),
    ("paplay", &[]),
    ("aplay", &["-q"]),
    ("afplay", &[]),
    ("play", &["-q"]),
    ("ffplay", &["-nodisp", "-autoexit", "-loglevel", "quiet"]),
    ("mpv", &["--no-video", "--really-quiet"]),
];
/// Samples a second of our tones.
const RATE: u32 = 22_050;

/// What makes the sound.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Way {
    /// What somebody named.
    Command(Vec<String>),
    /// A player, what stands before the file, and where the tones lie.
    Player(PathBuf, &'static [&'static str], PathBuf),
    /// The terminal's bell.
    Bell,
}

/// The machine's loudspeaker.
pub struct Speaker {
    /// The best first; one that fails is left for the next.
    ways: Vec<Way>,
    playing: Option<Child>,
    ended: Option<Mono>,
}

impl Speaker {
    /// With the command that was named, or with what the machine has; tones are kept in `folder`.
    pub fn new(command: Vec<String>, folder: Option<&Path>) -> Self {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
        let mut ways = Vec::new();
        if !command.is_empty() {
            ways.push(Way::Command(command));
        } else if let Some(folder) = folder.filter(|folder| keep_tones(folder)) {
            ways.extend(players(&folders, folder));
        }
        ways.push(Way::Bell);
        Self { ways, playing: None, ended: None }
    }

    /// Sounds while `worst` is there, again and again; is silent at once when it isn't. To be called with each frame.
    pub fn sound(&mut self, now: Mono, worst: Option<Priority>) {
        let Some(priority) = worst else {
            self.stop();
            return;
        };
        if let Some(child) = &mut self.playing {
            match child.try_wait() {
                Ok(None) => return,
                Ok(Some(status)) if status.success() => {}
                _ if self.ways.len() > 1 => drop(self.ways.remove(0)),
                _ => {}
            }
            (self.playing, self.ended) = (None, Some(now));
        }
        if self.ended.is_some_and(|ended| now.since(ended) < PAUSE_MS * 1_000_000) {
            return;
        }
        self.start(now, priority);
    }

    fn start(&mut self, now: Mono, priority: Priority) {
        while let Some(way) = self.ways.first() {
            match run(way, priority) {
                Ok(child) => {
                    self.ended = child.is_none().then_some(now);
                    self.playing = child;
                    return;
                }
                Err(error) => {
                    tracing::warn!("the horn can't be played this way: {error}: {way:?}");
                    self.ways.remove(0);
                }
            }
        }
    }

    fn stop(&mut self) {
        self.ended = None;
        if let Some(mut child) = self.playing.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Drop for Speaker {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The players that a machine has, with the folder of our tones.
fn players(folders: &[PathBuf], tones: &Path) -> Vec<Way> {
    let find = |name: &str| folders.iter().map(|folder| folder.join(name)).find(|path| path.is_file());
    let each = |(name, before): &(&str, &'static [&'static str])| Some(Way::Player(find(name)?, before, tones.to_owned()));
    PLAYERS.iter().filter_map(each).collect()
}

fn run(way: &Way, priority: Priority) -> std::io::Result<Option<Child>> {
    let mut command = match way {
        Way::Command(words) => {
            let Some((program, arguments)) = words.split_first() else { return Ok(None) };
            let mut command = Command::new(program);
            command.args(arguments);
            command
        }
        Way::Player(program, before, tones) => {
            let mut command = Command::new(program);
            command.args(*before).arg(tones.join(file_of(priority)));
            command
        }
        Way::Bell => {
            let mut err = std::io::stderr();
            if err.is_terminal() {
                err.write_all(b"\x07")?;
            }
            return Ok(None);
        }
    };
    command.env("PLANTROOM_HORN", priority.word());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().map(Some)
}

fn file_of(priority: Priority) -> &'static str {
    match priority {
        Priority::Critical => "horn-critical.wav",
        Priority::High => "horn-high.wav",
        _ => "horn.wav",
    }
}

/// Writes our tones where they aren't yet.
fn keep_tones(folder: &Path) -> bool {
    let kept = |priority: Priority| {
        let path = folder.join(file_of(priority));
        let tone = tone(priority);
        let there = std::fs::metadata(&path).is_ok_and(|data| data.len() == tone.len() as u64);
        there || std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&path, tone)).is_ok()
    };
    [Priority::Critical, Priority::High, Priority::Low].into_iter().all(kept)
}

/// A tone as a WAV file: three quick high ones for critical, two for high, one low one for the rest.
fn tone(priority: Priority) -> Vec<u8> {
    let (times, hertz, tone_ms) = match priority {
        Priority::Critical => (3, 988.0, 180),
        Priority::High => (2, 784.0, 220),
        _ => (1, 523.0, 350),
    };
    let (loud, quiet) = (RATE * tone_ms / 1_000, RATE / 10);
    let mut samples: Vec<i16> = Vec::new();
    for _ in 0..times {
        samples.extend((0..loud).map(|at| {
            let time = f64::from(at) / f64::from(RATE);
            // Begins and ends within 10 ms, so that it doesn't crack.
            let edge = (f64::from(at.min(loud - at)) / (f64::from(RATE) / 100.0)).min(1.0);
            let wave =
                (time * hertz * std::f64::consts::TAU).sin() * 0.7 + (time * hertz * 2.0 * std::f64::consts::TAU).sin() * 0.2;
            (wave * edge * 24_000.0) as i16
        }));
        samples.extend(std::iter::repeat_n(0, quiet as usize));
    }
    let data: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
    let mut file = Vec::with_capacity(44 + data.len());
    file.extend(b"RIFF");
    file.extend((36 + data.len() as u32).to_le_bytes());
    file.extend(b"WAVEfmt ");
    file.extend(16_u32.to_le_bytes());
    for word in [1_u16, 1] {
        file.extend(word.to_le_bytes());
    }
    file.extend(RATE.to_le_bytes());
    file.extend((RATE * 2).to_le_bytes());
    for word in [2_u16, 16] {
        file.extend(word.to_le_bytes());
    }
    file.extend(b"data");
    file.extend((data.len() as u32).to_le_bytes());
    file.extend(data);
    file
}

#[cfg(all(test, unix))]
mod tests {
    use std::time::Duration;

    use super::*;

    fn ms(ms: u64) -> Mono {
        Mono(0).plus_ms(ms)
    }

    /// Waits until what was started has written so many lines.
    fn lines(path: &Path, wanted: usize) -> Vec<String> {
        let mut found = Vec::new();
        for _ in 0..600 {
            let text = std::fs::read_to_string(path).unwrap_or_default();
            found = text.lines().map(str::to_owned).collect();
            if found.len() >= wanted {
                break;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        found
    }

    fn over(speaker: &mut Speaker) {
        let ended = |child: &mut Child| child.wait().is_ok();
        assert!(speaker.playing.as_mut().is_none_or(ended));
    }

    #[test]
    fn what_was_named_is_run_again_and_again_with_the_priority_until_the_horn_is_silent() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("heard");
        let script = format!("echo $PLANTROOM_HORN >> {}", path.display());
        let mut speaker = Speaker::new(vec!["sh".into(), "-c".into(), script], None);
        speaker.sound(ms(0), Some(Priority::High));
        assert_eq!(lines(&path, 1), ["high"]);
        over(&mut speaker);
        speaker.sound(ms(10), Some(Priority::Critical));
        speaker.sound(ms(1_000), Some(Priority::Critical));
        assert_eq!(lines(&path, 1), ["high"], "it rests between two tones");
        speaker.sound(ms(1_600), Some(Priority::Critical));
        assert_eq!(lines(&path, 2), ["high", "critical"]);
        over(&mut speaker);
        speaker.sound(ms(1_700), None);
        speaker.sound(ms(1_800), Some(Priority::Low));
        assert_eq!(lines(&path, 3), ["high", "critical", "low"], "what is new after a silence sounds at once");
    }

    #[test]
    fn silence_ends_what_plays_on() {
        let mut speaker = Speaker::new(vec!["sleep".into(), "60".into()], None);
        speaker.sound(ms(0), Some(Priority::High));
        let id = speaker.playing.as_ref().map(Child::id).unwrap();
        speaker.sound(ms(10), None);
        assert!(speaker.playing.is_none());
        assert!(!Path::new(&format!("/proc/{id}/stat")).exists(), "it is gone");
    }

    #[test]
    fn what_cannot_be_run_or_fails_is_left_for_the_next_way() {
        let mut speaker = Speaker::new(vec!["/no/such/horn".into()], None);
        speaker.sound(ms(0), Some(Priority::High));
        assert_eq!(speaker.ways, [Way::Bell]);
        let mut speaker = Speaker::new(vec!["false".into()], None);
        speaker.sound(ms(0), Some(Priority::High));
        over(&mut speaker);
        speaker.sound(ms(10), Some(Priority::High));
        assert_eq!(speaker.ways, [Way::Bell]);
    }

    #[test]
    fn a_player_of_the_machine_gets_a_tone_that_is_a_wav_file() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("aplay"), "").unwrap();
        assert!(keep_tones(folder.path()));
        let found = players(&[folder.path().to_owned()], folder.path());
        assert_eq!(found, [Way::Player(folder.path().join("aplay"), &["-q"], folder.path().to_owned())]);
        for priority in Priority::ALL {
            let file = std::fs::read(folder.path().join(file_of(priority))).unwrap();
            let number = |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().unwrap()) as usize;
            assert_eq!((&file[..4], &file[8..16], &file[36..40]), (&b"RIFF"[..], &b"WAVEfmt "[..], &b"data"[..]));
            assert_eq!((number(4) + 8, number(40) + 44, number(24)), (file.len(), file.len(), RATE as usize));
            let loudest = file[44..].chunks(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]]).unsigned_abs()).max();
            assert!(loudest.is_some_and(|loudest| (8_000..32_000).contains(&loudest)), "{loudest:?}");
        }
    }
}
