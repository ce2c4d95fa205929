//! The second half of the command path: an order is given to whoever can do it, and followed to its end.

use std::sync::atomic::Ordering;
use std::time::Duration;

use plantroom_access::WriteOrder;
use plantroom_host::PluginOrder;
use plantroom_model::{Now, OrderId, Origin, OutcomeKind, PulseSpec, Sample, SettleCode, TagMode, TagSpec, Value, WriteSpec};
use plantroom_project::Plant;

use crate::command::{CommandPath, Ended, sentence};
use crate::inbox::What;
use crate::outside::Settled;
use crate::readback::{self, Seen};
use crate::target;

/// How long a driver may take to settle an order after it has expired, in ms; then its outcome is unknown.
const SETTLE_GRACE_MS: u64 = 1_000;

impl CommandPath {
    /// Gives the order to whoever can do it, and follows it to its end.
    pub(crate) async fn carry_out(&self, plant: &Plant, order: &mut WriteOrder, spec: &TagSpec, write: &WriteSpec) -> Ended {
        match (&spec.origin, &write.pulse) {
            (Origin::Memory { .. } | Origin::Driver { .. }, Some(pulse)) => self.pulse(plant, order, spec, write, pulse).await,
            (Origin::Memory { .. } | Origin::Total(_), None) => {
                let what = format!("{} is {} now.", spec.name, target::shown(spec, order.value()));
                let settled = self.keep(order, plant).await;
                match settled.code {
                    SettleCode::Done => Ended::new(OutcomeKind::Confirmed, what),
                    SettleCode::Unknown => Ended::new(OutcomeKind::Unknown, settled.detail),
                    _ => Ended::new(OutcomeKind::Refused, settled.detail),
                }
            }
            (Origin::Driver { .. }, None) => {
                let since = self.clock.now();
                let settled = self.send(order, plant, spec).await;
                if settled.code == SettleCode::Done {
                    self.read_back(plant, order, spec, write, since).await
                } else {
                    not_done(&written(spec, order.value()), &settled)
                }
            }
            _ => Ended::new(OutcomeKind::Refused, format!("{} is computed; it can't be written.", spec.name)),
        }
    }

    /// A simulated tag takes the value itself; nothing leaves the station.
    pub(crate) async fn simulate(&self, order: &WriteOrder, spec: &TagSpec) -> Ended {
        let value = order.value().clone();
        match self.modes.simulate(self, order.tag(), &spec.name, value).await {
            Ok(()) => {
                let shown = target::shown(spec, order.value());
                let message = format!("{} is simulated and is {shown} now; nothing was sent to the device.", spec.name);
                Ended::new(OutcomeKind::Done, message)
            }
            Err(reason) => Ended::new(OutcomeKind::Refused, reason),
        }
    }

    /// Hands one value over: to the disk and the scan, or to a driver.
    async fn send(&self, order: &WriteOrder, plant: &Plant, spec: &TagSpec) -> Settled {
        let not_sent = |detail: &str| Settled { code: SettleCode::NotSent, detail: detail.to_owned() };
        let Origin::Driver { plugin, .. } = &spec.origin else { return self.keep(order, plant).await };
        let running = self.running.get();
        let Some(plugin) = running.plugin(*plugin) else { return not_sent("Its driver is not loaded.") };
        let Some(raw) = target::raw(spec, order.value()) else {
            return not_sent("The value can't be expressed in the device's numbers.");
        };
        let id = OrderId(self.next_order.fetch_add(1, Ordering::Relaxed));
        let settled = self.orders.wait_for(id);
        if !plugin.deliver_order(PluginOrder { id, tag: order.tag(), value: raw, valid_until: order.valid_until() }) {
            self.orders.forget(id);
            return not_sent("Its driver is not running, or is busy with other orders.");
        }
        let left_ms = order.valid_until().since(self.clock.now().mono) / 1_000_000 + SETTLE_GRACE_MS;
        let Ok(Ok(settled)) = tokio::time::timeout(Duration::from_millis(left_ms), settled).await else {
            self.orders.forget(id);
            return Settled { code: SettleCode::Unknown, detail: "The driver did not say what came of it.".to_owned() };
        };
        settled
    }

