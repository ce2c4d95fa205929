//! How good a value is.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Good, uncertain or bad: what an operator sees first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Quality {
    /// Can be used.
    Good,
    /// Can be used with care; the reason says why.
    Uncertain,
    /// Can't be used.
    Bad,
}

impl Quality {
    /// The letter that screens show beside a value that isn't good.
    pub fn letter(self) -> &'static str {
        match self {
            Self::Good => "",
            Self::Uncertain => "U",
            Self::Bad => "B",
        }
    }
}

/// An OPC UA status code (OPC 10000-4, 7.39; numbers from OPC 10000-6, annex A).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Status(pub u32);

macro_rules! statuses {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $words:literal;)*) => {
        impl Status {
            $($(#[$doc])* pub const $name: Status = Status($code);)*

            /// The reason in an operator's words.
            pub fn words(self) -> &'static str {
                match self {
                    Self::GOOD_SIMULATED => return "simulated",
                    Self::GOOD_SUBSTITUTED => return "substitute value",
                    _ => {}
                }
                match self.0 & 0xFFFF_0000 {
                    $($code => $words,)*
                    _ => match self.quality() {
                        Quality::Good => "good",
                        Quality::Uncertain => "uncertain",
                        Quality::Bad => "bad",
                    },
                }
            }
        }
    };
}

statuses! {
    /// The value is as the source gave it.
    GOOD = 0x0000_0000, "good";
    /// An operator has put another value in the place of the measured one.
    GOOD_LOCAL_OVERRIDE = 0x0096_0000, "local override";
    /// For a reason that isn't told.
    UNCERTAIN = 0x4000_0000, "uncertain";
    /// The source didn't answer; this is its last value.
    UNCERTAIN_LAST_USABLE = 0x4090_0000, "last usable value, no answer";
    /// A value from before a restart, not yet confirmed by the source.
    UNCERTAIN_INITIAL = 0x4092_0000, "from before the restart";
    /// The sensor says that it is not accurate.
    UNCERTAIN_SENSOR_NOT_ACCURATE = 0x4093_0000, "sensor not accurate";
    /// Outside the range of its engineering units.
    UNCERTAIN_EU_EXCEEDED = 0x4094_0000, "outside its range";
    /// Computed from inputs that aren't all good.
    UNCERTAIN_SUB_NORMAL = 0x4095_0000, "computed from inputs that are not all good";
    /// For a reason that isn't told.
    BAD = 0x8000_0000, "bad";
    /// Nothing has been heard from the source yet.
    BAD_WAITING_FOR_INITIAL_DATA = 0x8032_0000, "no value yet";
    /// The link to the source is down or silent.
    BAD_NO_COMMUNICATION = 0x8031_0000, "no communication";
    /// The source answered too late.
    BAD_TIMEOUT = 0x800A_0000, "no answer in time";
    /// The configuration doesn't fit the device.
    BAD_CONFIGURATION = 0x8089_0000, "wrong address or configuration";
    /// There is no link to the source.
    BAD_NOT_CONNECTED = 0x808A_0000, "not connected";
    /// The device reports its own failure.
    BAD_DEVICE_FAILURE = 0x808B_0000, "device failure";
    /// The sensor is broken or its wire is.
    BAD_SENSOR_FAILURE = 0x808C_0000, "sensor failure";
    /// Taken out of service, or its plugin isn't running.
    BAD_OUT_OF_SERVICE = 0x808D_0000, "out of service";
    /// The source delivered what can't be a value of this tag.
    BAD_TYPE_MISMATCH = 0x8074_0000, "value of the wrong kind";
    /// The source delivered what can't be read as a value.
    BAD_DECODING = 0x8007_0000, "could not be decoded";
    /// The reading is not a number.
    BAD_OUT_OF_RANGE = 0x803C_0000, "not a usable number";
    /// The source refuses.
    BAD_NOT_SUPPORTED = 0x803D_0000, "refused by the device";
    /// The station has left the console.
    BAD_SHUTDOWN = 0x800C_0000, "station not reachable";
}

impl Status {
    /// [`Status::GOOD_LOCAL_OVERRIDE`] of a tag with a substitute value. Bits 12 and 13 of a status code are reserved by
    /// OPC UA, and say here which override it is; outlets to others clear them with [`Status::code`].
    pub const GOOD_SUBSTITUTED: Status = Status(0x0096_1000);
    /// [`Status::GOOD_LOCAL_OVERRIDE`] of a simulated tag.
    pub const GOOD_SIMULATED: Status = Status(0x0096_2000);

    /// The code without the station's own marks, for outlets that others read.
    pub fn code(self) -> u32 {
        self.0 & !0x3000
    }

    /// Whether a person has put another value in the place of the measured one, for service or for a test.
    pub fn is_override(self) -> bool {
        self.0 & 0xFFFF_0000 == Self::GOOD_LOCAL_OVERRIDE.0
    }

    /// Good, uncertain or bad; the reserved combination counts as bad.
    pub fn quality(self) -> Quality {
        match self.0 >> 30 {
            0 => Quality::Good,
            1 => Quality::Uncertain,
            _ => Quality::Bad,
        }
    }

    /// Whether the value can be used without care.
    pub fn is_good(self) -> bool {
        self.quality() == Quality::Good
    }

    /// Whether the value can't be used.
    pub fn is_bad(self) -> bool {
        self.quality() == Quality::Bad
    }

    /// The worse of two; the first where they are equally bad.
    pub fn worse(self, other: Self) -> Self {
        if other.quality() > self.quality() { other } else { self }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words())
    }
}
