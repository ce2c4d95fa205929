//! Scenes as text, for tests, for `screen check` and for reading a difference.

use std::fmt::Write as _;

use crate::{Machine, Object, Reading, Scene, Symbol, Table};

impl Scene {
    /// One line an object, in the order of painting, with the current values. Stable: made for comparing.
    pub fn to_text(&self) -> String {
        let header = &self.header;
        let mut text = format!("{} `{}` level {}", header.title, header.name, header.level);
        if let Some(parent) = &header.parent {
            let _ = write!(text, " below {parent}");
        }
        let _ = writeln!(text, ", {} x {}", header.size.0, header.size.1);
        for object in &self.objects {
            let _ = writeln!(text, "{}", line(object));
        }
        text
    }
}

fn line(object: &Object) -> String {
    let rect = object.rect;
    let mut line = format!("{} {},{} {}x{}", object.symbol.word(), rect.x, rect.y, rect.w, rect.h);
    if !object.visible.get() {
        line.push_str(" hidden");
    }
    line.push_str(&symbol(&object.symbol));
    if let Some(layer) = object.layer {
        let _ = write!(line, " [in {}/{}]", layer.of.0, layer.page);
    }
    if object.click.is_some() {
        line.push_str(" [click]");
    }
    if let Some(error) = &object.error {
        let _ = write!(line, " ERROR {error}");
    }
    line
}

/// ` name=value unit (U) H`; nothing for what isn't present.
fn reading(name: &str, reading: &Reading) -> String {
    if !reading.is_present() {
        return String::new();
    }
    let mut text = format!(" {name}={}", reading.text());
    if !reading.facts.unit.is_empty() {
        let _ = write!(text, " {}", reading.facts.unit);
    }
    if !reading.is_known() {
        text.push_str(" (no such tag)");
    } else if !reading.is_good() {
        let _ = write!(text, " ({} {})", reading.quality_letter(), reading.status);
    }
    if let Some(mark) = reading.limit_mark() {
        let _ = write!(text, " {}", mark.letters());
    }
    text
}

fn quoted(label: &str) -> String {
    if label.is_empty() { String::new() } else { format!(" \"{label}\"") }
}

fn machine(machine: &Machine) -> String {
    let mut text = quoted(machine.label.get());
    for (name, value) in [("running", &machine.running), ("state", &machine.state)] {
        text.push_str(&reading(name, value));
    }
    text.push_str(&reading("value", &machine.value));
    for (word, flag) in [("FAULT", &machine.fault), ("MANUAL", &machine.manual)] {
        if flag.is_present() && flag.is_on() == Some(true) {
            let _ = write!(text, " {word}");
        }
    }
    text
}

/// Titles, then one line a row in the order in which it is sorted at first.
fn table(table: &Table) -> String {
    let titles: Vec<_> = table.columns.iter().map(|column| column.title.as_str()).collect();
    let mut text = format!("{} {} | {}", quoted(table.label.get()), table.names, titles.join(" | "));
    for place in table.order(table.sort) {
        let Some(row) = table.rows.get(place as usize) else { continue };
        let cells: Vec<_> = row.cells.iter().zip(titles.iter()).map(|(cell, title)| reading(title, cell)).collect();
        let _ = write!(text, "\n  {}{}", row.name, cells.concat());
    }
    text
}

/// The word for yes, no or not known; nothing where it isn't asked.
fn three<'a>(asked: &Reading, is_so: Option<bool>, words: [&'a str; 3]) -> &'a str {
    match is_so {
        _ if !asked.is_present() => "",
        Some(true) => words[0],
        Some(false) => words[1],
        None => words[2],
    }
}

fn alarms_of(of: &crate::AlarmsOf) -> String {
    let parts = [("area", &of.area), ("instance", &of.instance), ("screen", &of.screen)];
    parts.into_iter().filter(|(_, name)| !name.is_empty()).map(|(word, name)| format!(" {word}={name}")).collect()
}

