//! Names become ids: each reference from one table to another is looked up, and checked for sense.

use plantroom_model::{
    ConnectionId, Label, Origin, Permissive, PermissiveTest, PluginId, TagId, TagSpec, TotalSpec, ValueKind, WriteSpec,
};

use crate::connections::ConnectionDecl;
use crate::derive;
use crate::names::Names;
use crate::plugins::PluginDecl;
use crate::pool::Pool;
use crate::report::{Report, Spot};
use crate::shared::Kept;
use crate::tag::{SourceDecl, TagDecl};
use crate::write::WriteDecl;

/// Everything that has a name.
#[derive(Debug)]
pub(crate) struct Everything<'a> {
    pub connections: &'a [ConnectionDecl],
    pub connection_names: &'a Names,
    /// The plugin of each connection, where it exists.
    pub drivers: &'a [Option<PluginId>],
    pub plugins: &'a [PluginDecl],
    pub plugin_names: &'a Names,
    pub tag_names: &'a Names,
    /// Kinds of tags by id; `Null` where the kind is a mistake of its own.
    pub kinds: &'a [ValueKind],
}

/// The plugin of each connection.
pub(crate) fn drivers(connections: &[ConnectionDecl], plugins: &Names, report: &mut Report) -> Vec<Option<PluginId>> {
    let mut driver = |connection: &ConnectionDecl| {
        let (name, spot) = connection.driver.as_ref()?;
        plugins.find(name, *spot, report).map(PluginId)
    };
    connections.iter().map(&mut driver).collect()
}

/// Silence that counts as a missed poll where neither the tag nor the driver's groups say anything, in ms.
const STALE_AFTER_MS: u32 = 10_000;

