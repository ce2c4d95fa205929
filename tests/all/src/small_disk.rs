//! A disk that can be filled up: a tmpfs that only the processes started on it see.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::program::command;

/// The disk, mounted at one folder in a mount namespace of its own. It goes when it is dropped, whatever happens to the test.
pub struct SmallDisk {
    holder: Child,
    folder: PathBuf,
    is_root: bool,
}

impl SmallDisk {
    /// A disk of so many KiB, in the place of this folder.
    ///
    /// # Panics
    /// When the system gives no mount namespace.
    #[track_caller]
    pub fn mount(folder: &Path, kib: u64) -> Self {
        std::fs::create_dir_all(folder).expect("a folder can be made");
        let user = Command::new("id").arg("-u").output().expect("id runs").stdout;
        let is_root = user.trim_ascii() == b"0";
        let mut unshare = Command::new("unshare");
        unshare.arg("--mount");
        if !is_root {
            unshare.args(["--user", "--map-root-user"]);
        }
        // It holds the disk until its stdin closes.
        unshare.args(["sh", "-c", "mount -t tmpfs -o size=$1k tmpfs \"$2\" && echo mounted && cat > /dev/null", "sh"]);
        let mut holder = unshare
            .arg(kib.to_string())
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("unshare of util-linux runs");
        let mut said = String::new();
        BufReader::new(holder.stdout.as_mut().expect("stdout is a pipe")).read_line(&mut said).expect("it says something");
        assert_eq!(
            said, "mounted\n",
            "no small disk can be mounted here: be root, or type: sysctl kernel.unprivileged_userns_clone=1 \
             kernel.apparmor_restrict_unprivileged_userns=0"
        );
        Self { holder, folder: folder.to_owned(), is_root }
    }

    /// The program, as a process that sees this disk.
    pub fn command(&self) -> Command {
        let program = command();
        let mut command = Command::new("nsenter");
        command.args(["--target", &self.holder.id().to_string(), "--mount"]);
        if !self.is_root {
            command.args(["--user", "--preserve-credentials"]);
        }
        command.arg(program.get_program()).stdin(Stdio::null());
        for (name, value) in program.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command
    }

    /// Where a file below the folder is for this test's process.
    pub fn path(&self, file: &str) -> PathBuf {
        let folder = self.folder.strip_prefix("/").expect("an absolute path");
        Path::new("/proc").join(self.holder.id().to_string()).join("root").join(folder).join(file)
    }

    /// Fills it up to the last byte.
    ///
    /// # Panics
    /// When it can't be written at all.
    pub fn fill(&self) {
        let mut filler = File::options().create(true).append(true).open(self.path("filler")).expect("a file can be made");
        for block in [64 << 10, 4 << 10, 1] {
            let bytes = vec![7; block];
            while filler.write(&bytes).is_ok_and(|written| written > 0) {}
        }
    }

    /// Gives the space back.
    ///
    /// # Panics
    /// When it was not filled.
    pub fn make_room(&self) {
        std::fs::remove_file(self.path("filler")).expect("the disk was filled");
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}
