//! One binary for all tests that run the real program: `cargo test -p plantroom-tests`.
//!
//! Each module is one kind of trouble; each test is named by what must hold.

mod access;
mod alarm_logic;
mod alarms;
mod archives;
mod automations;
mod cli;
mod clock_steps;
mod console;
mod containment;
mod control;
mod disk_full;
mod faults;
mod grants;
mod handles;
mod healthy;
mod hostile_text;
mod integrator;
mod kill;
mod library;
mod lines;
mod new_user;
mod online;
mod outlets;
mod output;
mod panes;
mod s7;
mod screens;
mod serial;
mod tag_files;
mod totals;
mod types;
mod under_fire;
mod upsets;
mod writes;
