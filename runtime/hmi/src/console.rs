//! The console as an application: one frame from top to bottom is [`Console::show`].

mod options;
mod painting;
mod panes;
#[cfg(not(target_arch = "wasm32"))]
mod pictures;
mod windows;

use std::time::Duration;

use egui::{Key, Modifiers, Rect, Ui};
use jiff::tz::TimeZone;
use plantroom_model::{Mono, Role, Value};
use plantroom_scene::{Action, EventId, Screens, Symbol, TagView};
use plantroom_wire::ToConsole;

use crate::alarms;
use crate::alarms::marks::Marked;
use crate::appearance::{Appearance, Choices};
use crate::chrome::{self, Frame, Layout};
use crate::commands::Commands;
use crate::desk::Desk;
use crate::dialogs::{self, Answer, Entry, LoginForm};
use crate::files::{Coming, Project};
use crate::lens::Lens;
use crate::link::{Act, Contact, Link, LinkEvent, Session};
use crate::look::Look;
use crate::menu::{self, Finder, Wish};
use crate::paint::{self, Canvas, Hit, View};
use crate::panes::Panes;
use crate::tags::{StationHealth, TagTable, usable};
use crate::trend::Recorder;
use crate::{PaintClock, fonts, stops, words};

pub use options::{ConsoleOptions, NextWindow, OpenWindow};

/// Longest pause between two frames, in ms: the clock, ages and count-downs go on.
const TICK_MS: u64 = 500;
/// Pause between a message and the frame that shows it, in ms: many messages make one frame.
const GATHER_MS: u64 = 60;

/// Makes the horn heard: the worst priority that sounds now, or silence. Called with each frame.
pub type Sounder = Box<dyn FnMut(Mono, Option<plantroom_model::Priority>)>;

/// The operator's console.
pub struct Console {
    link: Box<dyn Link>,
    clock: PaintClock,
    first: Option<String>,
    session: Session,
    tags: TagTable,
    alarms: alarms::Table,
    behind: alarms::behind::Behind,
    /// Makes the horn heard, where there is a way.
    sounder: Option<Sounder>,
    system_tags: Vec<String>,
    desk: Desk,
    coming: Coming,
    commands: Commands,
    entry: Option<Entry>,
    login: LoginForm,
    recorder: Recorder,
    panes: Panes,
    zone: TimeZone,
    in_contact: bool,
    appearance: Appearance,
    dressed: bool,
    /// Remembers what was chosen, where there is somebody who does.
    remember: Option<fn(&Choices)>,
    finder: Option<Finder>,
    showing_keys: bool,
    open: Option<OpenWindow>,
    /// Windows that open as soon as somebody is logged in.
    others: Vec<u32>,
    leaving: bool,
    /// What was shown when it was last found out which tags that takes.
    shown: Option<Shown>,
}

/// What decides which tags are shown.
#[derive(PartialEq)]
struct Shown {
    sheets: Vec<(u64, usize)>,
    panes: Vec<String>,
    recorded: u64,
    facts: u64,
    system: usize,
}

impl Console {
    /// A console over a link that isn't open yet.
    pub fn new(link: Box<dyn Link>, clock: PaintClock, options: &ConsoleOptions) -> Self {
        Self {
            link,
            clock,
            first: options.screen.clone(),
            session: Session::new(options.credentials()),
            tags: TagTable::default(),
            alarms: alarms::Table::default(),
            behind: alarms::behind::Behind::default(),
            sounder: None,
            system_tags: Vec::new(),
            desk: Desk::default(),
            coming: Coming::default(),
            commands: Commands::default(),
            entry: None,
            login: LoginForm { user: options.user.clone().unwrap_or_default(), password: String::new() },
            recorder: Recorder::default(),
            panes: Panes::default(),
            zone: TimeZone::UTC,
            in_contact: false,
            appearance: Appearance::new(options.choices.clone()),
            dressed: false,
            remember: None,
            finder: None,
            showing_keys: false,
            open: options.open.clone(),
            others: Vec::new(),
            leaving: false,
            shown: None,
        }
    }

    /// Tells `remember` what was chosen, whenever something was.
    pub fn remembering(self, remember: fn(&Choices)) -> Self {
        Self { remember: Some(remember), ..self }
    }

    /// Makes the horn heard with `sounder`.
    pub fn sounding(self, sounder: Sounder) -> Self {
        Self { sounder: Some(sounder), ..self }
    }

    /// Keeps pictures, fonts and languages for its next start too.
    #[cfg(not(target_arch = "wasm32"))]
    pub(crate) fn keeping(self, shelf: Box<dyn crate::files::Shelf>) -> Self {
        Self { coming: Coming::on(shelf), ..self }
    }

