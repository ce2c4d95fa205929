//! From the init document to what runs: every tag with its place, every mistake told at once.

use std::collections::BTreeMap;
use std::rc::Rc;

use plantroom_sdk::{ConnectionInfo, Problems, Setup, TagInfo, Value, ValueKind, WordOrder};

use crate::address::{Address, DataType, Notation, Table};
use crate::command::writable;
use crate::poller::Point;
use crate::settings::{DEFAULT_GROUP, Device, Group, groups};
use crate::unit::{Line, Unit};

const NO_CONNECTION: &str = "is on no connection that this plugin may use: add its connection to the plugin's grant.connections";

/// One device and what is read and written there.
#[derive(Debug)]
pub struct Station {
    /// The device.
    pub unit: Rc<Unit>,
    /// Its tags, by handle.
    pub targets: BTreeMap<u32, Target>,
}

/// One tag of a device.
#[derive(Clone, Debug)]
pub struct Target {
    /// Where it lies.
    pub address: Address,
    /// The order of its bytes: its own or the device's.
    pub order: WordOrder,
    /// Where it is read, and in which group (a place in [`Plan::groups`]); `None` where it is only written.
    pub read: Option<(Rc<Point>, usize)>,
}

/// What the driver will do.
#[derive(Debug)]
pub struct Plan {
    /// Polling groups, with their periods.
    pub groups: Vec<Group>,
    /// One for each device.
    pub stations: Vec<Station>,
    /// Whether any tag can be written.
    pub writes: bool,
}

/// Reads the whole setup.
///
/// # Errors
/// Every problem of the configuration, the devices and the tags.
pub fn plan(setup: &Setup) -> Result<Plan, Problems> {
    let mut problems = Problems::new();
    let mut sentences = Vec::new();
    let groups = groups(&setup.plugin, &mut sentences);
    sentences.drain(..).for_each(|sentence| problems.add(sentence));
    let mut stations = Vec::new();
    let mut places = BTreeMap::new();
    for connection in &setup.connections {
        for (device, unit) in units(connection, &mut problems) {
            places.insert((connection.index, device), stations.len());
            stations.push(Station { unit: Rc::new(unit), targets: BTreeMap::new() });
        }
    }
    let mut notations = BTreeMap::new();
    for tag in &setup.tags {
        let place = match place_of(tag, setup, &places) {
            Ok(place) => place,
            Err(sentence) => {
                problems.add_tag(tag, sentence);
                continue;
            }
        };
        match target(tag, &stations[place].unit, &groups, notations.entry(place).or_default()) {
            Ok(target) => drop(stations[place].targets.insert(tag.handle, target)),
            Err(sentences) => sentences.into_iter().for_each(|sentence| problems.add_tag(tag, sentence)),
        }
    }
    let writes = setup.tags.iter().any(|tag| tag.write);
    problems.result(Some(Plan { groups, stations, writes }))
}

/// The devices of a connection, each with its place in the connection's list; without a place where it is the only one.
fn units(connection: &ConnectionInfo, problems: &mut Problems) -> Vec<(Option<u32>, Unit)> {
    let mut sentences = Vec::new();
    let (name, pipeline) = (&connection.name, connection.pipeline);
    if connection.devices.is_empty() {
        let device = Device::read(&connection.device, &mut sentences);
        sentences.drain(..).for_each(|sentence| problems.add(format!("connection `{name}`, [connection.device]: {sentence}")));
        return vec![(None, Unit::alone(name, connection.modbus(), device, pipeline))];
    }
    let line: Rc<Line> = Rc::default();
    let mut units: Vec<(Option<u32>, Unit)> = Vec::new();
    for info in &connection.devices {
        let device = Device::read(&info.settings, &mut sentences);
        let full_name = format!("{name}/{}", info.name);
        let twin = units.iter().find(|(_, other)| other.device.unit == device.unit);
        if let Some((_, twin)) = twin.filter(|_| sentences.is_empty()) {
            sentences
                .push(format!("`unit` is {}, as that of `{}`; devices of one line must differ in it", device.unit, twin.name));
        }
        sentences.drain(..).for_each(|sentence| problems.add(format!("connection `{name}`, device `{}`: {sentence}", info.name)));
        units.push((Some(info.index), Unit::shared(full_name, connection.modbus(), device, pipeline, line.clone())));
    }
    units
}

