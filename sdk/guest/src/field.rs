//! What the fields of a derived plugin can be, and where each finds itself in the setup.

use std::cell::{Cell, RefCell};
use std::ops::Deref;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::Value as Json;

use crate::{
    ConnectionInfo, DeviceInfo, Input, Modbus, Problems, Setpoint, Setup, Signal, Stream, Tag, TagInfo, TagValue, orders,
};

/// The part of a setup that one struct is made from: one connection with its tags, or the whole plugin.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    /// The whole setup.
    pub setup: &'a Setup,
    /// The connection, where the struct has one.
    pub connection: Option<&'a ConnectionInfo>,
    /// The device, where there are several behind the connection.
    pub device: Option<&'a DeviceInfo>,
}

/// Where a field of some type comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// A key of the device's settings, or of the plugin's configuration.
    Config,
    /// A tag that the plugin publishes.
    Tag,
    /// A tag that the plugin reads.
    Input,
    /// An alarm of the plugin's own.
    Condition,
    /// Another alarm.
    Alarm,
    /// The connection.
    Connection,
    /// Nowhere: it starts empty.
    State,
}

/// A type that a field of a derived plugin can have.
pub trait Field: Sized {
    /// Where it comes from.
    const SOURCE: Source;

    /// The key or name under which a field is looked for; [`Duration`]s are told in ms.
    fn key(field: &str) -> String {
        field.to_owned()
    }

    /// Whether the setup says anything about it.
    fn is_given(scope: &Scope<'_>, field: &str) -> bool;

    /// Finds it.
    ///
    /// # Errors
    /// What is wrong or missing, and what to do.
    fn find(scope: &Scope<'_>, field: &str) -> Result<Self, Problems>;
}

impl<'a> Scope<'a> {
    /// The whole plugin as one scope.
    pub fn whole(setup: &'a Setup) -> Self {
        Self { setup, connection: None, device: None }
    }

    /// A scope for each connection, and for each device where there are several behind one; the whole plugin where it has
    /// no connection.
    pub fn each(setup: &'a Setup) -> Vec<Self> {
        if setup.connections.is_empty() {
            return vec![Self::whole(setup)];
        }
        let mut scopes = Vec::new();
        for connection in &setup.connections {
            let scope = Self { setup, connection: Some(connection), device: None };
            if connection.devices.is_empty() {
                scopes.push(scope);
            }
            scopes.extend(connection.devices.iter().map(|device| Self { device: Some(device), ..scope }));
        }
        scopes
    }

    /// The name of its device, for messages: the device's own, or the connection's; empty for none.
    pub fn name(&self) -> String {
        match (self.connection, self.device) {
            (Some(connection), Some(device)) => format!("{}/{}", connection.name, device.name),
            (Some(connection), None) => connection.name.clone(),
            (None, _) => String::new(),
        }
    }

    fn settings(&self) -> Option<&'a Json> {
        self.device.map(|device| &device.settings).or_else(|| self.connection.map(|connection| &connection.device))
    }

    /// The tags of this scope.
    pub fn tags(&self) -> impl Iterator<Item = &'a TagInfo> + use<'a> {
        let index = self.connection.map(|connection| connection.index);
        let device = self.device.map(|device| device.index);
        self.setup.tags.iter().filter(move |tag| index.is_none() || (tag.connection == index && tag.device == device))
    }

    /// A key of the device's settings; where they don't have it, of the plugin's configuration.
    pub fn config(&self, key: &str) -> Option<&'a Json> {
        self.settings().and_then(|settings| settings.get(key)).or_else(|| self.setup.plugin.get(key))
    }

    /// Problems with keys and tags that no field is for; deriving calls it with all names.
    pub fn check_unknown(&self, config: &[String], tags: &[&str]) -> Problems {
        let mut problems = Problems::new();
        if let Some(settings) = self.settings() {
            let place = format!("the device settings of connection `{}`", self.name());
            check_keys(settings, &place, config, &mut problems);
        }
        check_keys(&self.setup.plugin, "the plugin's configuration", config, &mut problems);
        for tag in self.tags().filter(|tag| tag.publish && !tags.iter().any(|field| names(tag, field))) {
            let known = list(tags.iter().copied());
            let sentence = match tag.address.as_str() {
                "" => format!("nothing in this plugin is called `{}`; end the tag's name in {known}", tag.short_name()),
                address => format!("this plugin knows no address `{address}`; use {known}"),
            };
            problems.add_tag(tag, sentence);
        }
        problems
    }

