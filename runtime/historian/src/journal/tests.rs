//! The journal as a whole: on disks that work, that are full, that fail at any write.

mod crash;
mod exports;
mod fossil;
mod full;
mod queries;
mod segments;
mod world;