fn symbol(symbol: &Symbol) -> String {
    match symbol {
        Symbol::Tank(tank) => quoted(tank.label.get()) + reading("level", &tank.level).as_str(),
        Symbol::Machine(own) => machine(own),
        Symbol::Bus(bus) => {
            let live = three(&bus.live, bus.is_live(), [" live", " dead", " unknown"]);
            format!("{} {} corners{live}", quoted(bus.label.get()), bus.points.len())
        }
        Symbol::Instrument(own) => format!(" {} {}{}", own.letters, own.number, reading("value", &own.reading)),
        Symbol::Gauge(gauge) => {
            quoted(gauge.label.get()) + reading("value", &gauge.reading).as_str() + reading("setpoint", &gauge.setpoint).as_str()
        }
        Symbol::Table(own) => table(own),
        Symbol::AlarmBanner(banner) => {
            quoted(banner.label.get())
                + alarms_of(&banner.of).as_str()
                + banner.readings.iter().map(|own| reading("watches", own)).collect::<String>().as_str()
        }
        Symbol::Alarms(own) => quoted(own.label.get()) + alarms_of(&own.of).as_str(),
        Symbol::Permissives(own) => {
            format!("{}{} {}", quoted(own.label.get()), reading("of", &own.target), quoted(own.state.get()))
        }
        Symbol::Tabs(tabs) => tabs.labels.iter().map(|label| quoted(label.get())).collect(),
        Symbol::Popup(popup) => format!("{} opens {}x{}", quoted(popup.label.get()), popup.size.0, popup.size.1),
        Symbol::Image(image) => match &image.picture {
            Ok(picture) => format!(" {} {}x{}", image.file, picture.size().0, picture.size().1),
            Err(why) => format!(" {} NONE: {why}", image.file),
        },
        Symbol::Valve(valve) => {
            let fault = if valve.fault.is_present() && valve.fault.is_on() == Some(true) { " FAULT" } else { "" };
            quoted(valve.label.get()) + reading("position", &valve.position).as_str() + fault
        }
        Symbol::Pipe(pipe) => {
            let flows = three(&pipe.flow, pipe.is_flowing(), [" flowing", " still", " unknown"]);
            format!("{} {} corners{flows}", quoted(&pipe.label), pipe.points.len())
        }
        Symbol::Lamp(lamp) => {
            let abnormal = if lamp.is_abnormal() == Some(true) { " ABNORMAL" } else { "" };
            quoted(lamp.label.get()) + reading("state", &lamp.reading).as_str() + abnormal
        }
        Symbol::Value(value) => quoted(value.label.get()) + reading("value", &value.reading).as_str(),
        Symbol::Bar(bar) => {
            quoted(bar.label.get()) + reading("value", &bar.reading).as_str() + reading("setpoint", &bar.setpoint).as_str()
        }
        Symbol::Text(text) => {
            let letter = text.text.status().quality().letter();
            quoted(text.text.get()) + if letter.is_empty() { "" } else { " " } + letter
        }
        Symbol::Button(button) => {
            let enabled = if *button.enabled.get() { "" } else { " disabled" };
            let chosen = if *button.chosen.get() { " chosen" } else { "" };
            quoted(button.label.get()) + enabled + chosen
        }
        Symbol::Setpoint(setpoint) => quoted(setpoint.label.get()) + reading("value", &setpoint.reading).as_str(),
        Symbol::Switch(switch) => {
            let words: Vec<_> = switch.words().into_iter().map(|(_, word)| word).collect();
            quoted(switch.label.get()) + reading("value", &switch.reading).as_str() + " of " + words.join("/").as_str()
        }
        Symbol::Navigation(navigation) => {
            let tabs: Vec<_> = navigation.entries.iter().map(|entry| entry.title.as_str()).collect();
            format!(" {}", tabs.join(" | "))
        }
        Symbol::Trend(trend) => {
            let pens: Vec<_> = trend.pens.iter().map(|pen| reading("pen", &pen.reading)).collect();
            format!("{} {} s{}", quoted(trend.label.get()), trend.span_ms / 1_000, pens.concat())
        }
        Symbol::Panel(panel) => quoted(panel.label.get()),
    }
}
