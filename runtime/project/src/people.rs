//! Who is told: people with their addresses, groups of them, and times of the week at which somebody is on duty
//! (`[[person]]` and `[[group]]` in outlets.toml). Scripts name them in `notify("outlet", "name")`.

use crate::fields::Fields;
use crate::names::{Names, check_word};
use crate::outlets::{OutletSpec, is_address};
use crate::report::{Report, Spot, suggestion};
use crate::shape::{Keys, Shape, needed, optional};
use crate::tree::Item;

/// Minutes of a week.
const WEEK_MIN: usize = 7 * 24 * 60;
/// How deep groups may lie in groups.
const DEPTH: usize = 8;

/// Who can be told, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct People {
    /// People and their addresses.
    pub persons: Vec<PersonSpec>,
    /// Groups, with or without times of duty.
    pub groups: Vec<GroupSpec>,
}

/// A person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PersonSpec {
    /// As scripts and groups call them.
    pub name: String,
    /// Their address at each outlet: outlet, address.
    pub at: Vec<(String, String)>,
}

/// People who are told together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupSpec {
    /// As scripts and other groups call it.
    pub name: String,
    /// Always told: people, groups, addresses.
    pub members: Vec<String>,
    /// Told at certain times of the week, in the plant's time zone.
    pub duty: Vec<DutySpec>,
    /// Told when nobody of `duty` is on.
    pub otherwise: Vec<String>,
}

/// Who is on duty when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DutySpec {
    /// The days on which it begins, Monday first.
    pub days: [bool; 7],
    /// When it begins: hour, minute.
    pub from: (u8, u8),
    /// When it ends; at or before `from` it ends on the next day.
    pub to: (u8, u8),
    /// Who: people, groups, addresses.
    pub members: Vec<String>,
}

/// A minute of the week, from 0 at Monday 00:00.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WeekMinute(pub u16);

impl WeekMinute {
    /// Of a weekday (1 is Monday), hour and minute.
    pub fn new(weekday: u8, hour: u8, minute: u8) -> Self {
        Self(u16::from(weekday.saturating_sub(1)) * 1_440 + u16::from(hour) * 60 + u16::from(minute))
    }
}

/// Where a notification goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reached {
    /// Addresses in the outlet's own notation, each once.
    pub addresses: Vec<String>,
    /// Who can't be reached, in sentences.
    pub missed: Vec<String>,
}

impl DutySpec {
    /// Whether it is on.
    pub fn is_on(&self, at: WeekMinute) -> bool {
        let of_day = |(hour, minute): (u8, u8)| u32::from(hour) * 60 + u32::from(minute);
        let (from, to) = (of_day(self.from), of_day(self.to));
        let lasts = if to > from { to - from } else { to + 1_440 - from };
        (0..7_u32).zip(self.days).filter(|(_, is_on)| *is_on).any(|(day, _)| {
            let since = (u32::from(at.0) + WEEK_MIN as u32 - (day * 1_440 + from)) % WEEK_MIN as u32;
            since < lasts
        })
    }
}

impl People {
    /// Whether a script may name this.
    pub fn is_known(&self, name: &str) -> bool {
        self.persons.iter().any(|person| person.name == name) || self.groups.iter().any(|group| group.name == name)
    }

    /// The addresses at an outlet of those who are to be told at this time of the week. What is no name is an address.
    pub fn reach(&self, outlet: &OutletSpec, to: &[String], at: WeekMinute) -> Reached {
        let mut reached = Reached::default();
        for name in to {
            self.add(name, outlet, at, DEPTH, &mut reached);
        }
        reached
    }

    fn add(&self, name: &str, outlet: &OutletSpec, at: WeekMinute, depth: usize, reached: &mut Reached) {
        if let Some(group) = self.groups.iter().find(|group| group.name == name) {
            let on: Vec<&String> = group.duty.iter().filter(|duty| duty.is_on(at)).flat_map(|duty| &duty.members).collect();
            let otherwise: &[String] = if on.is_empty() { &group.otherwise } else { &[] };
            let all: Vec<&String> = group.members.iter().chain(on).chain(otherwise).collect();
            if all.is_empty() || depth == 0 {
                reached.missed.push(format!("nobody of {name} is on duty"));
            }
            for member in all.into_iter().filter(|_| depth > 0) {
                self.add(member, outlet, at, depth - 1, reached);
            }
            return;
        }
        let address = match self.persons.iter().find(|person| person.name == name) {
            Some(person) => match person.at.iter().find(|(of, _)| *of == outlet.name) {
                Some((_, address)) => address.as_str(),
                None => return reached.missed.push(format!("{name} has no address at {}", outlet.name)),
            },
            None => name,
        };
        if outlet.is_mail() && !is_address(address) {
            reached.missed.push(format!("`{address}` is neither a person, a group, nor an e-mail address"));
        } else if !reached.addresses.iter().any(|known| known == address) {
            reached.addresses.push(address.to_owned());
        }
    }
}

