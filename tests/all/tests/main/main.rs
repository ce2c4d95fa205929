//! One binary for all tests that run the real program: `cargo test -p plantroom-tests`.
//!
//! Each module is one kind of trouble; each test is named by what must hold.

mod first;
