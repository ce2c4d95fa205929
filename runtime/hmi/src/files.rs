//! Pictures, fonts, languages and the theme of a project, fetched once: by what they hold, over screens, reconnects and, where
//! there is a disk, starts of the console.
//!
//! In:  which assets a project has, and what the station answers. Out: what to ask the station for, and the assets, whole.
//! Start at [`Coming::heard`].
//!
//! Invariant: what is given out has the hash that the station named, wherever it came from.

use std::collections::HashMap;
use std::sync::Arc;

use plantroom_wire::{Asset, ContentHash, Contents, FETCHED_ASSETS, ToConsole, ToStation};

use crate::Link;

/// Where texts are kept for the next start of a console. Neither call may take long, and neither can fail: it is only a cache.
pub trait Shelf: Send {
    /// What was kept under a hash; what it holds is looked at by whoever asks.
    fn find(&self, hash: &ContentHash) -> Option<String>;
    /// Keeps a text; `now` are those of the project that is shown, which stay.
    fn keep(&mut self, hash: &ContentHash, text: &str, now: &[Asset]);
}

/// What is there, and what is still missing.
#[derive(Default)]
pub struct Files {
    /// What the shown project holds, and the one that is wanted.
    texts: HashMap<ContentHash, Arc<str>>,
    shelf: Option<Box<dyn Shelf>>,
    wanted: Vec<Asset>,
}

impl Files {
    /// With a place that outlives this console.
    #[cfg(any(test, not(target_arch = "wasm32")))]
    pub fn on(shelf: Box<dyn Shelf>) -> Self {
        Self { shelf: Some(shelf), ..Self::default() }
    }

    /// A project has these assets; gives those that the station must be asked for. Without any everything is there.
    pub fn want(&mut self, assets: Vec<Asset>) -> Vec<ContentHash> {
        self.wanted = assets;
        let mut missing: Vec<ContentHash> = Vec::new();
        for asset in &self.wanted {
            if self.texts.contains_key(&asset.hash) {
                continue;
            }
            let kept = self.shelf.as_ref().and_then(|shelf| shelf.find(&asset.hash));
            match kept.filter(|text| ContentHash::of(text) == asset.hash) {
                Some(text) => drop(self.texts.insert(asset.hash, text.into())),
                None if missing.len() < FETCHED_ASSETS && !missing.contains(&asset.hash) => missing.push(asset.hash),
                None => {}
            }
        }
        missing
    }

    /// Takes in what the station has answered. What doesn't hold what it is named after is left out.
    pub fn take(&mut self, contents: Contents) {
        for (hash, text) in contents.texts {
            if !self.wanted.iter().any(|asset| asset.hash == hash) || ContentHash::of(&text) != hash {
                tracing::warn!("the station sent something that was not asked for: {hash}");
                continue;
            }
            if let Some(shelf) = &mut self.shelf {
                shelf.keep(&hash, &text, &self.wanted);
            }
            self.texts.insert(hash, text.into());
        }
    }

    /// The wanted assets, path and text, as far as they are there; others are forgotten.
    pub fn given(&mut self) -> Vec<(String, String)> {
        let wanted = &self.wanted;
        self.texts.retain(|hash, _| wanted.iter().any(|asset| asset.hash == *hash));
        let found = wanted.iter().filter_map(|asset| Some((asset.path.clone(), self.texts.get(&asset.hash)?.to_string())));
        found.collect()
    }
}

/// What a console shows of a project: scripts, and assets beside them.
pub struct Project {
    /// Counts changes.
    pub revision: u64,
    /// Path below `screens/`, or of an asset, and text.
    pub files: Vec<(String, String)>,
    /// The first screen.
    pub home: String,
    /// Type and name.
    pub instances: Vec<(String, String)>,
    /// Tags that the station says of itself.
    pub system_tags: Vec<String>,
}

/// A project that was told of, until its assets are there too.
#[derive(Default)]
pub struct Coming {
    files: Files,
    project: Option<Project>,
    /// Questions that aren't answered yet: a project may change while one is on its way.
    open: u32,
}

impl Coming {
    /// With a place that outlives this console.
    #[cfg(not(target_arch = "wasm32"))]
    pub fn on(shelf: Box<dyn Shelf>) -> Self {
        Self { files: Files::on(shelf), ..Self::default() }
    }

    /// A new connection: what was asked on the old one isn't answered any more.
    pub fn again(&mut self) {
        (self.project, self.open) = (None, 0);
    }

