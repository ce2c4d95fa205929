//! The figures against counting by hand, and by looking at everything again.

use jiff::tz::TimeZone;
use plantroom_model::{AlarmEventKind as Kind, AlarmId, AlarmState, AlarmStep, Hidden, Priority, Utc};
use proptest::prelude::*;

use super::*;

/// 2026-11-02T00:00:00Z, a Monday.
const START: i64 = 1_793_577_600 * SECOND_NS;

fn step(alarm: u32, at_s: f64, kind: Kind, state: AlarmState) -> AlarmStep {
    let at = Utc(START + (at_s * 1e9) as i64);
    AlarmStep { at, alarm: AlarmId(alarm), kind, state, hidden: Hidden::default() }
}

fn came(alarm: u32, at_s: f64) -> AlarmStep {
    step(alarm, at_s, Kind::Occurred, AlarmState::Unacknowledged)
}

fn went(alarm: u32, at_s: f64) -> AlarmStep {
    step(alarm, at_s, Kind::Returned, AlarmState::Normal)
}

fn acknowledged(alarm: u32, at_s: f64) -> AlarmStep {
    step(alarm, at_s, Kind::Acknowledged, AlarmState::Acknowledged)
}

fn words(alarm: AlarmId) -> AlarmWords {
    AlarmWords { name: format!("area/alarm_{}", alarm.0).into(), message: "<b>Füllstand & Druck</b>".into() }
}

fn anew() -> Figures {
    let mut figures = Figures::new(&[], TimeZone::UTC, Utc(START));
    (0..1_000).for_each(|alarm| figures.alarm(AlarmId(alarm), Priority::ALL[1 + alarm as usize % 4], "area"));
    figures
}

fn plant(figures: &Figures, until_s: f64) -> PositionFigures {
    let mut all = figures.figures(Utc(START + (until_s * 1e9) as i64), &words);
    assert_eq!(all.positions.len(), 1);
    all.positions.remove(0)
}

fn after(steps: &[AlarmStep], until_s: f64) -> PositionFigures {
    let mut figures = anew();
    steps.iter().for_each(|step| figures.apply(step));
    plant(&figures, until_s)
}

#[test]
fn rates_are_of_fixed_and_of_sliding_windows() {
    // Six at the end of a window and six at the beginning of the next: 12 within 10 minutes, never more than 10 in a fixed one.
    let steps: Vec<AlarmStep> = (0..12).map(|n| came(n, 590.0 + f64::from(n) * 1.8)).collect();
    let of = after(&steps, 3_600.0);
    assert_eq!((of.alarms, of.most_in_fixed_10_min, of.most_in_any_10_min), (12, 6, 12));
    assert_eq!((of.windows, of.windows_over_10), (6, 0));
    assert!((of.average_in_10_min - 2.0).abs() < 1e-9, "{}", of.average_in_10_min);
    assert!(of.time_over_10_pct > 15.0 && of.time_over_10_pct < 17.0, "{}", of.time_over_10_pct);
    assert_eq!(of.verdict, Verdict::Manageable);
    assert_eq!(of.hours.iter().map(|hour| hour.alarms).collect::<Vec<_>>(), [12]);
}

#[test]
fn a_flood_begins_above_ten_and_ends_below_five() {
    let steps: Vec<AlarmStep> = (0..15).map(|n| came(n, 100.0 + f64::from(n) * 10.0)).collect();
    let of = after(&steps, 3_600.0);
    let [flood] = of.floods.as_slice() else { panic!("{:?}", of.floods) };
    let at = |s: i64| Utc(START + s * SECOND_NS);
    // The eleventh came at 200 s; the eleventh of fifteen went out of the window 10 minutes after it had come.
    assert_eq!((flood.first_at, flood.start, flood.end), (at(100), at(200), Some(at(800))));
    assert_eq!((flood.alarms, flood.peak, flood.peak_at), (15, 15, at(240)));
    assert_eq!(&*flood.first.name, "area/alarm_0");
    // Five in the window aren't fewer than five.
    let still = after(&steps, 799.0);
    assert_eq!((still.floods[0].end, still.now.in_flood_since), (None, Some(at(200))));
}

#[test]
fn nothing_is_zero_and_not_less() {
    let of = after(&[], 86_400.0);
    for finding in &of.findings {
        assert!(!finding.value.contains("-0"), "{}: {}", finding.what, finding.value);
    }
    assert!(of.flood_pct.is_sign_positive() && of.top_pct.is_sign_positive());
}

