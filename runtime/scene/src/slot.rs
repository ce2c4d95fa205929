//! Every property of an object that can change, in one place.

use std::sync::Arc;

use crate::{Machine, Object, Prop, Reading, Source, Symbol};

/// One property.
pub(crate) enum Slot<'a> {
    Reading(&'a mut Reading),
    Text(&'a mut Prop<String>),
    /// With what it is while its closure has no value.
    Flag(&'a mut Prop<bool>, bool),
}

impl Slot<'_> {
    /// The tag that it follows.
    pub fn tag(&self) -> Option<&Arc<str>> {
        let source = match self {
            Self::Reading(reading) => &reading.source,
            Self::Text(prop) => &prop.source,
            Self::Flag(prop, _) => &prop.source,
        };
        match source {
            Source::Tag(name) => Some(name),
            Source::Constant | Source::Closure(_) => None,
        }
    }
}

impl Object {
    /// Visits every property that can change.
    pub(crate) fn each_slot(&mut self, visit: &mut dyn FnMut(Slot<'_>)) {
        visit(Slot::Flag(&mut self.visible, true));
        self.symbol.each_slot(visit);
    }
}

impl Symbol {
    fn each_slot(&mut self, visit: &mut dyn FnMut(Slot<'_>)) {
        match self {
            Self::Tank(tank) => {
                visit(Slot::Text(&mut tank.label));
                visit(Slot::Reading(&mut tank.level));
            }
            Self::Machine(Machine { label, running, state, fault, manual, value, .. }) => {
                visit(Slot::Text(label));
                for reading in [running, state, fault, manual, value] {
                    visit(Slot::Reading(reading));
                }
            }
            Self::Bus(bus) => {
                visit(Slot::Text(&mut bus.label));
                visit(Slot::Reading(&mut bus.live));
            }
            Self::Instrument(instrument) => visit(Slot::Reading(&mut instrument.reading)),
            Self::Gauge(gauge) => {
                visit(Slot::Text(&mut gauge.label));
                visit(Slot::Reading(&mut gauge.reading));
                visit(Slot::Reading(&mut gauge.setpoint));
            }
            Self::Table(table) => {
                visit(Slot::Text(&mut table.label));
                for cell in table.rows.iter_mut().flat_map(|row| &mut row.cells) {
                    visit(Slot::Reading(cell));
                }
            }
            Self::AlarmBanner(banner) => {
                visit(Slot::Text(&mut banner.label));
                for reading in &mut banner.readings {
                    visit(Slot::Reading(reading));
                }
            }
            Self::Permissives(own) => {
                visit(Slot::Text(&mut own.label));
                visit(Slot::Text(&mut own.state));
                visit(Slot::Reading(&mut own.target));
            }
            Self::Tabs(tabs) => {
                for label in &mut tabs.labels {
                    visit(Slot::Text(label));
                }
            }
            Self::Alarms(own) => visit(Slot::Text(&mut own.label)),
            Self::Popup(popup) => visit(Slot::Text(&mut popup.label)),
            _ => self.each_slot_of_values(visit),
        }
    }

    /// Readings, texts and controls: what isn't equipment or a holder of others.
    fn each_slot_of_values(&mut self, visit: &mut dyn FnMut(Slot<'_>)) {
        match self {
            Self::Valve(valve) => {
                visit(Slot::Text(&mut valve.label));
                for reading in [&mut valve.position, &mut valve.fault, &mut valve.manual] {
                    visit(Slot::Reading(reading));
                }
            }
            Self::Pipe(pipe) => visit(Slot::Reading(&mut pipe.flow)),
            Self::Lamp(lamp) => {
                visit(Slot::Text(&mut lamp.label));
                visit(Slot::Reading(&mut lamp.reading));
            }
            Self::Value(value) => {
                visit(Slot::Text(&mut value.label));
                visit(Slot::Reading(&mut value.reading));
            }
            Self::Bar(bar) => {
                visit(Slot::Text(&mut bar.label));
                visit(Slot::Reading(&mut bar.reading));
                visit(Slot::Reading(&mut bar.setpoint));
            }
            Self::Text(text) => visit(Slot::Text(&mut text.text)),
            Self::Button(button) => {
                visit(Slot::Text(&mut button.label));
                visit(Slot::Flag(&mut button.enabled, false));
                visit(Slot::Flag(&mut button.chosen, false));
                visit(Slot::Reading(&mut button.target));
            }
            Self::Setpoint(setpoint) => {
                visit(Slot::Text(&mut setpoint.label));
                visit(Slot::Reading(&mut setpoint.reading));
                visit(Slot::Flag(&mut setpoint.enabled, false));
            }
            Self::Switch(switch) => {
                visit(Slot::Text(&mut switch.label));
                visit(Slot::Reading(&mut switch.reading));
                visit(Slot::Reading(&mut switch.target));
                visit(Slot::Flag(&mut switch.enabled, false));
            }
            Self::Trend(trend) => {
                visit(Slot::Text(&mut trend.label));
                for pen in &mut trend.pens {
                    visit(Slot::Reading(&mut pen.reading));
                }
            }
            Self::Panel(panel) => visit(Slot::Text(&mut panel.label)),
            _ => {}
        }
    }
}
