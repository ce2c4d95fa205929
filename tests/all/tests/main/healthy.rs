//! The healthy driver that runs beside every trouble: it polls a pymodbus device every 100 ms, and keeps its beat.

use std::time::Duration;

use plantroom_tests::{BarePoller, Project, Pymodbus, Recorder, Seen, Station, wait_until};

/// Poll period of the healthy driver, in ms.
pub const PERIOD_MS: f64 = 100.0;

/// A tag that counts the polls of its own register.
pub const COUNT: &str = "line/count";

/// A register that nobody else reads.
const BARE: u16 = 290;

/// Adds the healthy driver with its device to a project.
pub fn add_to(project: &Project, device: &Pymodbus) {
    project.connection("line", device.port, 2_000, "").modbus(&["line"], "fast = 100", "line/*");
    project.tag(COUNT, "uint", "line", "holding 0 u16", "group = \"fast\"");
    project.tag("line/setpoint", "uint", "line", "holding 10 u16", "group = \"fast\"\nwrite = true");
}

/// Watches the healthy driver from now on.
pub struct Watch {
    recorder: Recorder,
    bare: BarePoller,
}

impl Watch {
    /// Begins, beside a bare poller at the same beat and device.
    pub fn start(station: &Station, device: &Pymodbus) -> Self {
        let recorder = Recorder::start(&station.api(), COUNT, Duration::from_millis(15));
        Self { recorder, bare: BarePoller::start(device.port, BARE, Duration::from_millis(PERIOD_MS as u64)) }
    }

    /// Ends, not before so many samples are recorded, and holds them against the beat: none of them anything but good,
    /// and no two further apart than two periods. Where even the bare poller's gaps were wider than one period, the
    /// machine or the device was late by the rest, and that is allowed for.
    #[track_caller]
    pub fn must_have_kept_its_beat(self, samples: usize) {
        wait_until("enough of the healthy driver is recorded", 15.0, || self.recorder.len(), |len| *len > samples);
        let samples = self.recorder.finish();
        let bare_ms = self.bare.finish().as_secs_f64() * 1_000.0;
        let first =
            samples.iter().position(|sample| sample.quality == "good").expect("the healthy driver never had a good value");
        let samples = &samples[first..];
        let bad: Vec<&Seen> = samples.iter().filter(|sample| sample.quality != "good").collect();
        assert!(bad.is_empty(), "the healthy driver's tag was not good: {bad:?}");
        assert!(bare_ms < 4.0 * PERIOD_MS, "the machine is too busy to tell: even a bare poller had a gap of {bare_ms:.0} ms");
        let limit_ms = 2.0 * PERIOD_MS + (bare_ms - PERIOD_MS).max(0.0);
        let mut worst_ms = 0.0_f64;
        for pair in samples.windows(2) {
            // The device counts its reads, so that a sample nobody saw can't hide a gap.
            let polls = (pair[1].number - pair[0].number).max(1.0);
            for (what, gap_ms) in
                [("source", pair[1].source_ms - pair[0].source_ms), ("server", pair[1].server_ms - pair[0].server_ms)]
            {
                let beyond_ms = gap_ms - (polls - 1.0) * PERIOD_MS;
                worst_ms = worst_ms.max(beyond_ms);
                let bare = format!("the bare poller's widest: {bare_ms:.0} ms");
                assert!(beyond_ms <= limit_ms, "a gap of {gap_ms:.0} ms by {what} time for {polls} polls; {bare}: {pair:?}");
            }
        }
        let lasted_s = (samples[samples.len() - 1].server_ms - samples[0].server_ms) / 1_000.0;
        println!(
            "healthy driver: {} samples in {lasted_s:.1} s, the widest gap {worst_ms:.0} ms; the bare poller's {bare_ms:.0} ms",
            samples.len()
        );
    }
}
