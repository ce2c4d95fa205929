//! The figures as a page to print: one HTML text with everything in it, no script, nothing from outside.

mod plot;

use std::fmt::Write as _;

use jiff::tz::TimeZone;
use plantroom_model::{Priority, Utc};

use super::assess::{duration, number, percent};
use super::{KeyFigures, PositionFigures, calendar};

/// What the page says beside the figures.
#[derive(Clone, Debug)]
pub struct About<'a> {
    /// The plant's name.
    pub plant: &'a str,
    /// When the page was made.
    pub made_at: Utc,
    /// For whom; empty for nobody.
    pub made_for: &'a str,
    /// The plant's zone: all times of the page are its.
    pub zone: &'a TimeZone,
}

const STYLE: &str = "@page{size:A4;margin:16mm}*{box-sizing:border-box}\
body{font:14px/1.4 system-ui,sans-serif;color:#222;background:#fff;max-width:180mm;margin:8mm auto}\
h1{font-size:22px;margin:0 0 2px}h2{font-size:18px;border-bottom:1px solid #999;padding-bottom:2px;margin:24px 0 8px}\
h3{font-size:14px;margin:16px 0 4px}p{margin:4px 0}.soft{color:#555}\
table{border-collapse:collapse;width:100%;margin:4px 0}th{text-align:left;font-weight:600;border-bottom:1px solid #999}\
td,th{padding:2px 6px 2px 0;vertical-align:top}b{white-space:nowrap}\
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}\
tr{break-inside:avoid}tbody tr:nth-child(even){background:#f4f4f4}svg{display:block;width:100%;height:auto}\
.verdict{font-size:18px;border:2px solid #222;padding:4px 10px;display:inline-block;margin:6px 0}\
section{break-before:page}section:first-of-type{break-before:auto}figure{margin:6px 0;break-inside:avoid}\
@media print{body{margin:0;max-width:none}}";

/// Makes the page. Every text of the plant is escaped.
pub fn html(figures: &KeyFigures, about: &About<'_>) -> String {
    let mut page = String::with_capacity(64 << 10);
    let plant = escaped(about.plant);
    let (from, until) = (local(figures.from, about.zone), local(figures.until, about.zone));
    let _ = write!(
        page,
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Alarm report: {plant}</title>\
         <meta name=\"viewport\" content=\"width=device-width\"><style>{STYLE}</style></head><body>\n\
         <h1>Alarm report: {plant}</h1>\n<p>From {from} until {until} ({zone})</p>\n",
        zone = escaped(&figures.zone)
    );
    let made_for = if about.made_for.is_empty() { String::new() } else { format!(" for {}", escaped(about.made_for)) };
    let _ = writeln!(page, "<p class=\"soft\">Made {}{made_for}.</p>", local(about.made_at, about.zone));
    if figures.missing_s >= 1.0 {
        let (missing, observed) = (duration(figures.missing_s), duration(figures.observed_s));
        let _ = writeln!(page, "<p>Nothing was recorded for {missing} of it; figures are of the other {observed}.</p>");
    }
    for position in &figures.positions {
        section(&mut page, position, figures, about);
    }
    page.push_str(
        "<p class=\"soft\">Rates count alarms that were announced; hidden ones are counted apart. Targets: ANSI/ISA-18.2, \
                   EEMUA 191.</p>\n</body></html>\n",
    );
    page
}

fn section(page: &mut String, of: &PositionFigures, figures: &KeyFigures, about: &About<'_>) {
    let (name, verdict) = (escaped(&of.position), of.verdict);
    let _ = writeln!(page, "<section><h2>{name}</h2>\n<p class=\"verdict\">{}: {}</p>", verdict.word(), verdict.words());
    findings(page, of);
    rates(page, of, figures, about);
    floods(page, of, about);
    contributors(page, of);
    lists(page, of, about);
    days(page, of);
    page.push_str("</section>\n");
}

fn findings(page: &mut String, of: &PositionFigures) {
    page.push_str(
        "<h3>Key figures</h3>\n<table><thead><tr><th>Figure</th><th class=\"n\">Value</th><th>Should be</th><th></th></tr>\
         </thead><tbody>\n",
    );
    let total = format!("<tr><td>alarms</td><td class=\"n\">{}</td><td></td><td></td></tr>\n", of.alarms);
    page.push_str(&total);
    for finding in &of.findings {
        // In words and by shape, so that it is there without colours too.
        let met = match finding.is_met {
            Some(true) => "met",
            Some(false) => "<b>&#9650; not met</b>",
            None => "",
        };
        let (what, value, target) = (escaped(finding.what), escaped(&finding.value), escaped(finding.target));
        let _ = writeln!(page, "<tr><td>{what}</td><td class=\"n\">{value}</td><td>{target}</td><td>{met}</td></tr>");
    }
    page.push_str("</tbody></table>\n");
}

fn rates(page: &mut String, of: &PositionFigures, figures: &KeyFigures, about: &About<'_>) {
    // A month by hours is too narrow to print; more than a week goes by days.
    let by_hours = figures.until.0 - figures.from.0 <= 8 * 86_400_000_000_000;
    let bars: Vec<(String, f64)> = if by_hours {
        of.hours.iter().map(|hour| (clock(hour.start, about.zone), f64::from(hour.alarms))).collect()
    } else {
        of.days.iter().map(|day| (day.date.clone(), f64::from(day.alarms))).collect()
    };
    let unit = if by_hours { "hour" } else { "day" };
    let _ = writeln!(page, "<figure><h3>Alarms by {unit}</h3>{}</figure>", plot::bars(&bars, "alarms"));
    let priorities: Vec<(String, f64)> = Priority::ALL[1..]
        .iter()
        .map(|priority| (priority.word().to_owned(), of.by_priority[*priority as usize] as f64))
        .collect();
    let _ = writeln!(page, "<figure><h3>Alarms by priority</h3>{}</figure>", plot::bars(&priorities, "alarms"));
    let label = |up_to: Option<u32>| up_to.map_or("longer".to_owned(), |s| format!("\u{2264} {}", duration(f64::from(s))));
    let times: Vec<(String, f64)> = of.acknowledge.bars.iter().map(|(up_to, count)| (label(*up_to), *count as f64)).collect();
    let _ = writeln!(page, "<figure><h3>Time to acknowledge</h3>{}</figure>", plot::bars(&times, "acknowledgements"));
}