pub(crate) static PERSON: Keys = Keys {
    what: "a person",
    doc: "Somebody who can be told, and where.",
    open: false,
    keys: &[
        needed("name", Shape::Text, "as scripts and groups call them"),
        needed("at", Shape::Values, "their address at each outlet: { mail = \"anna@works.example\", pager = \"+49 170 1234\" }"),
    ],
};

pub(crate) static GROUP: Keys = Keys {
    what: "a group",
    doc: "People who are told together, always or when they are on duty.",
    open: false,
    keys: &[
        needed("name", Shape::Text, "as scripts and other groups call it"),
        optional("members", Shape::Texts, "[]", "always told: people, groups, addresses"),
        optional("duty", Shape::Tables(&DUTY), "[]", "who is told at which times of the week"),
        optional("otherwise", Shape::Texts, "[]", "told when nobody of duty is on"),
    ],
};

static DUTY: Keys = Keys {
    what: "a duty",
    doc: "Who is told at which times of the week, in the plant's time zone.",
    open: false,
    keys: &[
        needed("members", Shape::Texts, "people, groups, addresses"),
        optional("days", Shape::Texts, "", "days on which it begins: mon, tue, wed, thu, fri, sat, sun; by default all"),
        optional("from", Shape::Text, "\"00:00\"", "when it begins"),
        optional("to", Shape::Text, "\"00:00\"", "when it ends; at or before from it ends on the next day"),
    ],
};

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// Reads people and groups; outlets are known already.
pub(crate) fn read(fields: Fields<'_>, outlets: &[OutletSpec], report: &mut Report) -> People {
    let mut people = People::default();
    let mut names = Names::new("person or group");
    let mut said: Vec<(String, Spot)> = Vec::new();
    for table in fields.tables("person") {
        let Some(name) = table.text("name") else { continue };
        check_word("name of a person", name, table.at("name"), report);
        if names.add(name, table.at("name"), report).is_some() {
            people.persons.push(PersonSpec { name: name.to_owned(), at: read_addresses(table, outlets, report) });
        }
    }
    let mut spots = Vec::new();
    for table in fields.tables("group") {
        let Some(name) = table.text("name") else { continue };
        check_word("name of a group", name, table.at("name"), report);
        if names.add(name, table.at("name"), report).is_some() {
            people.groups.push(read_group(table, name, &mut said, report));
            spots.push(table.at("name"));
        }
    }
    for (member, spot) in &said {
        let is_plain = member.contains('@') || member.starts_with(|c: char| c == '+' || c.is_ascii_digit());
        if !is_plain && !people.is_known(member) {
            let known =
                people.persons.iter().map(|one| one.name.as_str()).chain(people.groups.iter().map(|one| one.name.as_str()));
            let help = suggestion(member, known, "write a [[person]], a [[group]], or an address");
            report.error(*spot, format!("`{member}` is neither a person nor a group"), help);
        }
    }
    for (group, spot) in people.groups.iter().zip(spots) {
        if is_circle(&people, &group.name, &group.name, DEPTH) {
            report.error(spot, format!("the group `{}` contains itself", group.name), "take it out of the groups that it holds");
        } else if let Some(gap) = gap_of(group) {
            let message = format!("nobody of `{}` is on duty at {}", group.name, week_words(gap));
            report.warning(spot, message, "add a duty for that time, or otherwise = [\"...\"]: who is told then");
        }
    }
    people
}

