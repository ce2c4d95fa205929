//! Several windows of one console on several monitors: each is a process of its own, and each remembers its place.
//!
//! In:  which station, which window of it, and where the operating system says that window is.
//! Out: one small file a window, below `windows` in the person's own settings folder.
//! Start at [`Slot::take`].
//!
//! A window holds its file locked while it is open; so the next one takes the next number, and no two write to one file.
//! What a file says costs nothing but a place on a screen where it can't be read or written.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use egui::{Pos2, Vec2, ViewportInfo, pos2, vec2};
use plantroom_model::Mono;

/// Windows of one station, at most.
pub const WINDOWS: u32 = 16;
/// Pause between two looks at where the window is, in ms: while it is dragged it isn't written each time.
const LOOK_MS: u64 = 1_000;
/// Smallest window that is remembered, in points.
const SMALLEST: f32 = 200.0;

/// Where a window is, and what it shows.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Place {
    /// The screen, by its file name without `.rhai`.
    pub screen: Option<String>,
    /// Upper left corner and size, in points. Some systems (Wayland) don't tell the corner.
    pub position: Option<Pos2>,
    /// Width and height of what is inside the frame, in points.
    pub size: Option<Vec2>,
    /// Fills its whole display.
    pub fullscreen: bool,
}

impl Place {
    /// What the operating system says; of a window that fills its display, or is minimised, the size before is kept.
    fn seen(&self, info: &ViewportInfo, screen: Option<String>) -> Self {
        let fullscreen = info.fullscreen.unwrap_or(false);
        let mut place = Self { screen: screen.or_else(|| self.screen.clone()), fullscreen, ..self.clone() };
        if info.minimized == Some(true) {
            return place;
        }
        let round = |at: f32| at.round();
        place.position = info.outer_rect.map(|outer| pos2(round(outer.left()), round(outer.top()))).or(self.position);
        if !fullscreen && let Some(inner) = info.inner_rect.filter(|inner| inner.width() >= SMALLEST) {
            place.size = Some(vec2(round(inner.width()), round(inner.height())));
        }
        place
    }

    fn read(text: &str) -> Self {
        let table: toml::Table = text.parse().unwrap_or_default();
        let number = |key: &str| {
            let value = table.get(key)?;
            let number = value.as_float().or_else(|| value.as_integer().map(|whole| whole as f64))? as f32;
            (number.abs() < 100_000.0).then_some(number)
        };
        let pair = |one: &str, other: &str| Some((number(one)?, number(other)?));
        Self {
            screen: table.get("screen").and_then(toml::Value::as_str).map(str::to_owned),
            position: pair("x", "y").map(|(x, y)| pos2(x, y)),
            size: pair("width", "height").filter(|(w, h)| *w >= SMALLEST && *h >= SMALLEST).map(|(w, h)| vec2(w, h)),
            fullscreen: table.get("fullscreen").and_then(toml::Value::as_bool).unwrap_or(false),
        }
    }

    fn written(&self, station: &str) -> String {
        let mut table = toml::Table::new();
        table.insert("station".to_owned(), station.into());
        if let Some(screen) = &self.screen {
            table.insert("screen".to_owned(), screen.clone().into());
        }
        let numbers = [
            ("x", self.position.map(|at| at.x)),
            ("y", self.position.map(|at| at.y)),
            ("width", self.size.map(|size| size.x)),
            ("height", self.size.map(|size| size.y)),
        ];
        for (key, number) in numbers {
            if let Some(number) = number {
                table.insert(key.to_owned(), f64::from(number).into());
            }
        }
        if self.fullscreen {
            table.insert("fullscreen".to_owned(), true.into());
        }
        table.to_string()
    }
}

/// One window's file, which is this window's as long as it is open.
pub struct Slot {
    number: u32,
    path: PathBuf,
    file: File,
    station: String,
    place: Place,
    /// Where it was in the last frame, if that isn't written yet.
    seen: Option<Place>,
    looked_at: Option<Mono>,
    /// It has the lowest number of the windows that are open.
    leads: bool,
    /// The newest alarm for which another window's horn was silenced.
    silenced: Option<u64>,
}

impl Slot {
    /// Takes a window of a station: this one, or the first that nobody has. Nothing where there is no settings folder, or
    /// every one is taken.
    pub fn take(settings: Option<&Path>, station: &str, wanted: Option<u32>) -> Option<Self> {
        let folder = folder(settings?, station);
        std::fs::create_dir_all(&folder).ok()?;
        let mut numbers = wanted.map_or(1..=WINDOWS, |number| number..=number);
        let mut slot = numbers.find_map(|number| Self::lock(&folder, station, number))?;
        slot.leads = slot.is_lowest();
        if slot.leads {
            // What was silenced on another day says nothing of the alarms of this one.
            let _ = std::fs::remove_file(slot.horn_path());
        }
        Some(slot)
    }

