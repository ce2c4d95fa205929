//! From the init document to what runs: every tag with its place, every mistake told at once.

use std::collections::BTreeMap;
use std::rc::Rc;

use plantroom_sdk::{Modbus, Problems, Setup, TagInfo, Value, ValueKind, WordOrder};

use crate::address::{Address, DataType, Table};
use crate::command::writable;
use crate::poller::Point;
use crate::settings::{DEFAULT_GROUP, Device, Group, groups};

const NO_CONNECTION: &str = "is on no connection that this plugin may use: add its connection to the plugin's grant.connections";

/// One connection and what lies behind it.
#[derive(Debug)]
pub struct Line {
    /// The way to the device.
    pub modbus: Modbus,
    /// What it can do.
    pub device: Device,
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
    /// One for each connection.
    pub lines: Vec<Line>,
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
    let mut lines = Vec::new();
    for connection in &setup.connections {
        let device = Device::read(&connection.device, &mut sentences);
        for sentence in sentences.drain(..) {
            problems.add(format!("connection `{}`, [connection.device]: {sentence}", connection.name));
        }
        lines.push(Line { modbus: connection.modbus(), device, targets: BTreeMap::new() });
    }
    for tag in &setup.tags {
        let line = tag.connection.and_then(|index| lines.get_mut(index as usize));
        let target = match &line {
            Some(line) => target(tag, &line.device, &groups),
            None => Err(vec![format!("`{}` {NO_CONNECTION}", tag.name)]),
        };
        match (target, line) {
            (Ok(target), Some(line)) => drop(line.targets.insert(tag.handle, target)),
            (Err(sentences), _) => sentences.into_iter().for_each(|sentence| problems.add_tag(tag, sentence)),
            (Ok(_), None) => {}
        }
    }
    let writes = setup.tags.iter().any(|tag| tag.write);
    problems.result(Some(Plan { groups, lines, writes }))
}

fn target(tag: &TagInfo, device: &Device, groups: &[Group]) -> Result<Target, Vec<String>> {
    let mut wrong = Vec::new();
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
    match Address::parse(&tag.address) {
        Err(sentence) => wrong.push(sentence),
        Ok(address) => {
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
