//! The bench's project as the station's loader would give it: what the sandbox is made for.

use std::path::PathBuf;
use std::sync::Arc;

use plantroom_model::{
    AlarmDetail, AlarmId, AlarmSpec, Condition, ConnectionId, Label, Origin, PluginId, Role, TagId, TagSpec, Value, WriteSpec,
};
use plantroom_project::{
    AlarmGrant, ConnectionSpec, DeviceSpec, Grant, LinkSpec, ListenSpec, Place, Plant, PluginSpec, ScanSpec, StreamSpec, TagIds,
    TcpAddress,
};

use super::{SpecAlarm, SpecConnection, SpecTag};
use crate::Spec;

/// Words about alarms a second that a bench's project grants: no test is about it.
const WORDS_PER_S: u32 = 1_000_000;

impl Spec {
    /// As the project's loader would give it, for the host; the plugin is its only one, and every grant is given.
    pub(crate) fn plant(&self) -> Plant {
        let tags: Arc<[TagSpec]> = self.tags.iter().map(|tag| tag.spec(self)).collect();
        let ids = |wanted: fn(&SpecTag) -> bool| {
            let found = self.tags.iter().enumerate().filter(move |(_, tag)| wanted(tag));
            found.map(|(place, _)| TagId(place as u32)).collect::<Vec<_>>()
        };
        let grant = Grant {
            connections: (0..self.connections.len() as u32).map(ConnectionId).collect(),
            streams: self.stream_places().map(ConnectionId).collect(),
            publish: ids(|tag| tag.publish),
            read: ids(|tag| tag.read),
            write: ids(|tag| tag.write),
            store_bytes: 64 << 10,
            memory_bytes: 128 << 20,
            cpu_pct: 100,
            soft_ms: 1_000,
            hard_ms: 5_000,
            samples_per_s: 1_000_000,
            orders: !self.connections.is_empty(),
            log_lines_per_s: 1_000,
            alarms: self.alarm_grant(),
        };
        Plant {
            root: PathBuf::new(),
            name: "testkit".to_owned(),
            time_zone: "UTC".to_owned(),
            home_screen: String::new(),
            scan: ScanSpec { min_ms: 10, max_ms: 100 },
            listen: ListenSpec { address: std::net::IpAddr::from([127, 0, 0, 1]), port: 0, origins: Vec::new() },
            connections: self.connections.iter().map(SpecConnection::spec).chain(self.link_specs()).collect(),
            plugins: vec![PluginSpec {
                name: "under_test".into(),
                // A path, so that an archive may bear any name.
                component: "under_test.wasm".to_owned(),
                accepts: None,
                config: self.config.clone(),
                grant,
                place: Place::default(),
            }],
            tag_ids: TagIds::of(&tags),
            tag_places: tags.iter().map(|_| Place::default()).collect(),
            tags,
            alarms: self.alarm_specs(),
            automations: Vec::new(),
            instances: Vec::new(),
            screens: Vec::new(),
            ..Plant::default()
        }
    }

    /// The links that are named and not the plugin's own connections, in the order of their first use.
    fn links(&self) -> Vec<&str> {
        let named = self.tags.iter().filter_map(|tag| tag.link.as_deref());
        let mut links = Vec::new();
        for link in named.chain(self.alarms.iter().filter_map(|alarm| alarm.link.as_deref())) {
            if !links.contains(&link) {
                links.push(link);
            }
        }
        links
    }

    /// The connection that stands for a link in the plant.
    fn link_id(&self, link: &str) -> ConnectionId {
        let place = self.links().iter().position(|known| *known == link).unwrap_or_default();
        ConnectionId((self.connections.len() + place) as u32)
    }

    fn link_specs(&self) -> impl Iterator<Item = ConnectionSpec> {
        self.links().into_iter().map(|name| SpecConnection::named(name).spec())
    }

    fn alarm_specs(&self) -> Arc<[AlarmSpec]> {
        self.alarms.iter().map(|alarm| alarm.spec(self)).collect()
    }

    fn alarm_grant(&self) -> AlarmGrant {
        let ids = |wanted: fn(&SpecAlarm) -> bool| {
            let found = self.alarms.iter().enumerate().filter(move |(_, alarm)| wanted(alarm));
            found.map(|(place, _)| AlarmId(place as u32)).collect::<Vec<_>>()
        };
        AlarmGrant {
            raise: ids(|alarm| alarm.raise),
            suppress: ids(|alarm| alarm.suppress),
            mark: ids(|alarm| alarm.mark),
            read: ids(|alarm| alarm.read),
            words_per_s: WORDS_PER_S,
        }
    }
}

impl SpecConnection {
    fn link(&self) -> LinkSpec {
        let at = TcpAddress { host: "localhost".to_owned(), port: 502 };
        match &self.peer {
            None => LinkSpec::Tcp(at),
            Some((_, false)) => LinkSpec::Stream(StreamSpec::Tcp(at)),
            Some((_, true)) => LinkSpec::Stream(StreamSpec::Udp(at)),
        }
    }

    fn spec(&self) -> ConnectionSpec {
        ConnectionSpec {
            name: self.name.as_str().into(),
            driver: PluginId(0),
            link: self.link(),
            pipeline: 1,
            quiet_ms: 0,
            devices: self
                .units
                .iter()
                .map(|(name, settings)| DeviceSpec { name: name.as_str().into(), settings: settings.clone() })
                .collect(),
            timeout_ms: self.timeout_ms,
            device: self.settings.clone(),
        }
    }
}

impl SpecTag {
    fn spec(&self, spec: &Spec) -> TagSpec {
        let origin = match self.connection {
            // Another driver's.
            None if self.link.is_some() => Origin::Driver {
                plugin: PluginId(1),
                connection: spec.link_id(self.link.as_deref().unwrap_or_default()),
                device: None,
                address: "".into(),
            },
            Some(connection) => Origin::Driver {
                plugin: PluginId(0),
                connection: ConnectionId(connection),
                device: self.device,
                address: self.address.as_str().into(),
            },
            None if self.publish => Origin::Analytics { plugin: PluginId(0) },
            None => Origin::Memory { initial: Value::Null },
        };
        let write = self.write.then(|| WriteSpec {
            role: Role::Operate,
            range: None,
            permissives: Vec::new(),
            feedback: None,
            no_feedback: false,
            follow_ms: 2_000,
            tolerance: 0.0,
            expires_ms: 5_000,
            ..WriteSpec::new(plantroom_model::Role::Operate)
        });
        TagSpec { write: write.map(Arc::new), ..TagSpec::new(&self.name, self.kind, origin) }
            .with(|tag| tag.group.clone_from(&self.group))
    }
}

impl SpecAlarm {
    fn spec(&self, spec: &Spec) -> AlarmSpec {
        let condition = match &self.link {
            _ if self.raise => Condition::Plugin { plugin: PluginId(0) },
            Some(link) => Condition::Link { connection: spec.link_id(link), device: None },
            None => Condition::System,
        };
        let text = |text: &str| Label::from(text);
        let detail = AlarmDetail {
            priority: self.priority,
            area: text(&self.area),
            consequence: text(""),
            action: text(""),
            respond_s: 0,
            screen: text(""),
            instance: text(""),
            on_delay_ms: 0,
            off_delay_ms: 0,
            latching: self.latching,
            acknowledge: true,
            realarm_s: 0,
            shelve_max_s: 0,
            shelve_role: Role::Operate,
            first_out: text(&self.group),
        };
        AlarmSpec { name: text(&self.name), message: text(&self.message), condition, detail: Arc::new(detail) }
    }
}
