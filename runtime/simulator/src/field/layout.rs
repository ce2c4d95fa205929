//! From the file's registers to a map of each device's units.

use std::net::SocketAddr;

use plantroom_model::nearest;
use toml::Spanned;

use crate::field::device::DeviceMap;
use crate::field::map::{Entry, Kind, Line, Order, Shown, Table, UnitMap};
use crate::file::{DeviceFile, RegisterFile, RepeatFile, UnitFile};
use crate::process::Names;

const HOW: &str = "write for example \"holding 0 f32\", \"input 3.5\" (bit 5 of a register), \"coil 2\", \"holding 10 text 16\"";

/// Reads all devices; what is wrong is told to `names`.
pub(crate) fn read_devices(files: &[DeviceFile], names: &mut Names) -> Vec<DeviceMap> {
    let mut devices: Vec<DeviceMap> = Vec::new();
    for file in files {
        let listen = file.listen.get_ref().parse::<SocketAddr>().unwrap_or_else(|_| {
            let message = format!("`listen` is not an IP address and a port: {}", file.listen.get_ref());
            names.problem(&file.listen, message, "write for example listen = \"127.0.0.1:5021\"");
            SocketAddr::from(([127, 0, 0, 1], 0))
        });
        if devices.iter().any(|device| device.name == *file.name.get_ref()) {
            names.problem(&file.name, format!("the device `{}` is there twice", file.name.get_ref()), "");
        }
        let mut device = DeviceMap { name: file.name.get_ref().clone(), listen, rtu: file.rtu, units: Vec::new() };
        for unit in &file.unit {
            let number = *unit.unit.get_ref();
            if device.units.iter().any(|(other, _)| *other == number) {
                names.problem(&unit.unit, format!("unit {number} is there twice"), "");
            }
            device.units.push((number, read_unit(unit, names)));
        }
        devices.push(device);
    }
    devices
}

fn read_unit(file: &UnitFile, names: &mut Names) -> UnitMap {
    let order = read_order(file.order.as_ref(), Order::Abcd, names);
    let mut map = UnitMap { max_registers: file.max_registers.clamp(1, 125), gaps: file.gaps, ..UnitMap::default() };
    for register in &file.registers {
        add(&mut map, register, order, 0, names);
    }
    for repeat in &file.repeat {
        add_repeated(&mut map, repeat, order, names);
    }
    map
}

fn add_repeated(map: &mut UnitMap, repeat: &RepeatFile, order: Order, names: &mut Names) {
    for (element, place) in repeat.elements.iter().zip(0_u16..) {
        let offset = repeat.base.saturating_add(repeat.step.saturating_mul(place));
        for register in &repeat.registers {
            let mut register = register.clone();
            if let Some(of) = &mut register.of {
                *of = Spanned::new(of.span(), of.get_ref().replace("{}", element));
            }
            add(map, &register, order, offset, names);
        }
    }
}

fn add(map: &mut UnitMap, file: &RegisterFile, order: Order, offset: u16, names: &mut Names) {
    let (table, start, kind) = match parse_at(file.at.get_ref()) {
        Ok(parsed) => parsed,
        Err(message) => return names.problem(&file.at, message, HOW),
    };
    let Some(start) = start.checked_add(offset).filter(|start| start.checked_add(kind.words() - 1).is_some()) else {
        return names.problem(&file.at, "this goes beyond the last address, 65535".into(), "");
    };
    if file.write && !table.is_writable() {
        names.problem(&file.at, "this table can't be written".into(), "only coils and holding registers can");
    }
    let shown = match (&file.of, &file.text, kind) {
        (
            Some(of),
            None,
            Kind::Bit(_) | Kind::U16 | Kind::I16 | Kind::U32 | Kind::I32 | Kind::U64 | Kind::I64 | Kind::F32 | Kind::F64,
        ) => Shown::Quantity(names.find(of)),
        (None, Some(text), Kind::Text(words)) => Shown::Text(text_words(text, words)),
        _ => return names.problem(&file.at, "a number shows a quantity (`of`), text registers show `text`".into(), HOW),
    };
    let line = match (file.raw, file.eng) {
        (Some(raw), Some(eng)) if raw[0] != raw[1] && eng[0] != eng[1] => {
            Some(Line { raw, eng, current_loop: file.current_loop })
        }
        (None, None) if !file.current_loop => None,
        _ => return names.problem(&file.at, "`raw` and `eng` belong together, two different numbers each".into(), ""),
    };
    let order = read_order(file.order.as_ref(), order, names);
    let bit = if let Kind::Bit(bit) = kind { bit } else { 0 };
    let overlaps = (start..=start + (kind.words() - 1)).any(|address| {
        map.at(table, address).any(|(_, other)| match (other.kind, kind) {
            (Kind::Bit(there), Kind::Bit(here)) => there == here,
            _ => true,
        })
    });
    if overlaps {
        names.problem(&file.at, format!("`{}` overlaps another register of this unit", file.at.get_ref()), "");
    }
    let entry = Entry { shown, kind, order, line, write: file.write, range: file.range };
    map.entries[table as usize].insert((start, bit), entry);
}