    fn tag(&self, field: &str, may: fn(&TagInfo) -> bool) -> Result<Option<&'a TagInfo>, Problems> {
        let mut found = self.tags().filter(|tag| may(tag) && names(tag, field));
        match (found.next(), found.next()) {
            (Some(one), Some(other)) => Err(Problems::tag(
                other,
                format!("`{}` and `{}` are both this plugin's `{field}`; keep one of them", one.name, other.name),
            )),
            (found, _) => Ok(found),
        }
    }

    fn needed_tag(&self, field: &str, right: &str, may: fn(&TagInfo) -> bool) -> Result<&'a TagInfo, Problems> {
        self.tag(field, may)?.ok_or_else(|| {
            Problems::one(match self.connection {
                Some(_) => format!("connection `{}` has no tag with address \"{field}\"; add one", self.name()),
                None => format!("no tag whose name ends in `{field}` is granted to this plugin for `{right}`; add one"),
            })
        })
    }
}

/// A tag is a field's by its address; where it has none, by the end of its name.
fn names(tag: &TagInfo, field: &str) -> bool {
    if !tag.address.is_empty() {
        return tag.address == field;
    }
    tag.name.strip_suffix(field).is_some_and(|before| before.is_empty() || before.ends_with('/'))
}

fn check_keys(object: &Json, place: &str, known: &[String], problems: &mut Problems) {
    for key in object.as_object().into_iter().flat_map(|object| object.keys()) {
        if !known.contains(key) {
            let list = list(known.iter().map(String::as_str));
            problems.add(format!("{place} has the key `{key}`, which this plugin doesn't know; it knows {list}"));
        }
    }
}

fn list<'a>(words: impl Iterator<Item = &'a str>) -> String {
    let words: Vec<String> = words.map(|word| format!("`{word}`")).collect();
    if words.is_empty() { "none".to_owned() } else { words.join(", ") }
}

impl<T: TagValue> Field for Tag<T> {
    const SOURCE: Source = Source::Tag;

    fn is_given(scope: &Scope<'_>, field: &str) -> bool {
        !matches!(scope.tag(field, |tag| tag.publish), Ok(None))
    }

    fn find(scope: &Scope<'_>, field: &str) -> Result<Self, Problems> {
        scope.needed_tag(field, "publish", |tag| tag.publish)?.to_publish()
    }
}

impl<T: TagValue> Field for Setpoint<T> {
    const SOURCE: Source = Source::Tag;

    fn is_given(scope: &Scope<'_>, field: &str) -> bool {
        Tag::<T>::is_given(scope, field)
    }

    fn find(scope: &Scope<'_>, field: &str) -> Result<Self, Problems> {
        orders::listen();
        Tag::find(scope, field).map(Setpoint)
    }
}

impl<T: TagValue> Field for Input<T> {
    const SOURCE: Source = Source::Input;

    fn is_given(scope: &Scope<'_>, field: &str) -> bool {
        !matches!(scope.tag(field, |tag| tag.read), Ok(None))
    }

    fn find(scope: &Scope<'_>, field: &str) -> Result<Self, Problems> {
        scope.needed_tag(field, "read", |tag| tag.read)?.to_read()
    }
}

impl Field for Modbus {
    const SOURCE: Source = Source::Connection;

    fn is_given(scope: &Scope<'_>, _: &str) -> bool {
        scope.connection.is_some()
    }

    fn find(scope: &Scope<'_>, _: &str) -> Result<Self, Problems> {
        match connection(scope)? {
            bytes if !bytes.carries.is_empty() => Err(Problems::one(format!(
                "connection `{}` carries bytes, and this plugin speaks Modbus; write `tcp`, `rtu_over_tcp` or `serial` without `stream`",
                bytes.name
            ))),
            modbus => Ok(modbus.modbus()),
        }
    }
}

