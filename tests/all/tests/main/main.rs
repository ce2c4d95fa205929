//! One binary for all tests that run the real program: `cargo test -p plantroom-tests`.
//!
//! Each module is one kind of trouble; each test is named by what must hold.

mod access;
mod automations;
mod cli;
mod console;
mod containment;
mod control;
mod faults;
mod grants;
mod healthy;
mod integrator;
mod kill;
mod library;
mod lines;
mod new_user;
mod online;
mod screens;
mod serial;
mod tag_files;
mod types;
mod writes;