fn read_addresses(table: Fields<'_>, outlets: &[OutletSpec], report: &mut Report) -> Vec<(String, String)> {
    let mut at = Vec::new();
    for entry in table.entries("at").into_iter().flatten() {
        let spot = table.spot.moved(entry.at);
        let address = entry.item.text().map_or_else(|| number_text(&entry.item), |text| text.trim().to_owned());
        match outlets.iter().find(|outlet| outlet.name == entry.key) {
            None => {
                let help = suggestion(&entry.key, outlets.iter().map(|outlet| outlet.name.as_str()), "declare it as [[outlet]]");
                report.error(spot, format!("there is no outlet `{}`", entry.key), help);
            }
            Some(outlet) if outlet.is_mail() && !is_address(&address) => {
                report.error(spot, format!("`{address}` is not an e-mail address"), "write for example anna@works.example");
            }
            Some(_) if address.is_empty() || address.chars().any(char::is_control) => {
                report.error(spot, "this address is empty, or more than one line", "write it as a text on one line");
            }
            Some(_) => at.push((entry.key.to_string(), address)),
        }
    }
    at
}

/// A telephone number that was written without quotes.
fn number_text(item: &Item) -> String {
    item.number().map(|number| number.to_string()).unwrap_or_default()
}

fn read_group(table: Fields<'_>, name: &str, said: &mut Vec<(String, Spot)>, report: &mut Report) -> GroupSpec {
    let mut members = |table: Fields<'_>, key: &str| -> Vec<String> {
        let all = table.texts(key);
        said.extend(all.iter().map(|(text, spot)| ((*text).to_owned(), *spot)));
        all.into_iter().map(|(text, _)| text.to_owned()).collect()
    };
    let mut group = GroupSpec {
        name: name.to_owned(),
        members: members(table, "members"),
        duty: Vec::new(),
        otherwise: members(table, "otherwise"),
    };
    for duty in table.tables("duty") {
        let time = |key: &str, report: &mut Report| {
            duty.text(key)
                .map_or(Some((0, 0)), |text| crate::automations::read_time(text, duty.at(key), report))
                .unwrap_or_default()
        };
        group.duty.push(DutySpec {
            days: crate::automations::read_days(duty, report),
            from: time("from", report),
            to: time("to", report),
            members: members(duty, "members"),
        });
    }
    if group.members.is_empty() && group.duty.is_empty() && group.otherwise.is_empty() {
        report.error(table.spot, format!("the group `{name}` has nobody in it"), "add members = [\"...\"], or a [[group.duty]]");
    }
    group
}

fn is_circle(people: &People, of: &str, looked_for: &str, depth: usize) -> bool {
    let Some(group) = people.groups.iter().find(|group| group.name == of) else { return false };
    let all = group.members.iter().chain(&group.otherwise).chain(group.duty.iter().flat_map(|duty| &duty.members));
    all.into_iter().any(|member| member == looked_for || (depth > 0 && is_circle(people, member, looked_for, depth - 1)))
}

/// The first minute of the week at which nobody would be told.
fn gap_of(group: &GroupSpec) -> Option<WeekMinute> {
    if group.duty.is_empty() || !group.members.is_empty() || !group.otherwise.is_empty() {
        return None;
    }
    (0..WEEK_MIN as u16).map(WeekMinute).find(|minute| !group.duty.iter().any(|duty| duty.is_on(*minute)))
}

fn week_words(at: WeekMinute) -> String {
    let (day, minute) = (usize::from(at.0) / 1_440, at.0 % 1_440);
    format!("{} {:02}:{:02}", DAYS[day], minute / 60, minute % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duty_is_on_at_its_times_over_midnight_and_over_the_end_of_the_week() {
        let mut sunday = [false; 7];
        sunday[6] = true;
        let weekdays = [true, true, true, true, true, false, false];
        let duty = |days, from, to| DutySpec { days, from, to, members: Vec::new() };
        let (day, night, all) =
            (duty(weekdays, (6, 0), (18, 30)), duty(sunday, (22, 0), (6, 0)), duty([true; 7], (0, 0), (0, 0)));
        for (weekday, hour, minute, is_day, is_night) in [
            (1, 6, 0, true, false),
            (1, 5, 59, false, true),
            (5, 18, 29, true, false),
            (5, 18, 30, false, false),
            (6, 12, 0, false, false),
            (7, 21, 59, false, false),
            (7, 22, 0, false, true),
            (1, 0, 0, false, true),
            (2, 0, 0, false, false),
        ] {
            let at = WeekMinute::new(weekday, hour, minute);
            assert_eq!((day.is_on(at), night.is_on(at)), (is_day, is_night), "{weekday} {hour}:{minute}");
            assert!(all.is_on(at));
        }
    }
}
