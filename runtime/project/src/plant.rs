//! A plant, as its folder says it, after every check.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use crate::{AlarmIds, AlarmSettings, Asset, AutomationSpec, OutletSpec, People, ScriptFile, ScriptedAlarm, TagIds, TagPlaces};
use plantroom_archive::{Ask, Trust};
use plantroom_model::{AlarmId, AlarmSpec, ConnectionId, Label, Origin, PluginId, TagId, TagSpec};

/// A whole plant, consistent in itself: every name in it refers to something that exists.
#[derive(Clone, Debug, PartialEq)]
pub struct Plant {
    /// The folder it came from.
    pub root: PathBuf,
    /// The plant's name, for titles.
    pub name: String,
    /// IANA name of its time zone.
    pub time_zone: String,
    /// The screen that consoles open first: file name without `.rhai`.
    pub home_screen: String,
    /// How often the scan runs.
    pub scan: ScanSpec,
    /// Where the server listens.
    pub listen: ListenSpec,
    /// How a running station takes changes of the folder.
    pub change: ChangeSpec,
    /// Links to devices; a [`ConnectionId`] is a place in this list.
    pub connections: Vec<ConnectionSpec>,
    /// Plugins; a [`PluginId`] is a place in this list.
    pub plugins: Vec<PluginSpec>,
    /// Tags, system tags included; a [`TagId`] is a place in this list. Everybody who needs it shares this one.
    pub tags: Arc<[TagSpec]>,
    /// Tag ids by name.
    pub tag_ids: TagIds,
    /// Alarms, those of the station included; an [`AlarmId`] is a place in this list.
    pub alarms: Arc<[AlarmSpec]>,
    /// Alarm ids by name.
    pub alarm_ids: AlarmIds,
    /// Tags of which each limit is an alarm (`limits = { .., alarm = true }`), by name, sorted.
    pub limit_alarms: Vec<Label>,
    /// Where each alarm was declared, in the order of `alarms`.
    pub alarm_places: TagPlaces,
    /// Scripts that say when alarms are active; the number in [`plantroom_model::Condition::Script`] is a place in this list.
    pub alarm_scripts: Vec<ScriptFile>,
    /// What each scripted alarm is about, in the order of ids.
    pub scripted_alarms: Vec<ScriptedAlarm>,
    /// Scripts that say who is told of which alarm.
    pub notify_scripts: Vec<ScriptFile>,
    /// Ways on which people are told.
    pub outlets: Vec<OutletSpec>,
    /// Whose plugins are taken.
    pub trust: Trust,
    /// Who can be told.
    pub people: People,
    /// What holds for all alarms.
    pub alarm_settings: AlarmSettings,
    /// Instances of types, in the order of the files: type, name.
    pub instances: Vec<(String, String)>,
    /// What the station does by itself.
    pub automations: Vec<AutomationSpec>,
    /// Screen scripts.
    pub screens: Vec<ScreenFile>,
    /// Languages, the theme, fonts and images, sorted by path.
    pub assets: Vec<Asset>,
    /// Where each tag was declared, in the order of `tags`; for messages of later checks.
    pub tag_places: TagPlaces,
    /// Texts for people as types write them, with their placeholders: what a language translates.
    pub templates: Vec<String>,
}

impl Default for Plant {
    /// A plant without anything in it.
    fn default() -> Self {
        Self {
            root: PathBuf::new(),
            name: String::new(),
            time_zone: "UTC".to_owned(),
            home_screen: String::new(),
            scan: ScanSpec { min_ms: 10, max_ms: 100 },
            listen: ListenSpec { address: std::net::Ipv4Addr::LOCALHOST.into(), port: 8600, origins: Vec::new() },
            change: ChangeSpec::default(),
            connections: Vec::new(),
            plugins: Vec::new(),
            automations: Vec::new(),
            tags: Arc::new([]),
            tag_ids: TagIds::default(),
            alarms: Arc::new([]),
            alarm_ids: AlarmIds::default(),
            limit_alarms: Vec::new(),
            alarm_places: TagPlaces::default(),
            alarm_scripts: Vec::new(),
            scripted_alarms: Vec::new(),
            notify_scripts: Vec::new(),
            outlets: Vec::new(),
            trust: Trust::default(),
            people: People::default(),
            alarm_settings: AlarmSettings::default(),
            instances: Vec::new(),
            screens: Vec::new(),
            assets: Vec::new(),
            tag_places: TagPlaces::default(),
            templates: Vec::new(),
        }
    }
}

impl ConnectionSpec {
    /// The project has no such connection any more: its entry stays so that no id moves, and its name is empty.
    pub fn is_gone(&self) -> bool {
        self.name.is_empty()
    }
}

impl PluginSpec {
    /// The project has no such plugin any more: its entry stays so that no id moves, and its name is empty.
    pub fn is_gone(&self) -> bool {
        self.name.is_empty()
    }
}

