//! What the benchmarks need around them: components, the program, folders on a real disk, projects.

use std::io::IsTerminal as _;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use plantroom_project::Plant;
use tempfile::TempDir;

use crate::Bench;

/// Everything that is made once for a run.
pub struct Workplace {
    /// Folder of packed components.
    pub components: PathBuf,
}

/// Says what is being done.
pub fn progress(line: &str) {
    if std::io::stderr().is_terminal() {
        eprintln!("\x1b[2m{line}\x1b[0m");
    } else {
        eprintln!("{line}");
    }
}

/// The workspace's folder.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.ancestors().nth(2).unwrap_or(here).to_owned()
}

impl Workplace {
    /// Builds the components that these benchmarks need (or takes those of a folder), and looks whether the program is there.
    ///
    /// # Errors
    /// What is missing, and what to type.
    pub fn prepare(benches: &[Bench], given: Option<PathBuf>) -> Result<Self> {
        let root = root();
        let components = given.clone().unwrap_or_else(|| root.join("target/bench/plugins"));
        let mut plugins = Vec::new();
        if benches.contains(&Bench::Boundary) {
            plugins.extend(["tests/bench/guests/columns", "tests/bench/guests/typed"]);
        }
        if benches.iter().any(|bench| matches!(bench, Bench::Modbus | Bench::Driver) || bench.needs_station()) {
            plugins.extend(["plugins/modbus", "plugins/average", "plugins/pid"]);
        }
        let folders: Vec<PathBuf> = plugins.into_iter().map(|plugin| root.join(plugin)).collect();
        if given.is_none() && !folders.is_empty() {
            plantroom_pack::build_many(&folders, &components, &progress)?;
        }
        if benches.iter().any(Bench::needs_station) {
            program()?;
        }
        Ok(Self { components })
    }

    /// The program as a command, with our components and nothing of the caller's logins.
    ///
    /// # Errors
    /// When it isn't built.
    pub fn plantroom(&self) -> Result<Command> {
        let mut command = Command::new(program()?);
        command.env("PLANTROOM_COMPONENTS", &self.components);
        for own in ["PLANTROOM_URL", "PLANTROOM_TOKEN", "PLANTROOM_USER", "PLANTROOM_PASSWORD", "PLANTROOM_LOG"] {
            command.env_remove(own);
        }
        Ok(command)
    }
}

fn program() -> Result<PathBuf> {
    let this = std::env::current_exe().context("this program's own file can't be found")?;
    let program = this.with_file_name("plantroom");
    if !program.is_file() {
        let release = if cfg!(debug_assertions) { "" } else { "--release " };
        bail!("the program isn't built; type: cargo build {release}-p plantroom (looked for {})", program.display());
    }
    Ok(program)
}

/// A folder below `target`, so on the disk that a station would use and not in memory; it goes with the value.
///
/// # Errors
/// When the disk refuses.
pub fn folder() -> Result<TempDir> {
    let place = root().join("target/bench");
    std::fs::create_dir_all(&place).context("target/bench can't be made")?;
    tempfile::Builder::new().prefix("run-").tempdir_in(place).context("a folder below target/bench can't be made")
}

/// A TCP port of the loopback that nobody uses now.
///
/// # Errors
/// When there is none.
pub fn free_port() -> Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0").context("no free TCP port")?.local_addr()?.port())
}

/// Clock ticks a second in `/proc`: fixed by Linux's interface, whatever the kernel's own are.
const TICKS_PER_S: f64 = 100.0;

/// CPU time that the threads of this process have used whose names begin so, in s; 0 where there is no `/proc`.
pub fn cpu_s(name: &str) -> f64 {
    let stat = |entry: std::fs::DirEntry| std::fs::read_to_string(entry.path().join("stat")).ok();
    let Ok(threads) = std::fs::read_dir("/proc/self/task") else { return 0.0 };
    let ticks = threads.flatten().filter_map(stat).filter_map(|stat| {
        // The name stands in parentheses and may hold anything; utime and stime are fields 14 and 15.
        let (head, rest) = stat.rsplit_once(')')?;
        let mut fields = rest.split_ascii_whitespace().skip(11).map_while(|field| field.parse::<f64>().ok());
        head.split_once('(')?.1.starts_with(name).then_some(fields.next()? + fields.next()?)
    });
    ticks.sum::<f64>() / TICKS_PER_S
}

/// A project folder in the making.
pub struct Project {
    folder: TempDir,
}

impl Project {
    /// An empty plant.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn new() -> Result<Self> {
        let project = Self { folder: folder()? };
        project.write("plant.toml", "name = \"Bench\"\ntime_zone = \"UTC\"\nhome_screen = \"1_home\"\n")?;
        project.write("screens/1_home.rhai", "screen(\"Home\", #{ level: 1, size: [800, 450] });\n")?;
        Ok(project)
    }

    /// A copy of the demo plant whose devices are at other ports, so that a demo may run beside it. Returns the ports.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn waterworks() -> Result<(Self, Vec<u16>)> {
        let project = Self { folder: folder()? };
        copy(&root().join("screens/waterworks"), project.path())?;
        let mut ports = Vec::new();
        for fixed in 5020..=5026 {
            let port = free_port()?;
            for file in ["connections.toml", "simulation.toml"] {
                let text = std::fs::read_to_string(project.path().join(file))
                    .with_context(|| format!("can't read {file} of the demo plant"))?;
                project.write(file, &text.replace(&format!("127.0.0.1:{fixed}\""), &format!("127.0.0.1:{port}\"")))?;
            }
            ports.push(port);
        }
        Ok((project, ports))
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes one file.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn write(&self, name: &str, text: &str) -> Result<()> {
        let path = self.path().join(name);
        let parent = path.parent().unwrap_or(&path);
        std::fs::create_dir_all(parent)
            .and_then(|()| std::fs::write(&path, text))
            .with_context(|| format!("can't write {}", path.display()))
    }

    /// The project as the station loads it.
    ///
    /// # Errors
    /// With all that is wrong with it.
    pub fn load(&self) -> Result<Arc<Plant>> {
        let loaded = plantroom_project::load(self.path());
        match loaded.plant {
            Some(plant) if !loaded.diagnostics.iter().any(|d| d.severity == plantroom_model::Severity::Error) => Ok(plant),
            _ => bail!("the benchmark's own project isn't right: {:#?}", loaded.diagnostics.iter().take(5).collect::<Vec<_>>()),
        }
    }
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from).with_context(|| format!("can't read {}", from.display()))? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if !entry.file_type()?.is_dir() {
            std::fs::copy(entry.path(), target)?;
        } else if entry.file_name() != "data" {
            copy(&entry.path(), &target)?;
        }
    }
    Ok(())
}