#[test]
fn the_last_hour_slides_by_the_minute() {
    let mut figures = anew();
    (0..5).for_each(|n| figures.apply(&came(n, f64::from(n) * 600.0)));
    let now = |figures: &mut Figures, s: f64| {
        figures.advance(Utc(START + (s * 1e9) as i64));
        figures.now(0).map(|now| (now.in_10_min, now.in_1_h)).unwrap_or_default()
    };
    assert_eq!(now(&mut figures, 2_400.0), (1, 5));
    assert_eq!(now(&mut figures, 3_599.0), (0, 5));
    assert_eq!(now(&mut figures, 3_660.0), (0, 4), "the first one came an hour ago");
    assert_eq!(now(&mut figures, 9_000.0), (0, 0));
}

#[test]
fn hours_begin_as_clocks_on_the_wall_show_them() {
    let kolkata = TimeZone::get("Asia/Kolkata").unwrap();
    let at = |s: i64| Utc(START + s * SECOND_NS);
    assert_eq!(start_of_hour(at(3_700), &TimeZone::UTC), at(3_600));
    // 05:30 ahead of UTC: full hours are at half past.
    assert_eq!(start_of_hour(at(3_700), &kolkata), at(1_800));
}

#[test]
fn ten_are_no_flood() {
    let steps: Vec<AlarmStep> = (0..10).map(|n| came(n, f64::from(n))).collect();
    assert_eq!(after(&steps, 600.0).flood_count, 0);
    let eleven: Vec<AlarmStep> = (0..11).map(|n| came(n, f64::from(n))).collect();
    assert_eq!(after(&eleven, 600.0).flood_count, 1);
}

#[test]
fn three_in_a_minute_chatter_and_three_in_more_do_not() {
    let often = |every_s: f64| {
        let steps: Vec<AlarmStep> =
            (0..3).flat_map(|n| [came(1, f64::from(n) * every_s), went(1, f64::from(n) * every_s + 1.0)]).collect();
        after(&steps, 3_600.0)
    };
    let of = often(30.0);
    assert_eq!((of.chattering_count, of.chattering[0].most_in_minute, of.chattering[0].bursts), (1, 3, 1));
    assert_eq!(often(30.5).chattering_count, 0);
}

#[test]
fn an_hour_of_chatter_at_100_hz_is_one_alarm_that_chatters() {
    let mut figures = anew();
    for n in 0..20_000 {
        figures.apply(&came(3, f64::from(n) * 0.01));
        figures.apply(&went(3, f64::from(n) * 0.01 + 0.005));
    }
    let of = plant(&figures, 600.0);
    assert_eq!((of.alarms, of.chattering_count, of.chattering[0].bursts, of.top.len()), (20_000, 1, 1, 1));
    assert!(of.chattering[0].most_in_minute >= 6_000, "{}", of.chattering[0].most_in_minute);
    assert_eq!(of.flood_count, 1);
    assert_eq!(of.verdict, Verdict::Overloaded);
}

#[test]
fn standing_is_longer_than_24_hours_and_visible() {
    let day = 86_400.0;
    let shelved = AlarmStep { hidden: Hidden::SHELVED, ..step(4, 10.0, Kind::Shelved, AlarmState::Unacknowledged) };
    let steps = [came(1, 0.0), acknowledged(1, 60.0), came(2, 1.0), came(4, 2.0), shelved, came(3, 10.0), went(3, day)];
    let of = after(&steps, day + 1.0);
    let names: Vec<&str> = of.standing.iter().map(|standing| &*standing.alarm.name).collect();
    assert_eq!((names, of.stood), (vec!["area/alarm_1"], 0));
    let later = after(&[&steps[..], &[went(1, 2.0 * day)]].concat(), 2.0 * day);
    assert_eq!((later.standing_count, later.stood, later.standing[0].alarm.name.ends_with('2')), (1, 1, true));
}

#[test]
fn times_to_acknowledge_count_from_when_the_operator_was_told() {
    let unshelved = step(2, 500.0, Kind::ShelfEnded, AlarmState::Unacknowledged);
    let hidden = AlarmStep { hidden: Hidden::SHELVED, ..came(2, 100.0) };
    let steps = [came(1, 0.0), acknowledged(1, 60.0), hidden, unshelved, acknowledged(2, 510.0)];
    let of = after(&steps, 600.0);
    assert_eq!((of.alarms, of.acknowledge.count, of.hidden.shelved), (2, 2, 1));
    assert_eq!(of.acknowledge.bars.iter().filter(|bar| bar.1 > 0).map(|bar| bar.0).collect::<Vec<_>>(), [Some(10), Some(60)]);
}