    /// A tag that the station itself keeps: on the disk first, if it is retained, then to the scan.
    async fn keep(&self, order: &WriteOrder, plant: &Plant) -> Settled {
        // One after the other, so that the disk and the scan get two writes in the same order, and each is seen before
        // the next one takes its place.
        let _turn = self.keeping.lock().await;
        let now = self.clock.now();
        if let Err(detail) = self.retained.keep(order.tag(), order.value().clone(), now.utc).await {
            return Settled { code: SettleCode::Refused, detail };
        }
        let mut snapshots = self.snapshots.clone();
        let before = snapshots.borrow().number();
        let taken = self.inbox.put(now, What::Set { tag: order.tag(), value: order.value().clone() });
        let limit = Duration::from_millis(u64::from(plant.scan.max_ms) + SETTLE_GRACE_MS);
        let name = plant.tags.get(order.tag().0 as usize).map_or("it", |spec| &*spec.name);
        // A person's substitute stands in front of what the tag holds.
        let hidden = self.modes.mode(name) == TagMode::Substituted;
        // A total goes on from the number at once, and may already show more.
        let spec = plant.tags.get(order.tag().0 as usize);
        let goes_on = spec.is_some_and(|spec| matches!(spec.origin, Origin::Total(_)));
        let agrees = |sample: &Sample| hidden || sample.value.same(order.value()) || (goes_on && sample.server_time >= now.utc);
        if taken && readback::after_scan(&mut snapshots, order.tag(), before, limit, agrees).await {
            return Settled { code: SettleCode::Done, detail: String::new() };
        }
        let detail = format!("{name} was not seen to change; look at it before trying again.");
        Settled { code: SettleCode::Unknown, detail }
    }

    /// What the device confirmed is compared with what it shows, in samples taken after the order went out.
    async fn read_back(&self, plant: &Plant, order: &WriteOrder, spec: &TagSpec, write: &WriteSpec, since: Now) -> Ended {
        let what = written(spec, order.value());
        if write.no_feedback {
            return Ended::new(OutcomeKind::Done, format!("The device accepted {what}."));
        }
        let feedback = write.feedback.unwrap_or(order.tag());
        let name = plant.tags.get(feedback.0 as usize).map_or(&spec.name, |tag| &tag.name);
        if self.modes.mode(name) != TagMode::Normal {
            let word = self.modes.mode(name).word();
            let message = format!("The device accepted {what}; {name} is {word}, so that it can't be confirmed.");
            return Ended::new(OutcomeKind::Done, message);
        }
        let limit = Duration::from_millis(u64::from(write.follow_ms));
        let mut snapshots = self.snapshots.clone();
        let agrees = |sample: &Sample| readback::agrees(&sample.value, order.value(), write.tolerance);
        match readback::until(&mut snapshots, feedback, since, limit, agrees).await {
            Seen::Agreed => Ended::new(OutcomeKind::Confirmed, format!("{what}, confirmed by {name}.")),
            Seen::Other(value) => {
                let shown =
                    plant.tags.get(feedback.0 as usize).map_or_else(|| value.to_string(), |tag| target::shown(tag, &value));
                let after = write.follow_ms;
                Ended::new(
                    OutcomeKind::Mismatch,
                    format!("The device accepted {what}, but {name} shows {shown} after {after} ms."),
                )
            }
            Seen::Nothing => Ended::new(
                OutcomeKind::Unknown,
                format!("The device accepted {what}, but {name} can't be read; look before trying again."),
            ),
        }
    }