    /// Whether nobody has a window with a lower number.
    fn is_lowest(&self) -> bool {
        let Some(folder) = self.path.parent() else { return true };
        let is_open =
            |number: &u32| folder.join(format!("{number}.toml")).exists() && Self::lock(folder, &self.station, *number).is_none();
        !(1..self.number).any(|number| is_open(&number))
    }

    fn horn_path(&self) -> PathBuf {
        self.path.with_file_name("horn")
    }

    /// Whether this is the window whose horn is heard: the one with the lowest number, so that several don't play at once.
    pub fn leads(&self) -> bool {
        self.leads
    }

    /// The newest alarm for which the horn was silenced in one of the windows, as far as that was looked at.
    pub fn silenced(&self) -> Option<u64> {
        self.silenced
    }

    /// The horn of this window was silenced, and so is that of the others.
    pub fn silence(&mut self, newest: u64) {
        // Numbers grow over the whole station: an older one has been heard by everybody.
        if self.silenced.is_some_and(|known| known >= newest) {
            return;
        }
        self.silenced = Some(newest);
        if let Err(error) = std::fs::write(self.horn_path(), newest.to_string()) {
            tracing::warn!("the other windows' horn can't be silenced from here: {error}: {}", self.horn_path().display());
        }
    }

    fn lock(folder: &Path, station: &str, number: u32) -> Option<Self> {
        let path = folder.join(format!("{number}.toml"));
        let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path).ok()?;
        file.try_lock().ok()?;
        let mut text = String::new();
        let _ = file.read_to_string(&mut text);
        Some(Self {
            number,
            path,
            file,
            station: station.to_owned(),
            place: Place::read(&text),
            seen: None,
            looked_at: None,
            leads: true,
            silenced: None,
        })
    }

    /// The other windows of this station that were there the last time and aren't open now.
    pub fn others(&self) -> Vec<u32> {
        let Some(folder) = self.path.parent() else { return Vec::new() };
        let is_there = |number: &u32| {
            *number != self.number
                && std::fs::metadata(folder.join(format!("{number}.toml"))).is_ok_and(|data| data.len() > 0)
                && Self::lock(folder, &self.station, *number).is_some()
        };
        (1..=WINDOWS).filter(is_there).collect()
    }

    /// Where it was.
    pub fn place(&self) -> &Place {
        &self.place
    }

    /// Looks where the window is, and remembers that now and then; what was seen last when it is closed.
    pub fn look(&mut self, now: Mono, info: &ViewportInfo, screen: Option<String>) {
        let Some(last) = self.looked_at else {
            // The first frames of a window come before it is where it shall be.
            self.looked_at = Some(now);
            return;
        };
        let place = self.place.seen(info, screen);
        self.seen = (place != self.place).then_some(place);
        if now.since(last) >= LOOK_MS * 1_000_000 {
            self.looked_at = Some(now);
            self.keep();
            self.leads = self.is_lowest();
            let told = std::fs::read_to_string(self.horn_path()).ok();
            self.silenced = told.and_then(|told| told.trim().parse().ok()).or(self.silenced);
        }
    }

    fn keep(&mut self) {
        let Some(place) = self.seen.take() else { return };
        self.place = place;
        let text = self.place.written(&self.station);
        if let Err(error) = self.write(&text) {
            tracing::warn!("this window's place can't be kept: {error}: {}", self.path.display());
        }
    }

    /// Forgets this window: it doesn't come back by itself.
    pub fn forget(&mut self) {
        let _ = self.write("");
        (self.looked_at, self.seen) = (None, None);
    }

    fn write(&mut self, text: &str) -> std::io::Result<()> {
        self.file.rewind()?;
        self.file.write_all(text.as_bytes())?;
        self.file.set_len(text.len() as u64)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.keep();
    }
}

/// The folder of a station: its address, with what file names don't take made plain.
fn folder(settings: &Path, station: &str) -> PathBuf {
    let plain = |letter: char| if letter.is_ascii_alphanumeric() || letter == '.' { letter } else { '_' };
    let name: String = station.chars().map(plain).take(120).collect();
    settings.join("windows").join(name.trim_start_matches('.'))
}

#[cfg(test)]
mod tests {
    use egui::Rect;

    use super::*;