    fn choose(&mut self, choices: Choices) {
        if choices != *self.appearance.choices() {
            if let Some(remember) = self.remember {
                remember(&choices);
            }
            self.appearance.choose(choices);
        }
    }

    /// Takes over the scale that egui's own keys (Ctrl with plus, minus, 0) have set.
    fn follow_scale(&mut self, ctx: &egui::Context) {
        let now = ctx.zoom_factor();
        if (now - self.appearance.choices().scale.unwrap_or(1.0)).abs() > 0.001 {
            let scale = now.clamp(crate::SCALES.0, crate::SCALES.1);
            self.choose(Choices { scale: Some(scale), ..self.appearance.choices().clone() });
        }
    }

    fn grant(&mut self, ctx: &egui::Context, wish: Wish) {
        match wish {
            Wish::Choose(choices) => self.choose(choices),
            Wish::Whole => self.desk.main().into_iter().for_each(|main| main.lens.set(Lens::default())),
            Wish::Keys => self.showing_keys = true,
            wish @ (Wish::Window | Wish::WindowOfThis | Wish::Leave) => self.grant_window(ctx, &wish),
        }
        ctx.request_repaint();
    }

    /// One frame: hear, think, paint, act.
    pub fn show(&mut self, ui: &mut Ui) {
        if self.appearance.dress(ui.ctx()) {
            self.desk.speak(self.appearance.texts());
            self.tags.speak(self.appearance.texts());
            self.alarms.speak(self.appearance.texts());
            ui.ctx().request_repaint();
            if !std::mem::replace(&mut self.dressed, true) {
                return;
            }
        }
        self.hear(ui.ctx());
        let now = self.clock.now();
        let contact = self.session.contact(now);
        self.commands.tick(now);
        self.desk.update(&self.tags);
        self.record(now);
        self.subscribe();
        self.keys(ui.ctx());
        self.paint(ui, now, &contact);
        ui.ctx().request_repaint_after(Duration::from_millis(TICK_MS));
    }

    /// Takes in everything that the link has, without painting.
    pub fn hear(&mut self, ctx: &egui::Context) {
        let now = self.clock.now();
        let acts = self.session.tick(now);
        self.carry_out(ctx, acts);
        while let Some((at, event)) = self.link.poll() {
            let acts = self.session.heard(at, &event);
            self.carry_out(ctx, acts);
            self.take(at, event);
        }
        let in_contact = self.session.contact(now) == Contact::Live;
        if self.in_contact && !in_contact {
            self.commands.lost(now);
            self.entry = None;
        }
        self.in_contact = in_contact;
        let heard = self.alarms.horn().worst().filter(|_| !self.appearance.choices().mute);
        if let Some(sounder) = &mut self.sounder {
            sounder(now, heard);
        }
        self.tags.set_lost(!in_contact, self.session.heard_at());
        if let Some(what) = self.tags.take_rejected() {
            tracing::warn!("a batch of values from the station could not be used: {what}");
        }
    }

    fn carry_out(&mut self, ctx: &egui::Context, acts: Vec<Act>) {
        for act in acts {
            match act {
                Act::Open => {
                    let ctx = ctx.clone();
                    self.link.open(Box::new(move || ctx.request_repaint_after(Duration::from_millis(GATHER_MS))));
                }
                Act::Close => self.link.close(),
                Act::Send(message) => self.link.send(&message),
            }
        }
    }

    fn take(&mut self, at: Mono, event: LinkEvent) {
        let LinkEvent::Message(message) = event else { return };
        match message {
            ToConsole::Welcome { time_zone, .. } => {
                self.zone = words::zone(&time_zone);
                let message = self.tags.reconnected();
                self.link.send(&message);
                self.coming.again();
                self.open_others();
            }
            message @ (ToConsole::Screens { .. } | ToConsole::Contents(_)) => {
                if let Some(project) = self.coming.heard(message, &mut *self.link) {
                    self.take_project(project);
                }
            }
            ToConsole::Tags { generation, infos } => self.tags.facts(generation, infos),
            ToConsole::Values { generation, columns } => self.tags.values(generation, &columns),
            ToConsole::Outcome { request, outcome } => {
                if let Some(next) = self.commands.answered(at, request, &outcome) {
                    self.link.send(&next);
                }
                self.panes.again();
            }
            message @ (ToConsole::Why { .. } | ToConsole::Reply { .. }) => self.panes.heard(message),
            ToConsole::Alarms(batch) => self.alarms.take(*batch, self.session.station_time(at)),
            ToConsole::Denied { .. } | ToConsole::Heartbeat { .. } => {}
        }
    }

