//! `plantroom compile-component`: what the sandbox runs as a process that can be ended.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;

use crate::exit::Failure;

#[derive(Args)]
pub struct CompileComponent {
    /// The component.
    input: PathBuf,
    /// Where the machine code goes.
    output: PathBuf,
}

impl CompileComponent {
    pub fn run(self) -> Result<()> {
        plantroom_host::compile_main(&self.input, &self.output).map_err(|reason| Failure::problems(reason).into())
    }
}
