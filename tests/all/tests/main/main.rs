//! One binary for all tests that run the real program: `cargo test -p plantroom-tests`.
//!
//! Each module is one kind of trouble; each test is named by what must hold.

mod access;
mod cli;
mod console;
mod containment;
mod faults;
mod grants;
mod healthy;
mod kill;
mod new_user;
mod screens;
mod types;
mod writes;
