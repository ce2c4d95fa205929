//! `alarm_banner`, `alarms`: what operators have to answer.

use plantroom_script::rhai::{Dynamic, Engine};

use super::arguments::{Call, offer};
use super::options::Options;
use super::{Done, Mention, with};
use crate::{AlarmBanner, Alarms, AlarmsOf, Reading, Symbol, limits};

pub(super) fn register(engine: &mut Engine) {
    offer(engine, "alarm_banner", alarm_banner);
    offer(engine, "alarms", alarms);
}

fn alarm_banner(call: &mut Call) -> Done<Dynamic> {
    let at = call.xy()?;
    let mut options = call.options(2)?;
    let rect = options.boxed(call, at, (800.0, 78.0))?;
    let label = options.words(call, "label", "")?;
    let of = of(call, &mut options)?;
    let given = match options.take("tags").map(Dynamic::into_array) {
        None => Vec::new(),
        Some(Ok(tags)) if tags.len() <= limits::BANNER_TAGS => tags,
        Some(Ok(tags)) => {
            return call.refuse(format!("watches at most {} tags, and was given {}", limits::BANNER_TAGS, tags.len()));
        }
        Some(Err(found)) => return call.refuse(format!("needs a list of tags as `tags`, and got a {found}")),
    };
    let readings = given.into_iter().map(|tag| call.reading(tag.flatten(), "one of its tags")).collect::<Done<Vec<Reading>>>()?;
    let symbol = Symbol::AlarmBanner(AlarmBanner { label, of, readings });
    options.without_click(call)?.finish(call, rect, symbol, "what deserves attention", None)
}

fn alarms(call: &mut Call) -> Done<Dynamic> {
    let at = call.xy()?;
    let mut options = call.options(2)?;
    let rect = options.boxed(call, at, (400.0, 110.0))?;
    let label = options.words(call, "label", "")?;
    let of = of(call, &mut options)?;
    options.without_click(call)?.finish(call, rect, Symbol::Alarms(Alarms { label, of }), "alarms", None)
}

/// Which alarms, as the options say; a screen must exist.
fn of(call: &Call, options: &mut Options) -> Done<AlarmsOf> {
    let mut text = |key: &str| options.text(call, key).map(Option::unwrap_or_default);
    let of = AlarmsOf { area: text("area")?, instance: text("instance")?, screen: text("screen")? };
    if !of.screen.is_empty() {
        with(call.function, |build| {
            build.mention(Mention::Screen(of.screen.clone()), &call.place);
            Ok(())
        })?;
    }
    Ok(of)
}