impl Everything<'_> {
    /// A tag with its references resolved; what can't be resolved is told and left as it is.
    pub fn resolve(&self, name: Label, decl: TagDecl, kept: &mut Kept, report: &mut Report) -> TagSpec {
        let TagDecl { description, detail, instance, source, write, stale_after_ms, .. } = decl;
        let (kind, retain, said) = (detail.kind, detail.retain, stale_after_ms.unwrap_or(0));
        // How long it may be silent, and whether it is kept, follow from where its value comes from.
        let (origin, stale_after_ms, retain) = match source {
            SourceDecl::Connection { name, spot, device, address } => {
                let group = &detail.group;
                let found = self.connection(name, spot, device, &kept.texts, report);
                found.map_or((Origin::System, 0, retain), |(connection, plugin, device)| {
                    let stale_after_ms = stale_after_ms.unwrap_or_else(|| self.stale_after_ms(plugin, group));
                    let address = kept.texts.label(address);
                    (Origin::Driver { plugin, connection, device, address }, stale_after_ms, retain)
                })
            }
            SourceDecl::Plugin { name, spot } => match self.plugin_names.find(kept.texts.get(name), spot, report) {
                Some(id) => (Origin::Analytics { plugin: PluginId(id) }, said, retain),
                None => (Origin::System, 0, retain),
            },
            SourceDecl::Derived { expression, spot } => {
                let derived = derive::resolve(&expression, kind, spot, self, report);
                (derived.map_or(Origin::System, |derived| Origin::Derived(Box::new(derived))), 0, retain)
            }
            SourceDecl::Total(total) => {
                let (of, spot, how) = *total;
                let source = self.tag_names.find(&of, spot, report).map(TagId);
                source.iter().for_each(|id| derive::check_total(&of, self.kind(id.0), how, spot, report));
                let origin = source.map(|source| Origin::Total(Box::new(TotalSpec { source, how })));
                // A total that began again at 0 after each restart would be none.
                origin.map_or((Origin::System, 0, retain), |origin| (origin, 0, true))
            }
            SourceDecl::Memory(initial) => (Origin::Memory { initial }, 0, retain),
            SourceDecl::NotKnown => (Origin::System, 0, retain),
        };
        let detail = kept.details.changed(&detail, |detail| (detail.stale_after_ms, detail.retain) = (stale_after_ms, retain));
        let write = write.map(|write| kept.writes.one(self.resolve_write(&write, kind, report)));
        TagSpec { name, description: kept.texts.label(description), origin, write, instance, detail }
    }

    /// A connection's id, its plugin, and which of its devices is meant.
    fn connection(
        &self,
        name: u32,
        spot: Spot,
        device: Option<(u32, Spot)>,
        texts: &Pool,
        report: &mut Report,
    ) -> Option<(ConnectionId, PluginId, Option<u32>)> {
        let id = self.connection_names.find(texts.get(name), spot, report)?;
        let device = device.map(|(device, spot)| (texts.get(device), spot));
        let device = self.device(id, device, spot, report);
        let plugin = self.drivers.get(id as usize).copied().flatten()?;
        Some((ConnectionId(id), plugin, device))
    }

    /// The device of a tag; told where a connection has several and the tag doesn't say which.
    fn device(&self, connection: u32, device: Option<(&str, Spot)>, spot: Spot, report: &mut Report) -> Option<u32> {
        let connection = self.connections.get(connection as usize)?;
        match (device, connection.devices.as_slice()) {
            (None, []) => None,
            (None, [_]) => Some(0),
            (None, several) => {
                let message =
                    format!("the connection `{}` has {} devices, and this tag doesn't say which", connection.name, several.len());
                let some: Vec<String> = several.iter().take(8).map(|device| format!("`{}`", device.name)).collect();
                let more = if several.len() > some.len() { " ..." } else { "" };
                report.error(spot, message, format!("add device = \"...\": there is {}{more}", some.join(", ")));
                None
            }
            (Some((name, spot)), []) if connection.device_names.is_complete() => {
                let message =
                    format!("the connection `{}` has no list of devices, so there is no `{name}` on it", connection.name);
                let help = "add [[connection.devices]] with this name to connections.toml, or remove device here";
                report.error(spot, message, help);
                None
            }
            (Some((name, spot)), _) => connection.device_names.find(name, spot, report),
        }
    }

    /// Three periods of the tag's polling group where the driver's configuration names them (`groups = { slow = 60000 }`).
    fn stale_after_ms(&self, plugin: PluginId, group: &str) -> u32 {
        let group = if group.is_empty() { "normal" } else { group };
        let config = self.plugins.get(plugin.0 as usize).map(|plugin| &plugin.config);
        let period = config.and_then(|config| config.get("groups")?.get(group)?.as_u64()).unwrap_or(0);
        u32::try_from(period.saturating_mul(3)).unwrap_or(u32::MAX).max(STALE_AFTER_MS)
    }

    fn resolve_write(&self, decl: &WriteDecl, kind: ValueKind, report: &mut Report) -> WriteSpec {
        let feedback = decl.feedback.as_ref().and_then(|(name, spot)| {
            let id = self.tag_names.find(name, *spot, report)?;
            let other = self.kind(id);
            if kind != ValueKind::Null && other != ValueKind::Null && (kind == ValueKind::Text) != (other == ValueKind::Text) {
                let message =
                    format!("a tag of kind {} can't be confirmed by `{name}`, which is of kind {}", kind.word(), other.word());
                report.error(*spot, message, "name a tag that shows the same value, or set no_feedback = true");
            }
            Some(TagId(id))
        });
        let permissives = decl.permissives.iter().filter_map(|permissive| {
            let id = self.tag_names.find(&permissive.tag, permissive.spot, report)?;
            self.check_permissive(&permissive.tag, self.kind(id), permissive.test, permissive.spot, report);
            let message = permissive.message.clone().unwrap_or_else(|| permissive_words(&permissive.tag, permissive.test));
            Some(Permissive { tag: TagId(id), test: permissive.test, message, only_for: permissive.only_for })
        });
        WriteSpec {
            permissives: permissives.collect(),
            role: decl.role,
            range: decl.range,
            feedback,
            no_feedback: decl.no_feedback,
            follow_ms: decl.follow_ms,
            tolerance: decl.tolerance,
            expires_ms: decl.expires_ms,
            essential: decl.essential,
            max_step: decl.max_step,
            min_interval_ms: decl.min_interval_ms,
            pulse: decl.pulse.clone(),
            confirmation: decl.confirmation.clone(),
        }
    }

    fn check_permissive(&self, tag: &str, kind: ValueKind, test: PermissiveTest, spot: Spot, report: &mut Report) {
        match (kind, test) {
            (ValueKind::Text, _) => {
                report.error(
                    spot,
                    format!("a permissive compares numbers, but `{tag}` is text"),
                    "name a tag of kind bool, int, uint or float",
                );
            }
            (ValueKind::Bool, PermissiveTest::Is(value)) if value != 0.0 && value != 1.0 => {
                report.error(spot, format!("`{tag}` is a bool and is never {value}"), "write is = true or is = false");
            }
            _ => {}
        }
    }

    /// What a tag holds; `Null` where that is a mistake of its own.
    pub fn kind(&self, id: u32) -> ValueKind {
        self.kinds.get(id as usize).copied().unwrap_or(ValueKind::Null)
    }
}

/// What the operator is told of a permissive that says nothing itself.
pub(crate) fn permissive_words(tag: &str, test: PermissiveTest) -> String {
    match test {
        PermissiveTest::AtLeast(value) => format!("{tag} must be at least {value}"),
        PermissiveTest::AtMost(value) => format!("{tag} must be at most {value}"),
        PermissiveTest::Is(value) => format!("{tag} must be {value}"),
    }
}
