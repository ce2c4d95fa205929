//! `plantroom modbus read`: raw words beside what they may mean, to find out which order and type a device uses.

use anyhow::Result;
use clap::Args;
use plantroom_fieldbus::direct::{Direct, Question, Said, exception_meaning};
use serde_json::{Value as Json, json};

use crate::exit::Failure;
use crate::modbus::be;
use crate::modbus::target::Target;

/// Orders of the bytes of two registers, as the field writes them; ABCD is Modbus's own.
const ORDERS: [(&str, [usize; 4]); 4] =
    [("ABCD", [0, 1, 2, 3]), ("CDAB", [2, 3, 0, 1]), ("BADC", [1, 0, 3, 2]), ("DCBA", [3, 2, 1, 0])];

#[derive(Args)]
pub struct Read {
    #[command(flatten)]
    target: Target,
    /// Unit (slave) address.
    #[arg(long, default_value_t = 1)]
    unit: u8,
    #[command(flatten)]
    from: From,
    /// How many.
    #[arg(long, default_value_t = 10)]
    count: u16,
    /// JSON instead of tables.
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
#[group(required = true, multiple = false)]
struct From {
    /// Holding registers (function 3) from this 0-based address on: 40001 in a manual is 0 here.
    #[arg(long)]
    holding: Option<u16>,
    /// Input registers (function 4) from this 0-based address on: 30001 in a manual is 0 here.
    #[arg(long)]
    input: Option<u16>,
    /// Coils (function 1) from this 0-based address on.
    #[arg(long)]
    coils: Option<u16>,
    /// Discrete inputs (function 2) from this 0-based address on: 10001 in a manual is 0 here.
    #[arg(long)]
    discrete: Option<u16>,
}

impl From {
    /// Function, first address, what manuals put before a 1-based address.
    fn place(&self) -> (u8, u16, u32) {
        let places = [(self.holding, 3, 400_000), (self.input, 4, 300_000), (self.coils, 1, 0), (self.discrete, 2, 100_000)];
        let given = places.into_iter().find_map(|(address, function, prefix)| Some((function, address?, prefix)));
        given.unwrap_or((3, 0, 400_000))
    }
}

impl Read {
    pub async fn run(self) -> Result<()> {
        let (function, address, prefix) = self.from.place();
        let most = if function <= 2 { 2_000 } else { 125 };
        if !(1..=most).contains(&self.count) || u32::from(address) + u32::from(self.count) > 0x1_0000 {
            return Err(Failure::usage(format!("--count is 1 to {most} at once, and the last address is 65535.")).into());
        }
        let links = self.target.links()?;
        let Some(link) = links.first() else { return Err(Failure::usage("No line to read from.").into()) };
        let mut line = Direct::open(link, self.target.timeout_ms()).await.map_err(Failure::unreachable)?;
        let bits = function <= 2;
        let bytes = if bits { usize::from(self.count).div_ceil(8) } else { 2 * usize::from(self.count) };
        let (a, n) = (address.to_be_bytes(), self.count.to_be_bytes());
        let question = Question { unit: self.unit, pdu: vec![function, a[0], a[1], n[0], n[1]], answer_bytes: Some(1 + bytes) };
        let data = match line.ask(&question).await.map_err(Failure::unreachable)? {
            Said::Data(data) if data.len() == 1 + bytes && usize::from(data[0]) == bytes => data[1..].to_vec(),
            Said::Data(_) => return Err(Failure::problems("The device's answer has a wrong length.").into()),
            Said::Exception(code) => {
                let why = exception_meaning(code);
                return Err(Failure::problems(format!("Unit {} answers with exception {code}: {why}.", self.unit)).into());
            }
            Said::Nothing => {
                let sentence = format!(
                    "Unit {} doesn't answer at {link} within {} ms. `plantroom modbus scan` shows which units do.",
                    self.unit,
                    self.target.timeout_ms()
                );
                return Err(Failure::unreachable(sentence).into());
            }
            Said::Noise(words) => return Err(Failure::problems(format!("No answer that fits: {words}.")).into()),
        };
        if bits { show_bits(&data, address, self.count, self.json) } else { show_words(&data, address, prefix, self.json) }
    }
}

fn show_bits(data: &[u8], address: u16, count: u16, as_json: bool) -> Result<()> {
    let bits: Vec<bool> = (0..usize::from(count)).map(|bit| data[bit / 8] >> (bit % 8) & 1 == 1).collect();
    if as_json {
        println!("{}", serde_json::to_string_pretty(&json!({ "address": address, "bits": bits }))?);
        return Ok(());
    }
    for (row, ten) in bits.chunks(10).enumerate() {
        let marks: Vec<&str> = ten.iter().map(|on| if *on { "1" } else { "0" }).collect();
        println!("{:>6}  {}", usize::from(address) + 10 * row, marks.join(" "));
    }
    Ok(())
}

fn show_words(data: &[u8], address: u16, prefix: u32, as_json: bool) -> Result<()> {
    let count = data.len() / 2;
    if as_json {
        let registers: Vec<Json> = (0..count).map(|at| register_json(data, address, at)).collect();
        println!("{}", serde_json::to_string_pretty(&json!({ "address": address, "registers": registers }))?);
        return Ok(());
    }
    println!("address  in manuals  hex     u16    i16  text");
    for at in 0..count {
        let word = be(data, 2 * at);
        let place = u32::from(address) + at as u32;
        println!(
            "{place:>7}  {:>10}  {word:04X}  {word:>6} {:>6}  {}",
            in_manuals(prefix, place),
            word.cast_signed(),
            text(word)
        );
    }
    if count < 2 {
        return Ok(());
    }
    let heads: String = ORDERS.iter().map(|(order, _)| format!("{order:>14}")).collect();
    println!("\nPairs of registers, by order of their bytes:\naddress  as {heads}");
    for at in 0..count - 1 {
        let pair = &data[2 * at..2 * at + 4];
        let place = usize::from(address) + at;
        let row = |of: fn(u32) -> String| {
            ORDERS.iter().map(|(_, order)| format!("{:>14}", of(joined(pair, order)))).collect::<String>()
        };
        println!("{place:>7}  u32{}", row(|bits| bits.to_string()));
        println!("         i32{}", row(|bits| bits.cast_signed().to_string()));
        println!("         f32{}", row(|bits| float(f32::from_bits(bits))));
    }
    Ok(())
}

/// A 1-based address as manuals write it: 40011, and with six digits where five are too few.
fn in_manuals(prefix: u32, place: u32) -> u32 {
    if place < 9_999 { prefix / 10 + place + 1 } else { prefix + place + 1 }
}

fn register_json(data: &[u8], address: u16, at: usize) -> Json {
    let word = be(data, 2 * at);
    let mut register = json!({
        "address": usize::from(address) + at, "hex": format!("{word:04X}"), "u16": word, "i16": word.cast_signed()
    });
    if let Some(pair) = data.get(2 * at..2 * at + 4) {
        for (name, order) in &ORDERS {
            let bits = joined(pair, order);
            // JSON has no NaN and no infinities: they become null.
            let float = f32::from_bits(bits);
            register[*name] = json!({ "u32": bits, "i32": bits.cast_signed(), "f32": float.is_finite().then_some(float) });
        }
    }
    register
}

fn joined(pair: &[u8], order: &[usize; 4]) -> u32 {
    order.iter().fold(0, |bits, place| bits << 8 | u32::from(pair[*place]))
}

/// A float as short as it can be told apart from nonsense: values of plants are seldom beyond these.
fn float(value: f32) -> String {
    match value.abs() {
        size if size == 0.0 || (1e-3..1e7).contains(&size) => format!("{value:.4}"),
        size if size.is_finite() => format!("{value:.3e}"),
        _ => value.to_string(),
    }
}

fn text(word: u16) -> String {
    let letters = word.to_be_bytes();
    let is_text = letters.iter().all(|byte| byte.is_ascii_graphic() || *byte == b' ');
    if is_text { String::from_utf8_lossy(&letters).into_owned() } else { String::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_float_is_seen_in_each_of_the_four_orders() {
        // 21.5 as a device of each kind sends it.
        for (name, bytes) in [
            ("ABCD", [0x41, 0xAC, 0, 0]),
            ("CDAB", [0, 0, 0x41, 0xAC]),
            ("BADC", [0xAC, 0x41, 0, 0]),
            ("DCBA", [0, 0, 0xAC, 0x41]),
        ] {
            let right: Vec<&str> =
                ORDERS.iter().filter(|(_, order)| f32::from_bits(joined(&bytes, order)) == 21.5).map(|(name, _)| *name).collect();
            assert_eq!(right, [name]);
            assert_eq!(register_json(&bytes, 7, 0)[name]["f32"], 21.5);
        }
        let places = [0, 9_998, 9_999, 65_535].map(|place| in_manuals(400_000, place));
        assert_eq!(places, [40_001, 49_999, 410_000, 465_536]);
        assert_eq!(float(21.5), "21.5000");
        assert_eq!(float(1.4e-45), "1.401e-45");
        assert_eq!((text(0x4142), text(0x4100)), ("AB".to_owned(), String::new()));
    }
}
