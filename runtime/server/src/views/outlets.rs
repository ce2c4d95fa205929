//! Outlets and deliveries in the API.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::outlets::{DeliveryLine, OutletStatus};

/// Ways on which people are told.
#[derive(Serialize, ToSchema)]
pub(crate) struct OutletsView {
    pub(crate) outlets: Vec<OutletStatus>,
}

/// What came of messages, newest first.
#[derive(Serialize, ToSchema)]
pub(crate) struct DeliveriesView {
    pub(crate) deliveries: Vec<DeliveryLine>,
}

/// To whom a trial message goes.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct OutletTryBody {
    /// A person, a group or an address; empty where the outlet needs nobody.
    #[serde(default)]
    pub(crate) to: String,
}