impl fmt::Display for LinkSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(at) => write!(f, "{}:{}", at.host, at.port),
            Self::RtuOverTcp(at) => write!(f, "{}:{} (RTU over TCP)", at.host, at.port),
            Self::Serial(line) => line.fmt(f),
            Self::Stream(StreamSpec::Tcp(at)) => write!(f, "{}:{} (bytes)", at.host, at.port),
            Self::Stream(StreamSpec::Udp(at)) => write!(f, "{}:{} (UDP)", at.host, at.port),
            Self::Stream(StreamSpec::Serial(line)) => write!(f, "{line} (bytes)"),
        }
    }
}

impl fmt::Display for SerialSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parity = match self.parity {
            Parity::None => 'N',
            Parity::Even => 'E',
            Parity::Odd => 'O',
        };
        write!(f, "{} {} {}{parity}{}", self.port, self.baud, self.data_bits, self.stop_bits)
    }
}

impl Plant {
    /// The tag of this name.
    pub fn tag(&self, name: &str) -> Option<(TagId, &TagSpec)> {
        let id = *self.tag_ids.get(name)?;
        Some((id, self.tags.get(id.0 as usize)?))
    }

    /// The alarm of this name.
    pub fn alarm(&self, name: &str) -> Option<(AlarmId, &AlarmSpec)> {
        let id = *self.alarm_ids.get(name)?;
        Some((id, self.alarms.get(id.0 as usize)?))
    }

    /// The connection of this name.
    pub fn connection(&self, name: &str) -> Option<(ConnectionId, &ConnectionSpec)> {
        (0..).map(ConnectionId).zip(&self.connections).find(|(_, connection)| &*connection.name == name)
    }

    /// The name of a plugin; empty where there is none.
    pub fn plugin_name(&self, id: PluginId) -> &str {
        self.plugins.get(id.0 as usize).map_or("", |plugin| &plugin.name)
    }

    /// The name of the connection that a tag is polled over.
    pub fn connection_of(&self, tag: &TagSpec) -> Option<&str> {
        let Origin::Driver { connection, .. } = &tag.origin else { return None };
        self.connections.get(connection.0 as usize).map(|connection| &*connection.name)
    }

    /// Derived tags and totals, each after those of them that it is computed from.
    pub fn computed_in_order(&self) -> Vec<TagId> {
        crate::derive::in_order(&self.tags)
    }

    /// The plugin of this name.
    pub fn plugin(&self, name: &str) -> Option<(PluginId, &PluginSpec)> {
        (0..).map(PluginId).zip(&self.plugins).find(|(_, plugin)| &*plugin.name == name)
    }
}

/// Where something was declared: file, line, column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// File, relative to the project folder; empty for what the station adds itself.
    pub file: Arc<str>,
    /// Line and column, from 1.
    pub place: (u32, u32),
}

impl Default for Place {
    fn default() -> Self {
        Self { file: Arc::from(""), place: (0, 0) }
    }
}

/// How often the scan runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScanSpec {
    /// Shortest time between two scans, in ms.
    pub min_ms: u32,
    /// Longest, in ms.
    pub max_ms: u32,
}

/// Where the server listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenSpec {
    /// Address to bind; loopback unless the project says otherwise.
    pub address: std::net::IpAddr,
    /// TCP port; 0 takes a free one.
    pub port: u16,
    /// Web origins, other than the station's own, whose pages may use the API.
    pub origins: Vec<String>,
}

/// How a running station takes changes of its project folder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ChangeSpec {
    /// What saving files does.
    pub apply: ApplyWhen,
}

/// When saved files are applied to the running plant. Screens alone are always shown at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ApplyWhen {
    /// When an engineer asks for it; until then they wait, checked and with a preview.
    #[default]
    OnRequest,
    /// As soon as they are saved and without a mistake.
    OnSave,
}

/// A named link to a device.
#[derive(Clone, Debug, PartialEq)]
pub struct ConnectionSpec {
    /// Unique in the plant.
    pub name: Arc<str>,
    /// The plugin that drives it.
    pub driver: PluginId,
    /// How the device is reached.
    pub link: LinkSpec,
    /// How long one transaction may take, in ms.
    pub timeout_ms: u32,
    /// Transactions that may be on the way at once; 1 unless the device is known to take more.
    pub pipeline: u8,
    /// How long a serial line is kept quiet between an answer and the next request, in ms, for devices that need more than the
    /// standard's 3.5 characters; 0 for these. It is never less than them.
    pub quiet_ms: u32,
    /// Settings that are the driver's business (unit, word order, block size ...), as a JSON object: those of the only
    /// device, or the defaults for all of `devices`.
    pub device: serde_json::Value,
    /// The devices behind the link, where there are several.
    pub devices: Vec<DeviceSpec>,
}