    fn take_project(&mut self, project: Project) {
        self.system_tags = project.system_tags;
        self.shown = None;
        let first = self.first.clone().unwrap_or(project.home);
        self.appearance.take_files(&project.files);
        let screens = Screens::new(&project.files, &project.instances).in_language(self.appearance.texts());
        self.desk.take_files(project.revision, screens, &first);
    }

    /// Tells the station which tags are shown or drawn by a remembered trend, when that has changed.
    fn subscribe(&mut self) {
        if !self.session.is_logged_in() {
            return;
        }
        // Finding out what ten thousand objects show costs more than painting those of them that have changed.
        let sheets = self.desk.main().into_iter().chain(self.desk.faceplates());
        let shown = Shown {
            sheets: sheets.map(|sheet| (sheet.serial, sheet.scene.tags().len())).collect(),
            panes: self.panes.tags().map(str::to_owned).collect(),
            recorded: self.recorder.revision(),
            facts: self.tags.info_revision(),
            system: self.system_tags.len(),
        };
        if self.shown.as_ref() == Some(&shown) {
            return;
        }
        self.shown = Some(shown);
        let mut wanted = self.desk.tags();
        wanted.extend(self.system_tags.iter().cloned());
        wanted.extend(self.recorder.tags().map(str::to_owned));
        wanted.extend(self.panes.tags().map(str::to_owned));
        wanted.extend(self.tags.judges(&wanted));
        if let Some(message) = self.tags.subscribe(wanted) {
            self.link.send(&message);
        }
    }

    /// Notes what the pens of trends show now: of those on the screen, and of those that were there before.
    fn record(&mut self, now: Mono) {
        let Some(utc) = self.session.station_time(now) else { return };
        for sheet in self.desk.main().into_iter().chain(self.desk.faceplates()) {
            for object in sheet.scene.objects() {
                let Symbol::Trend(trend) = &object.symbol else { continue };
                for tag in trend.pens.iter().filter_map(|pen| pen.tag()) {
                    self.recorder.record(tag, trend.span_ms, utc, usable(&self.tags, tag));
                }
            }
        }
        if let Some((tag, span_ms)) = self.panes.alarm_pen() {
            self.recorder.record(tag, span_ms, utc, usable(&self.tags, tag));
        }
        self.recorder.record_rest(utc, |tag| usable(&self.tags, tag));
    }

    fn keys(&mut self, ctx: &egui::Context) {
        stops::follow(ctx);
        let pressed = |modifiers, key| ctx.input_mut(|input| input.consume_key(modifiers, key));
        if pressed(Modifiers::NONE, Key::F5) {
            self.desk.reopen();
        }
        if pressed(Modifiers::NONE, Key::F1) {
            self.showing_keys = !self.showing_keys;
        }
        let typing = ctx.text_edit_focused();
        if pressed(Modifiers::COMMAND, Key::K) || !typing && pressed(Modifiers::NONE, Key::Slash) {
            self.finder = Some(Finder::new(self.desk.goals()));
        }
        if self.finder.is_some() || self.showing_keys {
            return;
        }
        if pressed(Modifiers::ALT, Key::ArrowLeft) {
            self.desk.go_back();
        }
        self.window_keys(ctx);
        if pressed(Modifiers::NONE, Key::F11) {
            let full = ctx.input(|input| input.viewport().fullscreen.unwrap_or(false));
            ctx.send_viewport_cmd(egui::ViewportCommand::Fullscreen(!full));
        }
        self.panes.keys(ctx);
        if pressed(Modifiers::NONE, Key::F12) {
            self.alarms.silence();
        }
        let busy = self.entry.is_some() || self.commands.question(self.clock.now()).is_some();
        if !busy && !paint::layers::escape(ctx) && pressed(Modifiers::NONE, Key::Escape) && !self.panes.close_newest() {
            self.desk.close_newest();
        }
    }

