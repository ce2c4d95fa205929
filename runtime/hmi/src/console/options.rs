//! How a console starts, and how its next window does.

use std::sync::Arc;

use crate::appearance::Choices;
use crate::link::Credentials;

/// How a console starts.
#[derive(Clone, Default)]
pub struct ConsoleOptions {
    /// The station's live address: `ws://127.0.0.1:8600/api/v1/live`.
    pub url: String,
    /// Logs in as this user, with `password`.
    pub user: Option<String>,
    /// Goes with `user`.
    pub password: Option<String>,
    /// Logs in with this token instead.
    pub token: Option<String>,
    /// The first screen, by file name without `.rhai`; otherwise the plant's home screen.
    pub screen: Option<String>,
    /// Fills the whole display.
    pub fullscreen: bool,
    /// Width and height of the window, in points; 1600 x 900 if not said.
    pub size: Option<(f32, f32)>,
    /// Language, light or dark, touch, UI scale.
    pub choices: Choices,
    /// Opens another window of this console; without it there is no way to one.
    pub open: Option<OpenWindow>,
    /// Which of this station's windows it is; otherwise the first that nobody has.
    pub window: Option<u32>,
    /// Opens the other windows of the last time too, once somebody is logged in.
    pub windows: bool,
}

/// Opens a window of its own for a console; why it can't, in a sentence.
pub type OpenWindow = Arc<dyn Fn(&NextWindow) -> Result<(), String> + Send + Sync>;

/// The next window of a console.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct NextWindow {
    /// The screen it opens first; otherwise the one it had, or the plant's home screen.
    pub screen: Option<String>,
    /// Which window, where it is one of the last time.
    pub number: Option<u32>,
    /// Token of this window's login, to go on with it: whoever logs out of one is out of all.
    pub token: Option<String>,
}

impl ConsoleOptions {
    /// With what it logs in by itself.
    pub(super) fn credentials(&self) -> Option<Credentials> {
        match (&self.token, &self.user, &self.password) {
            (Some(token), _, _) => Some(Credentials::Token(token.clone())),
            (None, Some(user), Some(password)) => Some(Credentials::Password { user: user.clone(), password: password.clone() }),
            _ => None,
        }
    }
}