/// One of several devices behind a link.
#[derive(Clone, Debug, PartialEq)]
pub struct DeviceSpec {
    /// Unique within its connection.
    pub name: Arc<str>,
    /// Its settings, a JSON object with those of the connection already in it.
    pub settings: serde_json::Value,
}

/// How a device is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkSpec {
    /// Modbus TCP.
    Tcp(TcpAddress),
    /// Serial frames over a TCP socket, as serial servers pass them.
    RtuOverTcp(TcpAddress),
    /// A serial line.
    Serial(SerialSpec),
    /// Bytes, for a protocol that only the driver knows.
    Stream(StreamSpec),
}

/// How bytes reach a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StreamSpec {
    /// Over a TCP connection that the station opens.
    Tcp(TcpAddress),
    /// As datagrams, to one address and from there.
    Udp(TcpAddress),
    /// Over a serial line.
    Serial(SerialSpec),
}

/// A serial line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SerialSpec {
    /// The device file: `/dev/ttyUSB0`, `COM3`.
    pub port: String,
    /// Bits a second.
    pub baud: u32,
    /// 7 or 8.
    pub data_bits: u8,
    /// Modbus's own is even.
    pub parity: Parity,
    /// 1 or 2.
    pub stop_bits: u8,
}

/// Parity of a serial line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parity {
    /// None.
    None,
    /// Even.
    Even,
    /// Odd.
    Odd,
}

/// An endpoint by name or number: of TCP, or of UDP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TcpAddress {
    /// Host name or IP address.
    pub host: String,
    /// Port.
    pub port: u16,
}

/// A plugin and what it may do.
#[derive(Clone, Debug, PartialEq)]
pub struct PluginSpec {
    /// Unique in the plant; not necessarily the component's name.
    pub name: Arc<str>,
    /// Name of the component (`modbus`: searched in the project's `plugins/`, then beside the program), or a
    /// path relative to the project folder that ends in `.plantroom` (an archive) or `.wasm`.
    pub component: String,
    /// What it asked for when its grant was written.
    pub accepts: Option<Ask>,
    /// The plugin's own configuration, a JSON object.
    pub config: serde_json::Value,
    /// What it may do.
    pub grant: Grant,
    /// Where it was declared.
    pub place: Place,
}

/// What a project grants a plugin: the other half of what its `plugin.toml` asks for.
#[derive(Clone, Debug, PartialEq)]
pub struct Grant {
    /// Links it may use: by transactions (import `modbus`), or by bytes (import `stream`).
    pub connections: Vec<ConnectionId>,
    /// Those of them that carry bytes: it may write anything to what is behind them.
    pub streams: Vec<ConnectionId>,
    /// Tags it may publish (import `samples`).
    pub publish: Vec<TagId>,
    /// Tags it may read (import `tags`).
    pub read: Vec<TagId>,
    /// Whether it may take write orders at all (import `orders`): `write` stands in the grant, even as an empty list.
    pub orders: bool,
    /// Tags whose write orders it may take.
    pub write: Vec<TagId>,
    /// Quota of its persistent store, in bytes (import `memory`); 0 grants none.
    pub store_bytes: u64,
    /// All its linear memories together, in bytes.
    pub memory_bytes: u64,
    /// Share of one core that it may use in the long run, in percent.
    pub cpu_pct: u32,
    /// A step that takes longer is counted and told, in ms.
    pub soft_ms: u32,
    /// A step that takes longer is ended, in ms.
    pub hard_ms: u32,
    /// Samples a second it may publish.
    pub samples_per_s: u32,
    /// Log lines a second.
    pub log_lines_per_s: u32,
    /// What it may do about alarms (import `conditions`).
    pub alarms: AlarmGrant,
}

impl Grant {
    /// Whether any of its links carries Modbus.
    pub fn has_modbus(&self) -> bool {
        self.connections.len() > self.streams.len()
    }
}

/// What a project grants an alarm-logic plugin: `[plugin.grant.alarms]`. Lists are sorted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AlarmGrant {
    /// Its own alarms: it says when they hold, and hears what happens to them.
    pub raise: Vec<AlarmId>,
    /// Alarms that it may suppress by design.
    pub suppress: Vec<AlarmId>,
    /// Alarms that it may mark: as the first of their group, and with a likely cause.
    pub mark: Vec<AlarmId>,
    /// Alarms that it hears of.
    pub read: Vec<AlarmId>,
    /// Words about alarms that it may say in a second.
    pub words_per_s: u32,
}

impl AlarmGrant {
    /// Whether anything is granted.
    pub fn any(&self) -> bool {
        [&self.raise, &self.suppress, &self.mark, &self.read].into_iter().any(|list| !list.is_empty())
    }
}

/// A screen script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScreenFile {
    /// Path below the project's `screens/`, with `/`: `1_overview.rhai`, `parts/pump.rhai`.
    pub path: String,
    /// Its text.
    pub text: String,
}