    /// Why nothing can be commanded now, if nothing can.
    fn blocked(&self, contact: &Contact) -> Option<&'static str> {
        let role = self.session.welcome().map(|welcome| welcome.role);
        match (contact, role) {
            (Contact::Live, Some(Role::View)) => Some("You may look, and not operate. Log in as another user to operate."),
            (Contact::Live, _) => None,
            _ => Some("No contact with the station: commands are off."),
        }
    }

    fn act(&mut self, now: Mono, serial: u64, hit: Hit) {
        match hit {
            Hit::Fire { event, value, rect } => self.fire(now, serial, event, value, rect),
            Hit::Enter { event, reading, name, rect } => {
                self.commands.cancel();
                self.entry = Some(Entry::new(serial, event, reading, name, rect));
            }
            Hit::Alarm(name) => self.panes.show_alarm(&name),
            Hit::Jump(name) => self.jump(&name),
            Hit::Alarms(of) => self.alarms_pressed(of),
        }
    }

    /// Asks the scene what a press means, and carries that out; requests wait for the second step.
    fn fire(&mut self, now: Mono, serial: u64, event: EventId, value: Option<Value>, rect: Rect) {
        let Some(sheet) = self.desk.sheet(serial) else { return };
        let actions = match sheet.scene.fire(event, value, &self.tags) {
            Ok(actions) => actions,
            Err(error) => return self.commands.refuse(now, "The screen's script", &error.to_string()),
        };
        let mut writes = Vec::new();
        let mut prompt = None;
        for action in actions {
            match action {
                Action::Request { tag, value, prompt: question } => match self.write(&tag, &value) {
                    Ok(write) => {
                        prompt.get_or_insert(question);
                        writes.push(write);
                    }
                    Err(why) => return self.commands.refuse(now, &tag, &why),
                },
                Action::Open { screen, params } => self.desk.go(&screen, params),
                Action::Faceplate { part, params } => self.desk.open_faceplate(&part, params),
                Action::Close => self.desk.close(serial),
            }
        }
        let Some(prompt) = prompt else { return };
        if let Some(why) = self.blocked(&self.session.contact(now)) {
            return self.commands.refuse(now, &prompt, why);
        }
        self.entry = None;
        self.commands.ask(now, &prompt, writes, rect);
    }

    fn dialogs(&mut self, ctx: &egui::Context, now: Mono, contact: &Contact, layout: &Layout) {
        match contact {
            Contact::AskLogin(why) => {
                let answer = dialogs::login(ctx, &mut self.login, why.as_deref(), self.link.address());
                if let Answer::Go((user, password)) = answer {
                    let acts = self.session.log_in_as(now, &user, &password);
                    self.carry_out(ctx, acts);
                }
                return;
            }
            Contact::Connecting(why) => {
                dialogs::waiting(ctx, &Look::of(ctx).fill("Connecting to {}", &[self.link.address()]), why.as_deref())
            }
            Contact::LoggingIn => dialogs::waiting(ctx, Look::of(ctx).say("Logging in"), None),
            Contact::Live | Contact::Lost { .. } => {}
        }
        if let Some(error) = self.desk.error()
            && dialogs::script_error(ctx, error, self.desk.main().is_some(), layout.body.top())
        {
            self.desk.hide_error();
        }
        match dialogs::question(ctx, &mut self.commands, now) {
            Answer::Go(()) => {
                for message in self.commands.confirm(now) {
                    self.link.send(&message);
                }
            }
            Answer::Cancel => self.commands.cancel(),
            Answer::Waiting => {}
        }
        if let Some(mut entry) = self.entry.take() {
            match dialogs::entry(ctx, &mut entry) {
                Answer::Go(number) => {
                    let Entry { sheet, event, beside, .. } = entry;
                    self.fire(now, sheet, event, Some(Value::Float(number)), beside);
                }
                Answer::Cancel => {}
                Answer::Waiting => self.entry = Some(entry),
            }
        }
        if self.showing_keys && menu::keys(ctx) {
            self.showing_keys = false;
        }
        let marked = Marked { table: &self.alarms, behind: &self.behind, now: self.session.station_time(now) };
        if let Some(went) = self.finder.as_mut().and_then(|finder| finder.show(ctx, marked)) {
            self.finder = None;
            if let Some(screen) = went {
                self.desk.go(&screen, plantroom_scene::Params::new());
            }
        }
        if let Some(request) = dialogs::outcomes(ctx, &self.commands, layout.footer.height()) {
            self.commands.dismiss(request);
        }
    }

    fn log_out(&mut self, ctx: &egui::Context, now: Mono) {
        let acts = self.session.log_out(now);
        self.carry_out(ctx, acts);
        self.commands = Commands::default();
        self.entry = None;
        self.desk.clear();
        self.tags.clear();
        self.alarms.clear();
        self.shown = None;
        self.system_tags.clear();
        self.recorder = Recorder::default();
        self.panes.clear();
        self.login = LoginForm::default();
    }
}

impl eframe::App for Console {
    fn logic(&mut self, ctx: &egui::Context, _: &mut eframe::Frame) {
        // While the window is hidden nothing is painted, and the link still has to be heard.
        self.hear(ctx);
    }

    fn ui(&mut self, ui: &mut Ui, frame: &mut eframe::Frame) {
        if !self.dressed {
            paint::Card::found(frame.gl().map(|gl| &**gl)).use_for(ui.ctx());
        }
        self.show(ui);
    }
}