fn read_order(word: Option<&Spanned<String>>, default: Order, names: &mut Names) -> Order {
    let Some(word) = word else { return default };
    Order::from_word(word.get_ref()).unwrap_or_else(|| {
        names.problem(word, format!("`{}` is no byte order", word.get_ref()), "it is one of abcd, cdab, badc, dcba");
        default
    })
}

fn parse_at(text: &str) -> Result<(Table, u16, Kind), String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let [table, address, rest @ ..] = &words[..] else { return Err(format!("`{text}` is no address")) };
    let table = match *table {
        "coil" => Table::Coil,
        "discrete" => Table::Discrete,
        "holding" => Table::Holding,
        "input" => Table::Input,
        other => {
            let near = nearest(other, ["coil", "discrete", "holding", "input"]).map(|near| format!(", did you mean `{near}`?"));
            return Err(format!("there is no table `{other}`{}", near.unwrap_or_default()));
        }
    };
    let (address, bit) = match address.split_once('.') {
        Some((address, bit)) => (address, Some(bit.parse::<u8>().ok().filter(|bit| *bit < 16).ok_or("bits are 0 to 15")?)),
        None => (*address, None),
    };
    let address: u16 = address.parse().map_err(|_| format!("`{address}` is no address from 0 to 65535"))?;
    let kind = match (table.is_bits(), bit, rest) {
        (true, None, []) => Kind::Bit(0),
        (false, Some(bit), []) => Kind::Bit(bit),
        (false, None, ["text", bytes]) => match bytes.parse::<u16>() {
            Ok(bytes @ 1..=250) => Kind::Text(bytes.div_ceil(2)),
            _ => return Err("text has 1 to 250 bytes".into()),
        },
        (false, None, [word]) => match *word {
            "u16" => Kind::U16,
            "i16" => Kind::I16,
            "u32" => Kind::U32,
            "i32" => Kind::I32,
            "u64" => Kind::U64,
            "i64" => Kind::I64,
            "f32" => Kind::F32,
            "f64" => Kind::F64,
            other => return Err(format!("there is no type `{other}`: u16, i16, u32, i32, u64, i64, f32, f64, text")),
        },
        _ => return Err(format!("`{text}` is no address")),
    };
    Ok((table, address, kind))
}

/// Text, two characters a register, the first in the upper byte, zeros at the end.
fn text_words(text: &str, words: u16) -> Vec<u16> {
    let mut bytes = text.as_bytes().to_vec();
    bytes.resize(usize::from(words) * 2, 0);
    bytes.chunks(2).map(|pair| u16::from(pair[0]) << 8 | u16::from(pair[1])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_strictly() {
        assert_eq!(parse_at("holding 3 f32"), Ok((Table::Holding, 3, Kind::F32)));
        assert_eq!(parse_at("input 3.15"), Ok((Table::Input, 3, Kind::Bit(15))));
        assert_eq!(parse_at("coil 65535"), Ok((Table::Coil, 65535, Kind::Bit(0))));
        assert_eq!(parse_at("holding 10 text 15"), Ok((Table::Holding, 10, Kind::Text(8))));
        for wrong in [
            "",
            "holding",
            "holding 3",
            "coil 3 u16",
            "coil 3.1",
            "input 3.16",
            "holding 70000 u16",
            "holdng 3 u16",
            "input 1 f31",
        ] {
            assert!(parse_at(wrong).is_err(), "{wrong}");
        }
        assert_eq!(text_words("abc", 3), [0x6162, 0x6300, 0]);
    }
}