fn place_of(tag: &TagInfo, setup: &Setup, places: &BTreeMap<(u32, Option<u32>), usize>) -> Result<usize, String> {
    let connection = tag.connection.and_then(|index| setup.connections.get(index as usize));
    let Some(connection) = connection else { return Err(format!("`{}` {NO_CONNECTION}", tag.name)) };
    places.get(&(connection.index, tag.device)).copied().ok_or_else(|| {
        let names: Vec<String> = connection.devices.iter().map(|device| format!("`{}`", device.name)).collect();
        match names.as_slice() {
            [] => format!("`{}` names a device, but connection `{}` has only one; leave `device` out", tag.name, connection.name),
            _ => format!(
                "`{}` doesn't say which device of connection `{}` it is on; add `device`, one of {}",
                tag.name,
                connection.name,
                names.join(", ")
            ),
        }
    })
}

/// The notation of a device's addresses, and the tag that showed it first; from its settings, or from its first tag.
type Shown = Option<(Notation, String)>;

fn target(tag: &TagInfo, unit: &Unit, groups: &[Group], shown: &mut Shown) -> Result<Target, Vec<String>> {
    let mut wrong = Vec::new();
    let device = &unit.device;
    let wanted = if tag.group.is_empty() { DEFAULT_GROUP } else { &tag.group };
    let group = groups.iter().position(|group| group.name == wanted);
    if group.is_none() {
        let known: Vec<String> = groups.iter().map(|group| format!("`{}`", group.name)).collect();
        wrong.push(format!(
            "`{}` is in the polling group `{wanted}`, which the plugin doesn't have; use one of {} or add it to `groups` in plugins.toml",
            tag.name,
            known.join(", ")
        ));
    }
    match Address::read(&tag.address, device.addresses) {
        Err(sentence) => wrong.push(sentence),
        Ok((address, notation)) => {
            wrong.extend(mixed(tag, unit, notation, shown));
            wrong.extend(misfits(tag, &address, device));
            let order = order_of(&address, device);
            if let (Some(group), true) = (group, wrong.is_empty()) {
                return match tag.publish.then(|| tag.to_publish::<Value>()).transpose() {
                    Ok(tag) => {
                        Ok(Target { address, order, read: tag.map(|tag| (Rc::new(Point::new(tag, address, order)), group)) })
                    }
                    Err(problems) => Err(problems.into_raw().into_iter().map(|problem| problem.message).collect()),
                };
            }
        }
    }
    Err(wrong)
}

/// Two notations on one device: one of the addresses is probably off by one.
fn mixed(tag: &TagInfo, unit: &Unit, notation: Notation, shown: &mut Shown) -> Option<String> {
    match shown {
        None => {
            *shown = Some((notation, tag.name.clone()));
            None
        }
        Some((first, _)) if *first == notation => None,
        Some((first, name)) => Some(format!(
            "the address `{}` is {}, but that of `{name}` on the same device, `{}`, is {}; write all of a device in one notation, or \
             one of them is easily off by one",
            tag.address.trim(),
            notation.example(),
            unit.name,
            first.example()
        )),
    }
}

/// The device's order is for numbers of several registers; text names its own.
fn order_of(address: &Address, device: &Device) -> WordOrder {
    match address.data {
        DataType::Text(_) => address.order.unwrap_or_default(),
        _ => address.order.unwrap_or(device.word_order),
    }
}

fn misfits(tag: &TagInfo, address: &Address, device: &Device) -> Vec<String> {
    let mut wrong = Vec::new();
    let most = device.read.max_cells(address.table);
    if address.cells() > most {
        wrong.push(format!(
            "`{address}` takes {} registers, and one request to this device reads at most {most} (max_registers): it would be torn \
             over two; raise max_registers if the device can do more",
            address.cells()
        ));
    }
    if tag.write {
        wrong.extend(writable(address, device).err());
    }
    let is_text = matches!(address.data, DataType::Text(_));
    if is_text && tag.kind != ValueKind::Text {
        wrong.push(format!(
            "`{}` holds {}, but `{address}` is text: declare the tag with kind = \"text\", or choose a number type",
            tag.name,
            tag.kind.word()
        ));
    }
    if !is_text && tag.kind == ValueKind::Text && tag.write {
        wrong.push(format!(
            "`{}` is a text that can be written, but `{address}` holds no text: use `{} {} text N`",
            tag.name,
            Table::Holding.word(),
            address.start
        ));
    }
    wrong
}
