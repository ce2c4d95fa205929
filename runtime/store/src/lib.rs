//! Plantroom.