impl Field for Stream {
    const SOURCE: Source = Source::Connection;

    fn is_given(scope: &Scope<'_>, _: &str) -> bool {
        scope.connection.is_some()
    }

    fn find(scope: &Scope<'_>, _: &str) -> Result<Self, Problems> {
        match connection(scope)? {
            modbus if modbus.carries.is_empty() => Err(Problems::one(format!(
                "connection `{}` carries Modbus, and this plugin needs bytes; write stream = {{ tcp = \"host:port\" }}",
                modbus.name
            ))),
            bytes => Ok(bytes.stream()),
        }
    }
}

fn connection<'a>(scope: &Scope<'a>) -> Result<&'a ConnectionInfo, Problems> {
    scope.connection.ok_or_else(|| {
        Problems::one("this plugin has no connection; name it as `driver` of one in connections.toml and grant it")
    })
}

/// What may be left out.
impl<F: Field> Field for Option<F> {
    const SOURCE: Source = F::SOURCE;

    fn key(field: &str) -> String {
        F::key(field)
    }

    fn is_given(scope: &Scope<'_>, field: &str) -> bool {
        F::is_given(scope, field)
    }

    fn find(scope: &Scope<'_>, field: &str) -> Result<Self, Problems> {
        if F::is_given(scope, field) { F::find(scope, field).map(Some) } else { Ok(None) }
    }
}

macro_rules! state {
    ($($type:ty, [$($generic:ident)?];)*) => {
        $(
            impl$(<$generic: Default>)? Field for $type {
                const SOURCE: Source = Source::State;

                fn is_given(_: &Scope<'_>, _: &str) -> bool {
                    true
                }

                fn find(_: &Scope<'_>, _: &str) -> Result<Self, Problems> {
                    Ok(Self::default())
                }
            }
        )*
    };
}

state! {
    Cell<T>, [T];
    RefCell<T>, [T];
    Signal, [];
}

/// A field read by serde: any type of yours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Config<T>(pub T);

impl<T> Deref for Config<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: DeserializeOwned> Field for Config<T> {
    const SOURCE: Source = Source::Config;

    fn is_given(scope: &Scope<'_>, field: &str) -> bool {
        scope.config(field).is_some()
    }

    fn find(scope: &Scope<'_>, field: &str) -> Result<Self, Problems> {
        read(scope, field).map(Self)
    }
}

macro_rules! config {
    ($($type:ty),*) => {
        $(
            impl Field for $type {
                const SOURCE: Source = Source::Config;

                fn is_given(scope: &Scope<'_>, field: &str) -> bool {
                    scope.config(field).is_some()
                }

                fn find(scope: &Scope<'_>, field: &str) -> Result<Self, Problems> {
                    read(scope, field)
                }
            }
        )*
    };
}

config!(bool, u8, u16, u32, u64, i8, i16, i32, i64, f32, f64, String, crate::WordOrder, Vec<f64>, Vec<u16>, Vec<String>);

impl Field for Duration {
    const SOURCE: Source = Source::Config;

    fn key(field: &str) -> String {
        format!("{field}_ms")
    }

    fn is_given(scope: &Scope<'_>, field: &str) -> bool {
        scope.config(&Self::key(field)).is_some()
    }

    fn find(scope: &Scope<'_>, field: &str) -> Result<Self, Problems> {
        read(scope, &Self::key(field)).map(Self::from_millis)
    }
}

fn read<T: DeserializeOwned>(scope: &Scope<'_>, key: &str) -> Result<T, Problems> {
    let place = scope.connection.map_or_else(
        || "its configuration".to_owned(),
        |_| format!("the device settings of connection `{}` or the plugin's configuration", scope.name()),
    );
    let Some(found) = scope.config(key) else {
        return Err(Problems::one(format!("this plugin needs `{key}`; add it to {place}")));
    };
    T::deserialize(found).map_err(|error| Problems::one(format!("`{key}` in {place} can't be used: {error}")))
}
