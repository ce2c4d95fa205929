//! The sandbox from outside: hostile guests, one property a test.

mod alarms;
mod archives;
mod fixed;
mod guest;
mod hostile;
mod life;
mod loading;
mod orders;
mod pieces;
mod rates;
mod reading;
mod replacing;
mod world;