    fn info(x: f32, width: f32) -> ViewportInfo {
        ViewportInfo {
            outer_rect: Some(Rect::from_min_size(pos2(x, 10.0), vec2(width + 4.0, 630.0))),
            inner_rect: Some(Rect::from_min_size(pos2(x + 2.0, 38.0), vec2(width, 600.0))),
            ..ViewportInfo::default()
        }
    }

    fn s(seconds: u64) -> Mono {
        Mono(0).plus_ms(seconds * 1_000)
    }

    #[test]
    fn a_window_comes_back_where_it_was_with_its_screen() {
        let folder = tempfile::tempdir().unwrap();
        let mut slot = Slot::take(Some(folder.path()), "ws://a:1/live", None).unwrap();
        slot.look(s(1), &info(0.0, 800.0), Some("1_overview".into()));
        slot.look(s(3), &info(1_920.0, 800.0), Some("2_intake".into()));
        let full = ViewportInfo { fullscreen: Some(true), ..info(1_920.0, 1_600.0) };
        slot.look(s(5), &full, None);
        drop(slot);
        let slot = Slot::take(Some(folder.path()), "ws://a:1/live", None).unwrap();
        let wanted = Place {
            screen: Some("2_intake".into()),
            position: Some(pos2(1_920.0, 10.0)),
            size: Some(vec2(800.0, 600.0)),
            fullscreen: true,
        };
        assert_eq!(slot.place(), &wanted);
        assert_eq!(Slot::take(Some(folder.path()), "ws://b:1/live", None).unwrap().place(), &Place::default());
    }

    #[test]
    fn open_windows_have_different_numbers_and_closed_ones_are_the_others_unless_forgotten() {
        let folder = tempfile::tempdir().unwrap();
        let take = |wanted| Slot::take(Some(folder.path()), "ws://a:1/live", wanted);
        let mut three: Vec<Slot> = (0..3).map(|_| take(None).unwrap()).collect();
        assert_eq!(three.iter().map(|slot| slot.number).collect::<Vec<_>>(), [1, 2, 3]);
        assert!(take(Some(2)).is_none(), "somebody has it");
        for slot in &mut three {
            slot.look(s(1), &info(0.0, 800.0), None);
            slot.look(s(3), &info(1.0, 900.0), None);
        }
        assert!(three[0].others().is_empty(), "all of them are open");
        three[1].forget();
        three.truncate(1);
        assert_eq!(three[0].others(), [3], "2 was forgotten");
    }

    #[test]
    fn a_window_that_is_moved_right_before_it_is_closed_comes_back_there() {
        let folder = tempfile::tempdir().unwrap();
        let take = || Slot::take(Some(folder.path()), "ws://a:1/live", None).unwrap();
        let mut slot = take();
        slot.look(s(1), &info(0.0, 800.0), None);
        slot.look(s(3), &info(10.0, 800.0), None);
        slot.look(Mono(s(3).0 + 5_000_000), &info(640.0, 800.0), None);
        drop(slot);
        assert_eq!(take().place().position, Some(pos2(640.0, 10.0)));
        let mut slot = take();
        slot.look(s(1), &info(0.0, 800.0), None);
        slot.look(s(3), &info(20.0, 800.0), None);
        slot.forget();
        drop(slot);
        assert_eq!(take().place(), &Place::default(), "what is forgotten isn't written again");
    }

    #[test]
    fn one_window_is_heard_and_a_horn_that_is_silenced_in_one_is_silenced_in_all() {
        let folder = tempfile::tempdir().unwrap();
        let take = || Slot::take(Some(folder.path()), "ws://a:1/live", None).unwrap();
        let (mut first, mut second) = (take(), take());
        assert_eq!((first.leads(), second.leads()), (true, false));
        second.silence(7);
        for at in [1, 3] {
            first.look(s(at), &info(0.0, 800.0), None);
        }
        assert_eq!(first.silenced(), Some(7));
        drop(first);
        for at in [1, 3] {
            second.look(s(at), &info(0.0, 800.0), None);
        }
        assert!(second.leads(), "the first one is closed");
        drop(second);
        assert_eq!(take().silenced(), None, "on another day nothing is silenced");
    }

    #[test]
    fn a_broken_file_costs_the_place_and_nothing_else() {
        let cases = ["no toml [", "screen = 7\nx = \"a\"\n", "x = 1e30\ny = 2\n", "width = 3\nheight = -1\n", "\u{0}"];
        for text in cases {
            assert_eq!(Place::read(text), Place::default(), "{text:?}");
        }
        let place = Place::read("x = 5\ny = 6.5\nscreen = \"a\"\n");
        assert_eq!((place.position, place.screen.as_deref()), (Some(pos2(5.0, 6.5)), Some("a")));
        assert_eq!(Place::read(&place.written("ws://a")), place);
    }
}
