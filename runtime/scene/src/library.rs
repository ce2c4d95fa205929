//! Parts that every project has. A project's own file of the same name takes its place.

/// Name and text of each part of the library, to be read and to be copied as the start of an own one; the files lie in
/// `screens/parts/`.
pub const PARTS: &[(&str, &str)] = &[
    ("pump", include_str!("../../../screens/parts/pump.rhai")),
    ("motor", include_str!("../../../screens/parts/motor.rhai")),
    ("valve", include_str!("../../../screens/parts/valve.rhai")),
    ("breaker", include_str!("../../../screens/parts/breaker.rhai")),
    ("apparatus", include_str!("../../../screens/parts/apparatus.rhai")),
    ("analog", include_str!("../../../screens/parts/analog.rhai")),
    ("control_loop", include_str!("../../../screens/parts/control_loop.rhai")),
];