#[test]
fn what_came_hidden_is_counted_apart_and_announces_nothing() {
    for (which, expected) in [(Hidden::SHELVED, [1, 0, 0]), (Hidden::SUPPRESSED, [0, 1, 0]), (Hidden::OUT_OF_SERVICE, [0, 0, 1])]
    {
        let of = after(&[AlarmStep { hidden: which, ..came(1, 5.0) }], 600.0);
        assert_eq!((of.alarms, [of.hidden.shelved, of.hidden.suppressed, of.hidden.out_of_service]), (0, expected));
        assert_eq!((of.now.active, of.now.unacknowledged, of.now.shelved + of.now.suppressed + of.now.out_of_service), (0, 0, 1));
    }
}

#[test]
fn events_are_no_alarms() {
    let mut figures = anew();
    figures.alarm(AlarmId(7), Priority::Event, "area");
    figures.apply(&came(7, 1.0));
    figures.apply(&came(5_000, 1.0));
    assert_eq!((plant(&figures, 600.0).alarms, figures.now(0).map(|now| now.active)), (0, Some(0)));
}

#[test]
fn positions_have_their_areas_and_what_nobody_has_is_told() {
    let positions = ["control room: intake, wells", "pump house: high_lift"].map(|line| {
        let (name, areas) = line.split_once(": ").expect("a name and areas");
        Position { name: name.into(), areas: areas.split(", ").map(str::to_owned).collect() }
    });
    let mut figures = Figures::new(&positions, TimeZone::UTC, Utc(START));
    for (alarm, area) in ["intake", "intake/pumps", "high_lift", "high_lifts", "wells"].into_iter().enumerate() {
        figures.alarm(AlarmId(alarm as u32), Priority::Low, area);
        figures.apply(&came(alarm as u32, 1.0));
    }
    let all = figures.figures(Utc(START + WINDOW_NS), &words);
    let found: Vec<(&str, u64)> = all.positions.iter().map(|of| (of.position.as_str(), of.alarms)).collect();
    assert_eq!(found, [("control room", 3), ("pump house", 1), ("not assigned", 1)]);
}

#[test]
fn what_was_not_recorded_is_no_quiet_time() {
    let mut figures = anew();
    figures.apply(&came(1, 10.0));
    figures.gap(Utc(START + 600 * SECOND_NS), Utc(START + 3_000 * SECOND_NS));
    figures.gap(Utc(START + 900 * SECOND_NS), Utc(START + 1_200 * SECOND_NS));
    let all = figures.figures(Utc(START + 3_600 * SECOND_NS), &words);
    assert_eq!((all.observed_s, all.missing_s), (1_200.0, 2_400.0));
    assert_eq!((all.positions[0].windows, all.positions[0].average_in_10_min), (2, 0.5));
}

#[test]
fn a_clock_that_is_set_back_loses_nothing() {
    let of = after(&[came(1, 5_000.0), went(1, 1_400.0), came(1, 1_500.0), acknowledged(1, 1_560.0)], 7_200.0);
    assert_eq!((of.alarms, of.acknowledge.count, of.now.active, of.now.unacknowledged), (2, 1, 1, 0));
}

#[test]
fn days_of_23_and_25_hours_are_days() {
    let zone = TimeZone::get("Europe/Berlin").expect("a zone");
    let start: jiff::Timestamp = "2026-10-23T22:00:00Z".parse().expect("a time");
    let from = start.as_nanosecond() as i64;
    let mut figures = Figures::new(&[], zone, Utc(from));
    figures.alarm(AlarmId(0), Priority::High, "area");
    for hour in 0..72 {
        let at = Utc(from + hour * 3_600 * SECOND_NS + SECOND_NS);
        figures.apply(&AlarmStep { at, ..came(0, 0.0) });
    }
    let all = figures.figures(Utc(from + 73 * 3_600 * SECOND_NS), &words);
    let days: Vec<(&str, f64, u32)> =
        all.positions[0].days.iter().map(|day| (day.date.as_str(), day.hours, day.alarms)).collect();
    assert_eq!(days, [("2026-10-24", 24.0, 24), ("2026-10-25", 25.0, 25), ("2026-10-26", 24.0, 23)]);
}

#[test]
fn the_next_day_takes_over_what_stands_and_nothing_else() {
    let mut figures = anew();
    (0..12).for_each(|n| figures.apply(&came(n, 86_300.0 + f64::from(n))));
    figures.apply(&acknowledged(0, 86_350.0));
    let next = figures.carried_over(Utc(START + 86_400 * SECOND_NS));
    let of = next.figures(Utc(START + 86_500 * SECOND_NS), &words).positions.remove(0);
    assert_eq!((of.alarms, of.now.active, of.now.unacknowledged, of.now.in_10_min), (0, 12, 11, 12));
    assert_eq!((of.floods.len(), of.top.len(), of.acknowledge.count, of.days.len()), (1, 0, 0, 1));
}

