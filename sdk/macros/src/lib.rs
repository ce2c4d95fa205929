//! Derives for `plantroom-sdk`; use them through it.
//!
//! In:  a struct whose fields name what it needs: tags, alarms, its connection, configuration, state.
//! Out: code that finds them all in the setup, tells all problems at once, and exports the plugin.
//! Start at [`derive_driver`].
//!
//! Invariant: what a field can be is decided by `plantroom_sdk::Field`, not here: any type that implements it works.

mod derive;

use proc_macro::TokenStream;

/// Makes a struct a driver: one is made for each connection of the plugin, its fields bound by their names.
///
/// `Tag<T>` and `Setpoint<T>` are the tags with that address (or with a name that ends so); `Modbus` is the connection;
/// numbers, text, `Duration` (`NAME_ms`) and `Config<T>` come from the device's settings or the plugin's configuration;
/// `Cell<T>` and `RefCell<T>` are state. `Option<...>` may be left out.
/// `#[setup(name = "...")]` looks for another name, `#[setup(default = ...)]` stands in for what isn't said.
#[proc_macro_derive(Driver, attributes(setup))]
pub fn derive_driver(item: TokenStream) -> TokenStream {
    derive::expand(item.into(), "launch_bound_driver").into()
}

/// Makes a struct an alarm-logic plugin, its fields bound by their names.
///
/// As for analytics; `Condition` is an alarm of the plugin's own, `Alarm` another one, by the end of its name.
#[proc_macro_derive(AlarmLogic, attributes(setup))]
pub fn derive_alarm_logic(item: TokenStream) -> TokenStream {
    derive::expand(item.into(), "launch_bound_alarm_logic").into()
}

/// Makes a struct an analytics plugin, its fields bound by their names.
///
/// As for a driver; `Input<T>` is a tag that it reads.
#[proc_macro_derive(Analytics, attributes(setup))]
pub fn derive_analytics(item: TokenStream) -> TokenStream {
    derive::expand(item.into(), "launch_bound_analytics").into()
}