    /// Takes in what the station says of a project, and asks for what isn't there; gives the project once it is whole.
    pub fn heard(&mut self, message: ToConsole, link: &mut dyn Link) -> Option<Project> {
        match message {
            ToConsole::Screens { revision, files, assets, home, instances, system_tags } => {
                let hashes = self.files.want(assets);
                self.project = Some(Project { revision, files, home, instances, system_tags });
                if !hashes.is_empty() {
                    self.open += 1;
                    link.send(&ToStation::Fetch { hashes });
                }
            }
            ToConsole::Contents(contents) => {
                self.open = self.open.saturating_sub(u32::from(contents.is_last));
                self.files.take(contents);
            }
            _ => {}
        }
        if self.open > 0 {
            return None;
        }
        let mut project = self.project.take()?;
        project.files.extend(self.files.given());
        Some(project)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asset(path: &str, text: &str) -> Asset {
        Asset { path: path.to_owned(), hash: ContentHash::of(text) }
    }

    fn answer(texts: &[&str]) -> Contents {
        Contents { texts: texts.iter().map(|text| (ContentHash::of(text), (*text).to_owned())).collect(), is_last: true }
    }

    #[test]
    fn what_was_fetched_is_not_asked_for_again() {
        let mut files = Files::default();
        let project = vec![asset("images/a.svg", "A"), asset("languages/de.toml", "B"), asset("images/same.svg", "A")];
        assert_eq!(files.want(project.clone()), [ContentHash::of("A"), ContentHash::of("B")]);
        files.take(answer(&["A", "B"]));
        let told = |path: &str, text: &str| (path.to_owned(), text.to_owned());
        let all = [told("images/a.svg", "A"), told("languages/de.toml", "B"), told("images/same.svg", "A")];
        assert_eq!(files.given(), all);
        assert_eq!(files.want(project), [], "the second time nothing is fetched");
        assert_eq!(files.given(), all);
        assert_eq!(files.want(vec![asset("images/a.svg", "A2"), asset("languages/de.toml", "B")]), [ContentHash::of("A2")]);
        files.take(answer(&["A2"]));
        assert_eq!(files.given(), [told("images/a.svg", "A2"), told("languages/de.toml", "B")]);
        assert_eq!(files.texts.len(), 2, "what the project doesn't have any more is forgotten");
    }

    #[test]
    fn what_is_not_what_it_says_is_left_out() {
        let mut files = Files::default();
        files.want(vec![asset("images/a.svg", "A")]);
        files.take(Contents { texts: vec![(ContentHash::of("A"), "forged".to_owned())], is_last: true });
        files.take(answer(&["never asked for"]));
        assert_eq!(files.given(), []);
        assert_eq!(files.texts.len(), 0);
    }

    /// A station of which only what it was asked counts.
    #[derive(Default)]
    struct Asked(Vec<Vec<ContentHash>>);

    impl Link for Asked {
        fn open(&mut self, _: Box<dyn Fn() + Send + Sync>) {}
        fn close(&mut self) {}
        fn send(&mut self, message: &ToStation) {
            if let ToStation::Fetch { hashes } = message {
                self.0.push(hashes.clone());
            }
        }
        fn poll(&mut self) -> Option<(plantroom_model::Mono, crate::LinkEvent)> {
            None
        }
        fn address(&self) -> &str {
            "nowhere"
        }
    }

    fn screens(revision: u64, assets: &[(&str, &str)]) -> ToConsole {
        ToConsole::Screens {
            revision,
            files: vec![("1_a.rhai".to_owned(), "screen".to_owned())],
            assets: assets.iter().map(|(path, text)| asset(path, text)).collect(),
            home: "1_a".to_owned(),
            instances: Vec::new(),
            system_tags: Vec::new(),
        }
    }

    #[test]
    fn a_second_connection_fetches_nothing() {
        let (mut coming, mut station) = (Coming::default(), Asked::default());
        assert!(coming.heard(screens(1, &[("theme.toml", "T")]), &mut station).is_none(), "its theme isn't there yet");
        let project = coming.heard(ToConsole::Contents(answer(&["T"])), &mut station).unwrap();
        assert_eq!(project.files.len(), 2);
        for _ in 0..3 {
            coming.again();
            let project = coming.heard(screens(1, &[("theme.toml", "T")]), &mut station).unwrap();
            assert_eq!(project.files, [("1_a.rhai".to_owned(), "screen".to_owned()), ("theme.toml".to_owned(), "T".to_owned())]);
        }
        assert_eq!(station.0, [vec![ContentHash::of("T")]], "asked once, for one thing");
    }

    #[test]
    fn a_project_that_changes_while_it_is_fetched_is_shown_as_it_is_then_and_whole() {
        let (mut coming, mut station) = (Coming::default(), Asked::default());
        assert!(coming.heard(screens(1, &[("theme.toml", "T1")]), &mut station).is_none());
        assert!(coming.heard(screens(2, &[("theme.toml", "T2")]), &mut station).is_none());
        assert!(coming.heard(ToConsole::Contents(answer(&["T1"])), &mut station).is_none(), "of the project before");
        let project = coming.heard(ToConsole::Contents(answer(&["T2"])), &mut station).unwrap();
        assert_eq!((project.revision, project.files[1].1.as_str()), (2, "T2"));
        // The connection breaks with a question open; on the next one nothing of it is waited for.
        assert!(coming.heard(screens(3, &[("theme.toml", "T3")]), &mut station).is_none());
        coming.again();
        assert!(coming.heard(screens(3, &[("theme.toml", "T2")]), &mut station).is_some());
    }

    struct Forger;

    impl Shelf for Forger {
        fn find(&self, _: &ContentHash) -> Option<String> {
            Some("forged".to_owned())
        }
        fn keep(&mut self, _: &ContentHash, _: &str, _: &[Asset]) {}
    }

    #[test]
    fn a_shelf_is_not_believed() {
        let mut files = Files::on(Box::new(Forger));
        assert_eq!(files.want(vec![asset("images/a.svg", "A")]), [ContentHash::of("A")]);
    }
}