#[test]
fn a_report_is_a_page_of_its_own_with_nothing_of_the_plant_run() {
    let mut figures = anew();
    (0..30).for_each(|n| figures.apply(&came(n % 3, f64::from(n) * 2.0)));
    figures.apply(&acknowledged(1, 70.0));
    let all = figures.figures(Utc(START + 2 * 86_400 * SECOND_NS), &words);
    let about = report::About {
        plant: "Wasserwerk <script>alert(1)</script>",
        made_at: Utc(START),
        made_for: "\"anna\"",
        zone: &TimeZone::UTC,
    };
    let page = report::html(&all, &about);
    assert!(page.starts_with("<!DOCTYPE html>") && page.ends_with("</html>\n"));
    for never in ["<script", "<b>Füll", "http:", "https:", "\"anna\""] {
        assert!(!page.contains(never), "{never}");
    }
    for there in [
        "Wasserwerk &lt;script&gt;",
        "Füllstand &amp; Druck",
        "Floods (1)",
        "Chattering alarms (3)",
        "Day by day",
        "<svg",
        "not met",
    ] {
        assert!(page.contains(there), "{there}");
    }
    let count = |what: &str| page.matches(what).count();
    for tag in ["table", "tbody", "tr", "section", "figure", "svg"] {
        assert_eq!(count(&format!("<{tag}>")) + count(&format!("<{tag} ")), count(&format!("</{tag}>")), "{tag}");
    }
}

#[test]
fn json_has_words() {
    let text = serde_json::to_string(&anew().figures(Utc(START + WINDOW_NS), &words)).expect("JSON");
    assert!(text.contains("\"verdict\":\"acceptable\"") && text.contains("\"average_in_10_min\":0.0"), "{text}");
}

/// Steps of a few alarms, close together and far apart.
fn histories() -> impl Strategy<Value = Vec<(u32, f64, u8)>> {
    let gap = prop_oneof![3 => 0.0f64..3.0, 2 => 0.0f64..90.0, 1 => 0.0f64..4_000.0];
    proptest::collection::vec((0u32..6, gap, 0u8..6), 0..160)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn figures_are_those_of_looking_at_everything_again(history in histories()) {
        let mut at_s = 0.0;
        let mut steps = Vec::new();
        for (alarm, gap, kind) in history {
            at_s += gap;
            steps.push(match kind {
                0..3 => came(alarm, at_s),
                3 => acknowledged(alarm, at_s),
                4 => went(alarm, at_s),
                _ => AlarmStep { hidden: Hidden::SHELVED, ..came(alarm, at_s) },
            });
        }
        let of = after(&steps, at_s + 1.0);
        let seconds = |step: &AlarmStep| (step.at.0 - START) / SECOND_NS;
        let told: Vec<i64> = steps.iter().filter(|step| step.kind == Kind::Occurred && !step.hidden.any()).map(seconds).collect();
        prop_assert_eq!(of.alarms, told.len() as u64);
        prop_assert_eq!(of.hours.iter().map(|hour| u64::from(hour.alarms)).sum::<u64>(), of.alarms);
        prop_assert_eq!(of.days.iter().map(|day| u64::from(day.alarms)).sum::<u64>(), of.alarms);
        prop_assert_eq!(of.by_priority.iter().sum::<u64>(), of.alarms);
        let within = |at: i64| told.iter().filter(|s| **s > at - 600 && **s <= at).count() as u32;
        let most = told.iter().map(|s| within(*s)).max().unwrap_or(0);
        prop_assert_eq!(of.most_in_any_10_min, most);
        let fixed = |window: i64| told.iter().filter(|s| **s / 600 == window).count() as u32;
        let last = told.last().copied().unwrap_or(0) / 600;
        prop_assert_eq!(of.most_in_fixed_10_min, (0..=last).map(fixed).max().unwrap_or(0));
        // Floods, second by second.
        let (mut is_flood, mut floods, mut over) = (false, 0, 0u64);
        let end = (at_s + 1.0).floor() as i64;
        for second in 0..=end {
            let count = within(second);
            let before = count - told.iter().filter(|s| **s == second).count() as u32;
            is_flood &= before >= FLOOD_ENDS_BELOW;
            floods += u32::from(!is_flood && count > FLOOD_ABOVE);
            is_flood |= count > FLOOD_ABOVE;
            over += u64::from(count > FLOOD_ABOVE && second < end);
        }
        prop_assert_eq!((of.flood_count, of.now.in_flood_since.is_some()), (floods, is_flood));
        prop_assert!((of.time_over_10_pct * (at_s + 1.0) / 100.0 - over as f64).abs() < 1e-6);
    }
}