    /// A value that is held, and then put back by the station itself, whoever has asked and whether they are still there.
    ///
    /// The feedback tag is judged while the value is held; without one, the tag itself must show the rest afterwards.
    /// Where it isn't known whether the value arrived, it is put back too: that is what was ordered.
    async fn pulse(&self, plant: &Plant, order: &mut WriteOrder, spec: &TagSpec, write: &WriteSpec, pulse: &PulseSpec) -> Ended {
        let (what, rest) = (written(spec, order.value()), target::shown(spec, &pulse.rest));
        let since = self.clock.now();
        let held = self.pulses.begin(spec, order.value(), pulse, since.utc).await;
        let first = self.send(order, plant, spec).await;
        if !matches!(first.code, SettleCode::Done | SettleCode::Unknown) {
            self.pulses.end(held).await;
            return not_done(&what, &first);
        }
        let (value, tag) = (order.value().clone(), order.tag());
        let follow = async {
            let feedback = write.feedback?;
            let mut snapshots = self.snapshots.clone();
            let limit = Duration::from_millis(u64::from(write.follow_ms));
            let agrees = |sample: &Sample| readback::agrees(&sample.value, &value, write.tolerance);
            Some((feedback, readback::until(&mut snapshots, feedback, since, limit, agrees).await))
        };
        let put_back = async {
            let whole = self.pulses.hold(u64::from(pulse.hold_ms)).await;
            let at = self.clock.now();
            order.turn_to_rest(at.mono.plus_ms(u64::from(write.expires_ms)));
            let settled = self.send(order, plant, spec).await;
            self.pulses.end(held).await;
            (settled, at, whole)
        };
        let (followed, (back, back_at, whole)) = tokio::join!(follow, put_back);
        if back.code != SettleCode::Done {
            return stuck(&what, &rest, &back);
        }
        if first.code == SettleCode::Unknown {
            let message = format!("It is not known whether {what} was carried out; it was set back to {rest}.");
            return Ended::new(OutcomeKind::Unknown, message);
        }
        let held = if whole { format!("for {} ms", pulse.hold_ms) } else { "cut short, because the station stops".to_owned() };
        let was = format!("{what} {held}, and {rest} again");
        match followed {
            None if write.no_feedback => Ended::new(OutcomeKind::Done, format!("The device accepted {was}.")),
            None => {
                let seen = self.shows(tag, &pulse.rest, write, back_at).await;
                told(plant, seen, (&was, &rest), (tag, write.follow_ms))
            }
            Some((feedback, seen)) => {
                let shown =
                    plant.tags.get(feedback.0 as usize).map_or_else(|| value.to_string(), |tag| target::shown(tag, &value));
                told(plant, seen, (&was, &shown), (feedback, write.follow_ms))
            }
        }
    }

    async fn shows(&self, tag: plantroom_model::TagId, value: &Value, write: &WriteSpec, since: Now) -> Seen {
        let mut snapshots = self.snapshots.clone();
        let limit = Duration::from_millis(u64::from(write.follow_ms));
        let agrees = |sample: &Sample| readback::agrees(&sample.value, value, write.tolerance);
        readback::until(&mut snapshots, tag, since, limit, agrees).await
    }
}

/// `p1/speed = 42.0 %`
fn written(spec: &TagSpec, value: &Value) -> String {
    format!("{} = {}", spec.name, target::shown(spec, value))
}

fn detail_of(settled: &Settled) -> String {
    if settled.detail.is_empty() { String::new() } else { format!(" {}", sentence(&settled.detail)) }
}

/// What a pulse's feedback showed.
fn told(plant: &Plant, seen: Seen, (was, wanted): (&str, &str), (tag, after_ms): (plantroom_model::TagId, u32)) -> Ended {
    let spec = plant.tags.get(tag.0 as usize);
    let name = spec.map_or("the feedback", |spec| &*spec.name);
    match seen {
        Seen::Agreed => Ended::new(OutcomeKind::Confirmed, format!("{was}; confirmed by {name}.")),
        Seen::Other(value) => {
            let shown = spec.map_or_else(|| value.to_string(), |spec| target::shown(spec, &value));
            let message = format!("The device accepted {was}, but {name} shows {shown} and not {wanted} after {after_ms} ms.");
            Ended::new(OutcomeKind::Mismatch, message)
        }
        Seen::Nothing => Ended::new(
            OutcomeKind::Unknown,
            format!("The device accepted {was}, but {name} can't be read; look before trying again."),
        ),
    }
}

/// A value that was held and could not be put back: said exactly so.
fn stuck(what: &str, rest: &str, back: &Settled) -> Ended {
    let (kind, how) = match back.code {
        SettleCode::Unknown => (OutcomeKind::Unknown, "it is not known whether it was set back"),
        SettleCode::NotSent => (OutcomeKind::Mismatch, "setting it back never reached the device"),
        _ => (OutcomeKind::Mismatch, "the device refused to set it back"),
    };
    let message = format!("{what} was written, but {how}; look, and set it to {rest} by hand.{}", detail_of(back));
    Ended::new(kind, message)
}

/// An order that its driver didn't do.
fn not_done(what: &str, settled: &Settled) -> Ended {
    let detail = detail_of(settled);
    match settled.code {
        SettleCode::Refused => Ended::new(OutcomeKind::Refused, format!("The device refused {what}.{detail}")),
        SettleCode::NotSent => Ended::new(OutcomeKind::NotSent, format!("{what} never reached the device.{detail}")),
        SettleCode::Unknown | SettleCode::Done => {
            let look = if detail.contains("look before") { "" } else { "; look before trying again" };
            Ended::new(OutcomeKind::Unknown, format!("It is not known whether {what} was carried out{look}.{detail}"))
        }
    }
}
