//! Shared types; nothing to call.

use crate::bindings::types;
use crate::stage::StepState;

impl types::Host for StepState {}
