//! Whose plugins a site takes.

use std::fmt;

use crate::{Archive, Day, PublicKey, Signature, Signer};

/// A key that a site trusts, and how far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustedKey {
    /// Whose it is, as people call them.
    pub name: String,
    /// The key.
    pub key: PublicKey,
    /// Which plugins: names, or beginnings with `*` behind them. Empty: all.
    pub plugins: Vec<String>,
    /// The last day of which signatures count.
    pub until: Option<Day>,
    /// Why nothing that it has signed is taken any more.
    pub revoked: Option<String>,
}

/// Whom a site trusts, and what it asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trust {
    /// Publishers.
    pub publishers: Vec<TrustedKey>,
    /// The site's own keys.
    pub sites: Vec<TrustedKey>,
    /// Plugins that nobody trusted has signed are taken too, and shown as such.
    pub allow_unsigned: bool,
    /// Every plugin must carry the site's own signature too.
    pub counter_signed: bool,
}

/// On whose word an archive is taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// A publisher's; and the site's, where it has looked at it too.
    Publisher {
        /// Who.
        name: String,
        /// Whose counter-signature it has.
        site: Option<String>,
    },
    /// The site's alone.
    Site {
        /// Whose.
        name: String,
    },
    /// Nobody's: the project allows that.
    Unsigned {
        /// Why nobody's word counts, as a sentence's end.
        why: String,
    },
}

impl Standing {
    /// Whether nobody has given a word for it.
    pub fn is_unsigned(&self) -> bool {
        matches!(self, Self::Unsigned { .. })
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Publisher { name, site: None } => write!(f, "signed by {name}"),
            Self::Publisher { name, site: Some(site) } => write!(f, "signed by {name}, counter-signed by {site}"),
            Self::Site { name } => write!(f, "signed by {name} (the site)"),
            Self::Unsigned { why } => write!(f, "unsigned: {why}"),
        }
    }
}

impl TrustedKey {
    /// Whether it may speak for this plugin.
    fn covers(&self, plugin: &str) -> bool {
        let fits = |pattern: &String| match pattern.strip_suffix('*') {
            Some(beginning) => plugin.starts_with(beginning),
            None => plugin == pattern,
        };
        self.plugins.is_empty() || self.plugins.iter().any(fits)
    }

    /// Why its signature doesn't count.
    fn objection(&self, signature: &Signature, plugin: &str) -> Option<String> {
        if !self.covers(plugin) {
            return Some(format!("{} is trusted for other plugins, not for `{plugin}`", self.name));
        }
        let until = self.until.filter(|until| signature.day > *until)?;
        Some(format!("{} has signed it on {}, and is trusted for signatures until {until}", self.name, signature.day))
    }
}

impl Trust {
    /// On whose word an archive is taken.
    ///
    /// # Errors
    /// Why it isn't, and what to do: the end of a sentence that names the plugin.
    pub fn standing(&self, archive: &Archive) -> Result<Standing, String> {
        let plugin = &archive.manifest().name;
        let signatures = archive.signatures();
        for signature in signatures {
            let keys = self.publishers.iter().chain(&self.sites);
            if let Some((key, why)) =
                keys.filter(|key| key.key == signature.key).find_map(|key| Some((key, key.revoked.as_ref()?)))
            {
                return Err(format!("is signed with a key of {} that is revoked ({why}); get one that is signed anew", key.name));
            }
        }
        let (publisher, no_publisher) = self.speaker(&self.publishers, Signer::Publisher, signatures, plugin);
        let (site, no_site) = self.speaker(&self.sites, Signer::Site, signatures, plugin);
        match (publisher, site) {
            (Some(name), None) if self.counter_signed => Err(format!(
                "is signed by {name}, but not by this site, and plant.toml asks for both ([plugins] counter_signed): look at it with \
                 `plantroom plugin inspect`, then sign it with `plantroom plugin sign --as site`{}",
                no_site.map(|why| format!(" ({why})")).unwrap_or_default()
            )),
            (Some(name), site) => Ok(Standing::Publisher { name, site }),
            (None, Some(name)) => Ok(Standing::Site { name }),
            (None, None) => {
                let why = no_publisher.or(no_site).unwrap_or_else(|| nobody(signatures));
                self.unsigned(why)
            }
        }
    }

    /// For a component that comes without an archive: nobody can have signed it.
    ///
    /// # Errors
    /// As [`Self::standing`].
    pub fn of_bare_component(&self) -> Result<Standing, String> {
        self.unsigned("it is a bare component, which nobody can have signed".to_owned())
    }

    fn unsigned(&self, why: String) -> Result<Standing, String> {
        if self.allow_unsigned {
            return Ok(Standing::Unsigned { why });
        }
        Err(format!(
            "isn't signed by anybody whom this project trusts: {why}; add the publisher's key to trust.toml once you have made sure \
             whose it is, or, to try it, write allow_unsigned = true under [plugins] in plant.toml: every console shows it then"
        ))
    }

    /// The first trusted signer of a kind; else why none of that kind counts, where one was there.
    fn speaker(
        &self,
        keys: &[TrustedKey],
        kind: Signer,
        signatures: &[Signature],
        plugin: &str,
    ) -> (Option<String>, Option<String>) {
        let mut objection = None;
        for signature in signatures.iter().filter(|signature| signature.signer == kind) {
            for key in keys.iter().filter(|key| key.key == signature.key) {
                match key.objection(signature, plugin) {
                    None => return (Some(key.name.clone()), None),
                    Some(why) => objection = Some(why),
                }
            }
        }
        (None, objection)
    }
}

fn nobody(signatures: &[Signature]) -> String {
    match signatures {
        [] => "it carries no signature".to_owned(),
        [one] => format!("it is signed with {} as {}, which isn't in trust.toml", one.key, one.signer),
        [one, ..] => format!("it is signed with {} as {} and others, none of which is in trust.toml", one.key, one.signer),
    }
}
