//! From the names of a struct's fields to a plugin: what deriving uses, and how plugins are exported.

use std::time::Duration;

use crate::{Problems, Scope, Setup};

/// What `#[derive(Driver)]`, `#[derive(Analytics)]` and `#[derive(AlarmLogic)]` implement.
pub trait Bind: Sized + 'static {
    /// Makes the struct from the setup, by the names of its fields.
    ///
    /// # Errors
    /// All problems of all fields.
    fn bind(scope: &Scope<'_>) -> Result<Bound<Self>, Problems>;
}

/// A struct made from its setup.
#[derive(Debug)]
pub struct Bound<T> {
    /// The struct.
    pub made: T,
    /// Its field `period`, where it has one.
    pub period: Option<Duration>,
}

/// What deriving and the export macros implement: a whole plugin.
pub trait Exported: 'static {
    /// Makes and starts it.
    ///
    /// # Errors
    /// All problems with the setup.
    fn launch(setup: Setup) -> Result<(), Problems>;
}

#[doc(hidden)]
pub use crate::alarm_logic::{launch_bound as launch_bound_alarm_logic, launch_created as launch_created_alarm_logic};
#[doc(hidden)]
pub use crate::analytics::{launch_bound as launch_bound_analytics, launch_created as launch_created_analytics};
#[doc(hidden)]
pub use crate::driver::{launch_bound as launch_bound_driver, launch_created as launch_created_driver};

/// Exports a driver that implements [`Create`](crate::Create) and [`Driver`](trait@crate::Driver) as the plugin of this crate.
#[macro_export]
macro_rules! export_driver {
    ($plugin:ty) => {
        impl $crate::Exported for $plugin {
            fn launch(setup: $crate::Setup) -> ::std::result::Result<(), $crate::Problems> {
                $crate::launch_created_driver::<$plugin>(setup)
            }
        }
        $crate::export_component!($plugin);
    };
}

/// Exports an analytics plugin that implements [`Create`](crate::Create) and [`Analytics`](trait@crate::Analytics) as the
/// plugin of this crate.
#[macro_export]
macro_rules! export_analytics {
    ($plugin:ty) => {
        impl $crate::Exported for $plugin {
            fn launch(setup: $crate::Setup) -> ::std::result::Result<(), $crate::Problems> {
                $crate::launch_created_analytics::<$plugin>(setup)
            }
        }
        $crate::export_component!($plugin);
    };
}

/// Exports an alarm-logic plugin that implements [`Create`](crate::Create) and [`AlarmLogic`](trait@crate::AlarmLogic) as the
/// plugin of this crate.
#[macro_export]
macro_rules! export_alarm_logic {
    ($plugin:ty) => {
        impl $crate::Exported for $plugin {
            fn launch(setup: $crate::Setup) -> ::std::result::Result<(), $crate::Problems> {
                $crate::launch_created_alarm_logic::<$plugin>(setup)
            }
        }
        $crate::export_component!($plugin);
    };
}

/// Puts the contract's exports around a plugin; natively there is nothing to export.
#[cfg(not(target_arch = "wasm32"))]
#[doc(hidden)]
#[macro_export]
macro_rules! export_component {
    ($plugin:ty) => {};
}

/// Puts the contract's exports around a plugin.
#[cfg(target_arch = "wasm32")]
#[doc(hidden)]
#[macro_export]
macro_rules! export_component {
    ($plugin:ty) => {
        const _: () = {
            struct Component;
            impl $crate::wasm::Guest for Component {
                fn init(config: ::std::string::String) -> ::std::result::Result<(), ::std::vec::Vec<$crate::wasm::Problem>> {
                    $crate::wasm::init::<$plugin>(&config)
                }
                fn step(now: $crate::wasm::Instant) -> u64 {
                    $crate::wasm::step(now)
                }
                fn stop() {
                    $crate::life::stop();
                }
            }
            impl $crate::wasm::Diagnose for Component {
                fn explain(tag: u32) -> ::std::option::Option<$crate::wasm::Explanation> {
                    $crate::life::explain(tag)
                }
            }
    $crate::wasm::export!(Component with_types_in $crate::wasm);
        };
    };
}
