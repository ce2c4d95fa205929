//! Small components, written as text: what a hostile or a plain guest does.

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// Every import of the contract, lowered to core Wasm.
const IMPORTS: &[(&str, &str)] = &[
    (
        "publish",
        r#""plantroom:plugin/samples@0.1.4" "publish" (func $publish (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32))"#,
    ),
    ("missed", r#""plantroom:plugin/samples@0.1.4" "missed" (func $missed (param i32 i32 i32))"#),
    ("take", r#""plantroom:plugin/orders@0.1.4" "take" (func $take (param i32 i32))"#),
    ("settle", r#""plantroom:plugin/orders@0.1.4" "settle" (func $settle (param i64 i32 i32 i32))"#),
    (
        "submit",
        r#""plantroom:plugin/modbus@0.1.4" "submit" (func $submit (param i32 i32 i32 i32 i32 i32 i32 i64 i32) (result i64))"#,
    ),
    (
        "submit-reads",
        r#""plantroom:plugin/modbus@0.1.4" "submit-reads" (func $submit_reads
            (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i64))"#,
    ),
    ("collect-answers", r#""plantroom:plugin/modbus@0.1.4" "collect-answers" (func $collect_answers (param i32 i32))"#),
    ("collect", r#""plantroom:plugin/modbus@0.1.4" "collect" (func $collect (param i32 i32))"#),
    ("fix-set", r#""plantroom:plugin/samples@0.1.4" "fix-set" (func $fix_set (param i32 i32 i32 i32) (result i32))"#),
    ("publish-runs", r#""plantroom:plugin/samples@0.1.4" "publish-runs" (func $publish_runs (param i32 i32 i32 i32))"#),
    ("submit-packed", r#""plantroom:plugin/modbus@0.1.4" "submit-packed" (func $submit_packed (param i32 i32) (result i64))"#),
    ("collect-packed", r#""plantroom:plugin/modbus@0.1.4" "collect-packed" (func $collect_packed (param i32 i32))"#),
    ("changes", r#""plantroom:plugin/tags@0.1.4" "changes" (func $changes (param i32))"#),
    ("read", r#""plantroom:plugin/tags@0.1.4" "read" (func $read (param i32 i32 i32))"#),
    (
        "say",
        r#""plantroom:plugin/conditions@0.1.4" "say" (func $say
            (param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32))"#,
    ),
    ("take-events", r#""plantroom:plugin/conditions@0.1.4" "take-events" (func $take_events (param i32))"#),
    ("events-lost", r#""plantroom:plugin/conditions@0.1.4" "lost" (func $events_lost (result i64))"#),
    ("stand", r#""plantroom:plugin/conditions@0.1.4" "stand" (func $stand (param i32 i32 i32))"#),
    ("get", r#""plantroom:plugin/memory@0.1.4" "get" (func $get (param i32 i32 i32))"#),
    ("set", r#""plantroom:plugin/memory@0.1.4" "set" (func $set (param i32 i32 i32 i32) (result i32))"#),
    ("remove", r#""plantroom:plugin/memory@0.1.4" "remove" (func $remove (param i32 i32))"#),
    ("log", r#""plantroom:plugin/log@0.1.4" "write" (func $log (param i32 i32 i32))"#),
];

/// Memory map of every guest: 0 scratch, 1024 columns, 2048 answers of the host, 4096 data, 65536 what the host allocates.
const FRAME: &str = r#"
(module
    IMPORTS
    (memory (export "memory") 4)
    (table $table 1 funcref)
    (global $top (mut i32) (i32.const 65536))
    (global $steps (mut i32) (i32.const 0))
    (data (i32.const 4096) "total hello")
    (func $reset (global.set $top (i32.const 65536)))
    (func (export "cabi_realloc") (param i32 i32 i32 i32) (result i32)
        (local $at i32)
        (local.set $at (i32.and (i32.add (global.get $top) (i32.const 7)) (i32.const -8)))
        (global.set $top (i32.add (local.get $at) (local.get 3)))
        (if (i32.gt_u (global.get $top) (i32.mul (memory.size) (i32.const 65536)))
            (then (drop (memory.grow (i32.const 16)))))
        (local.get $at))
    ;; One float sample at 1024: handle, kind, value, status, time.
    (func $one (param $handle i32) (param $value f64)
        (i32.store (i32.const 1024) (local.get $handle))
        (i32.store8 (i32.const 1028) (i32.const 4))
        (f64.store (i32.const 1032) (local.get $value))
        (i32.store (i32.const 1040) (i32.const 0))
        (i64.store (i32.const 1048) (i64.const 0)))
    SENDONE
    (func (export "plantroom:plugin/guest@0.1.4#init") (param $config i32) (param $len i32) (result i32)
        (i32.store (i32.const 0) (i32.const 0))
        INIT
        (i32.const 0))
    (func (export "plantroom:plugin/guest@0.1.4#step") (param $mono i64) (param $utc i64) (result i64)
        (local $i i32) (local $id i64)
        (call $reset)
        (global.set $steps (i32.add (global.get $steps) (i32.const 1)))
        STEP
        (i64.add (local.get $mono) (i64.const 1000000000)))
    (func (export "plantroom:plugin/guest@0.1.4#stop")
        STOP)
)
"#;

const SEND_ONE: &str = r#"
    (func $send (param $handle i32) (param $value f64)
        (call $one (local.get $handle) (local.get $value))
        (call $publish (i32.const 1024) (i32.const 1) (i32.const 1028) (i32.const 1) (i32.const 1032) (i32.const 1)
            (i32.const 1040) (i32.const 1) (i32.const 1048) (i32.const 1) (i32.const 0) (i32.const 0)))"#;

/// One word at 1024: handle, kind, value, status, time, verb, detail (`hello` where the range says so).
const SAY_ONE: &str = r#"
    (func $word (param $handle i32) (param $verb i32) (param $value f64) (param $detail i64)
        (call $one (local.get $handle) (local.get $value))
        (i32.store8 (i32.const 1056) (local.get $verb))
        (i64.store (i32.const 1064) (local.get $detail))
        (call $say (i32.const 1024) (i32.const 1) (i32.const 1028) (i32.const 1) (i32.const 1032) (i32.const 1)
            (i32.const 1040) (i32.const 1) (i32.const 1048) (i32.const 1) (i32.const 4102) (i32.const 5)
            (i32.const 1056) (i32.const 1) (i32.const 1064) (i32.const 1)))"#;

/// A guest in the making.
#[derive(Default)]
pub struct Guest<'a> {
    /// Imports that it uses, by the names of [`IMPORTS`].
    pub imports: &'a [&'a str],
    /// Body of `init`; the result lies at 0.
    pub init: &'a str,
    /// Body of `step`; it wants its next step after a second.
    pub step: &'a str,
    /// Body of `stop`.
    pub stop: &'a str,
    /// An embedded plugin.toml.
    pub manifest: Option<&'a str>,
}

impl Guest<'_> {
    /// The core module.
    pub fn core(&self) -> Vec<u8> {
        let imports: String = IMPORTS
            .iter()
            .filter(|(name, _)| self.imports.contains(name))
            .map(|(_, text)| format!("(import {text})\n"))
            .collect();
        let mut send = if self.imports.contains(&"publish") { SEND_ONE.to_owned() } else { String::new() };
        if self.imports.contains(&"say") {
            send += SAY_ONE;
        }
        let text = FRAME
            .replace("IMPORTS", &imports)
            .replace("SENDONE", &send)
            .replace("INIT", self.init)
            .replace("STEP", self.step)
            .replace("STOP", self.stop);
        wat::parse_str(text).expect("the guest's text is Wasm")
    }

    /// The component.
    pub fn component(&self) -> Vec<u8> {
        let mut module = self.core();
        let mut resolve = Resolve::default();
        let contract = concat!(env!("CARGO_MANIFEST_DIR"), "/../../wit/plugin-0.1");
        let (package, _) = resolve.push_dir(contract).expect("the contract is WIT");
        let reads = ["changes", "read"].iter().any(|name| self.imports.contains(name));
        let speaks = ["say", "take-events", "events-lost", "stand"].iter().any(|name| self.imports.contains(name));
        let world = if speaks {
            "alarm-logic"
        } else if reads {
            "analytics"
        } else {
            "driver"
        };
        let world = resolve.select_world(&[package], Some(world)).expect("the world is there");
        embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8, false)
            .expect("the module takes the metadata");
        let mut encoder = ComponentEncoder::default();
        encoder.validate(true).module(&module).expect("the module fits its world");
        let mut component = encoder.encode().expect("the component encodes");
        if let Some(manifest) = self.manifest {
            append_section(&mut component, "plantroom:plugin.toml", manifest.as_bytes());
        }
        component
    }
}

/// A custom section at the end of a component.
fn append_section(component: &mut Vec<u8>, name: &str, data: &[u8]) {
    let mut body = Vec::new();
    leb(&mut body, name.len());
    body.extend_from_slice(name.as_bytes());
    body.extend_from_slice(data);
    component.push(0);
    leb(component, body.len());
    component.extend_from_slice(&body);
}

fn leb(bytes: &mut Vec<u8>, mut number: usize) {
    while number >= 0x80 {
        bytes.push((number & 0x7F) as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}