fn floods(page: &mut String, of: &PositionFigures, about: &About<'_>) {
    if of.floods.is_empty() {
        return;
    }
    let _ = writeln!(page, "<h3>Floods ({})</h3>", of.flood_count);
    page.push_str(
        "<table><thead><tr><th>First alarm at</th><th>Over</th><th class=\"n\">Alarms</th><th class=\"n\">Most in 10 min</th>\
         <th>What came first</th></tr></thead><tbody>\n",
    );
    for flood in of.floods.iter().rev().take(40) {
        let end = flood.end.map_or("goes on".to_owned(), |end| local(end, about.zone));
        let (start, first) = (local(flood.first_at, about.zone), words(&flood.first));
        let (alarms, peak) = (flood.alarms, flood.peak);
        let _ = writeln!(
            page,
            "<tr><td>{start}</td><td>{end}</td><td class=\"n\">{alarms}</td><td class=\"n\">{peak}</td><td>{first}</td></tr>"
        );
    }
    page.push_str("</tbody></table>\n");
}

fn contributors(page: &mut String, of: &PositionFigures) {
    if of.top.is_empty() {
        return;
    }
    let _ = writeln!(page, "<h3>The most frequent alarms ({} of all)</h3>", percent(of.top_pct));
    page.push_str(
        "<table><thead><tr><th>Alarm</th><th>Priority</th><th class=\"n\">Times</th><th class=\"n\">Share</th></tr></thead>\
         <tbody>\n",
    );
    for top in &of.top {
        let (alarm, priority, times, share) = (words(&top.alarm), top.priority.word(), top.times, percent(top.share_pct));
        let _ = writeln!(
            page,
            "<tr><td>{alarm}</td><td>{priority}</td><td class=\"n\">{times}</td><td class=\"n\">{share}</td></tr>"
        );
    }
    page.push_str("</tbody></table>\n");
}

fn lists(page: &mut String, of: &PositionFigures, about: &About<'_>) {
    if !of.chattering.is_empty() {
        let _ = writeln!(page, "<h3>Chattering alarms ({})</h3>", of.chattering_count);
        page.push_str(
            "<table><thead><tr><th>Alarm</th><th class=\"n\">Most in a minute</th><th class=\"n\">Times</th></tr></thead>\
             <tbody>\n",
        );
        for row in &of.chattering {
            let (alarm, most, times) = (words(&row.alarm), row.most_in_minute, row.times);
            let _ = writeln!(page, "<tr><td>{alarm}</td><td class=\"n\">{most}</td><td class=\"n\">{times}</td></tr>");
        }
        page.push_str("</tbody></table>\n");
    }
    if !of.standing.is_empty() {
        let _ = writeln!(page, "<h3>Active for more than 24 h ({})</h3>", of.standing_count);
        page.push_str("<table><thead><tr><th>Alarm</th><th>Since</th></tr></thead><tbody>\n");
        for row in &of.standing {
            let (alarm, since) = (words(&row.alarm), local(row.since, about.zone));
            let _ = writeln!(page, "<tr><td>{alarm}</td><td>{since}</td></tr>");
        }
        page.push_str("</tbody></table>\n");
    }
}

fn days(page: &mut String, of: &PositionFigures) {
    if of.days.len() < 2 {
        return;
    }
    page.push_str(
        "<h3>Day by day</h3>\n<table><thead><tr><th>Day</th><th class=\"n\">Hours</th><th class=\"n\">Alarms</th>\
         <th class=\"n\">In 10 min, average</th><th class=\"n\">Most</th><th class=\"n\">Windows over 10</th></tr>\
         </thead><tbody>\n",
    );
    for day in &of.days {
        let average = number(f64::from(day.alarms) / (day.hours * 6.0).max(1.0));
        let (date, hours, alarms, most, over) = (&day.date, day.hours, day.alarms, day.most_in_10_min, day.windows_over_10);
        let _ = writeln!(
            page,
            "<tr><td>{date}</td><td class=\"n\">{hours:.0}</td><td class=\"n\">{alarms}</td><td class=\"n\">{average}</td>\
             <td class=\"n\">{most}</td><td class=\"n\">{over}</td></tr>"
        );
    }
    page.push_str("</tbody></table>\n");
}

fn words(alarm: &super::AlarmWords) -> String {
    if alarm.message.is_empty() {
        return escaped(&alarm.name);
    }
    format!("{} <span class=\"soft\">{}</span>", escaped(&alarm.message), escaped(&alarm.name))
}

fn local(at: Utc, zone: &TimeZone) -> String {
    calendar::timestamp(at.0).to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S %Z").to_string()
}

fn clock(at: Utc, zone: &TimeZone) -> String {
    calendar::timestamp(at.0).to_zoned(zone.clone()).strftime("%m-%d %H:%M").to_string()
}

/// A text that is nothing but text in HTML, also in an attribute.
pub(crate) fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            letter if letter.is_control() && letter != '\n' => safe.push('\u{FFFD}'),
            letter => safe.push(letter),
        }
    }
    safe
}
