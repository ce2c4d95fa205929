//! `plantroom screen symbols`: every function of screens with its options.

use anyhow::Result;
use clap::Args;
use plantroom_scene::PARTS;
use plantroom_scene::guide::{self, Function};
use serde_json::{Value, json};

#[derive(Args)]
pub struct Symbols {
    /// Only these functions: pump, table, ...
    names: Vec<String>,
    /// Prints one of the library's parts, such as the faceplate `pump`: to be read, or as the start of one of your own.
    #[arg(long, value_name = "NAME", conflicts_with_all = ["names", "json"])]
    part: Option<String>,
    /// JSON instead of text.
    #[arg(long)]
    json: bool,
}

impl Symbols {
    pub fn run(self) -> Result<()> {
        if let Some(part) = &self.part {
            return print_part(part);
        }
        if let Some(unknown) = self.names.iter().find(|name| guide::function(name).is_none()) {
            let near = plantroom_model::nearest(unknown, guide::functions().map(|function| function.name));
            let hint = near.map_or_else(String::new, |near| format!(" Did you mean `{near}`?"));
            let message = format!("There is no screen function `{unknown}`.{hint} All of them: plantroom screen symbols");
            return Err(crate::exit::Failure::usage(message).into());
        }
        let chosen = guide::functions().filter(|function| self.names.is_empty() || self.names.iter().any(|n| n == function.name));
        if self.json {
            let all: Vec<Value> = chosen.map(as_json).collect();
            println!("{}", serde_json::to_string_pretty(&all)?);
        } else if self.names.is_empty() {
            chosen.for_each(|function| println!("{}{}\n    {}", function.name, function.arguments, function.what));
        } else {
            chosen.for_each(whole);
        }
        Ok(())
    }
}

fn print_part(name: &str) -> Result<()> {
    let names = PARTS.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    let Some((_, text)) = PARTS.iter().find(|(known, _)| *known == name) else {
        return Err(crate::exit::Failure::usage(format!("The library has no part `{name}`; it has {names}.")).into());
    };
    println!("{}", text.trim_end());
    Ok(())
}

/// Everything about one.
fn whole(function: &Function) {
    println!("{}{}\n    {}\n    {}", function.name, function.arguments, function.what, function.usage);
    let facts = guide::FACTS.iter().filter(|_| function.facts);
    let every = guide::EVERY_OBJECT.iter().filter(|_| function.object);
    for (name, what) in function.options.iter().chain(facts).chain(every) {
        println!("    {name:<14} {what}");
    }
    if !function.press.is_empty() {
        println!("    {}", function.press);
    }
}

fn as_json(function: &Function) -> Value {
    let options =
        |all: &[(&str, &str)]| -> Vec<Value> { all.iter().map(|(name, what)| json!({ "name": name, "what": what })).collect() };
    json!({
        "name": function.name,
        "group": function.group.title(),
        "arguments": function.arguments,
        "usage": function.usage,
        "what": function.what,
        "options": options(function.options),
        "facts": if function.facts { options(&guide::FACTS) } else { Vec::new() },
        "every_symbol": if function.object { options(&guide::EVERY_OBJECT) } else { Vec::new() },
        "press": function.press,
        "example": function.example,
    })
}
