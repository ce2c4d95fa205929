//! How good a value is.

/// An OPC UA status code (OPC 10000-4, 7.39; numbers from OPC 10000-6, annex A).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Status(pub u32);

impl Status {
    /// The value is as the source gave it.
    pub const GOOD: Self = Self(0x0000_0000);
    /// For a reason that isn't told.
    pub const UNCERTAIN: Self = Self(0x4000_0000);
    /// The source didn't answer; this is its last value.
    pub const UNCERTAIN_LAST_USABLE: Self = Self(0x4090_0000);
    /// The sensor says that it is not accurate.
    pub const UNCERTAIN_SENSOR_NOT_ACCURATE: Self = Self(0x4093_0000);
    /// Computed from inputs that aren't all good.
    pub const UNCERTAIN_SUB_NORMAL: Self = Self(0x4095_0000);
    /// For a reason that isn't told.
    pub const BAD: Self = Self(0x8000_0000);
    /// Nothing has been heard from the source yet.
    pub const BAD_WAITING_FOR_INITIAL_DATA: Self = Self(0x8032_0000);
    /// The link to the source is down or silent.
    pub const BAD_NO_COMMUNICATION: Self = Self(0x8031_0000);
    /// The source answered too late.
    pub const BAD_TIMEOUT: Self = Self(0x800A_0000);
    /// The address or the configuration doesn't fit the device.
    pub const BAD_CONFIGURATION: Self = Self(0x8089_0000);
    /// There is no link to the source.
    pub const BAD_NOT_CONNECTED: Self = Self(0x808A_0000);
    /// The device reports its own failure.
    pub const BAD_DEVICE_FAILURE: Self = Self(0x808B_0000);
    /// The sensor is broken or its wire is.
    pub const BAD_SENSOR_FAILURE: Self = Self(0x808C_0000);
    /// The source delivered what can't be read as a value.
    pub const BAD_DECODING: Self = Self(0x8007_0000);
    /// The source refuses.
    pub const BAD_NOT_SUPPORTED: Self = Self(0x803D_0000);
    /// The reading is not a usable number.
    pub const BAD_OUT_OF_RANGE: Self = Self(0x803C_0000);

    /// Whether the value can be used without care.
    pub fn is_good(self) -> bool {
        self.0 >> 30 == 0
    }

    /// Whether the value can't be used; the reserved combination counts as bad.
    pub fn is_bad(self) -> bool {
        self.0 >> 30 >= 2
    }

    /// The worse of two; the first where they are equally bad.
    pub fn worse(self, other: Self) -> Self {
        let rank = |status: Self| (status.0 >> 30).min(2);
        if rank(other) > rank(self) { other } else { self }
    }
}
