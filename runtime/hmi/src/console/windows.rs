//! Other windows of this console, each a process of its own.

use egui::{Context, Key, Modifiers};

use super::{Console, NextWindow};
use crate::menu::Wish;

impl Console {
    /// Opens these windows of the last time as soon as somebody is logged in.
    pub fn with_others(self, others: Vec<u32>) -> Self {
        Self { others, ..self }
    }

    /// The open screen, by its file name without `.rhai`.
    pub fn screen(&self) -> Option<&str> {
        self.desk.main().map(|main| main.name.as_str())
    }

    /// Whether this window is to be closed and forgotten.
    pub fn is_leaving(&self) -> bool {
        self.leaving
    }

    /// The newest alarm for which somebody has silenced the horn in this window.
    pub fn horn_silenced(&self) -> Option<u64> {
        self.alarms.horn().silenced()
    }

    /// Somebody has silenced the horn in another window, for this alarm.
    pub fn silence_horn_for(&mut self, newest: u64) {
        self.alarms.silenced_elsewhere(newest);
    }

    /// Opens another window; where that fails, says why.
    fn open_window(&mut self, screen: Option<String>, number: Option<u32>) {
        let Some(open) = self.open.clone() else { return };
        let token = self.session.token().map(str::to_owned);
        if let Err(why) = open(&NextWindow { screen, number, token }) {
            self.commands.refuse(self.clock.now(), "New window", &why);
        }
    }

    /// Closes this window for good.
    fn leave(&mut self, ctx: &Context) {
        self.leaving = true;
        ctx.send_viewport_cmd(egui::ViewportCommand::Close);
    }

    /// What the menu asked for.
    pub(super) fn grant_window(&mut self, ctx: &Context, wish: &Wish) {
        match wish {
            Wish::Window => self.open_window(None, None),
            Wish::WindowOfThis => self.open_window(self.screen().map(str::to_owned), None),
            _ => self.leave(ctx),
        }
    }

    /// Ctrl+N, Ctrl+Shift+N, Ctrl+W.
    pub(super) fn window_keys(&mut self, ctx: &Context) {
        if self.open.is_none() {
            return;
        }
        let pressed = |modifiers, key| ctx.input_mut(|input| input.consume_key(modifiers, key));
        if pressed(Modifiers::COMMAND | Modifiers::SHIFT, Key::N) {
            self.grant_window(ctx, &Wish::WindowOfThis);
        } else if pressed(Modifiers::COMMAND, Key::N) {
            self.grant_window(ctx, &Wish::Window);
        } else if pressed(Modifiers::COMMAND, Key::W) {
            self.grant_window(ctx, &Wish::Leave);
        }
    }

    /// Opens the other windows of the last time, with the login that has just succeeded.
    pub(super) fn open_others(&mut self) {
        for number in std::mem::take(&mut self.others) {
            self.open_window(None, Some(number));
        }
    }
}
