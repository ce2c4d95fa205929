//! What a loop over arrays does for the same result, and nothing else.

use plantroom_model::{Columns, LimitState, Status, TagSpec};

/// One array for each number.
pub struct Bare {
    slopes: Vec<f64>,
    offsets: Vec<f64>,
    lows: Vec<f64>,
    highs: Vec<f64>,
    /// Low-low, low, high, high-high.
    limits: [Vec<f64>; 4],
    hysteresis: Vec<f64>,
    deadbands: Vec<f64>,
    pub values: Vec<f64>,
    pub statuses: Vec<u32>,
    pub states: Vec<u8>,
    told: Vec<f64>,
    source_times: Vec<i64>,
    server_times: Vec<i64>,
    /// How many samples were worth telling.
    pub news: u64,
}

impl Bare {
    /// Arrays for tags that are scaled and have a range and all four limits.
    pub fn new(specs: &[TagSpec]) -> Self {
        let scaled = |spec: &TagSpec| {
            spec.scaling.map_or((1.0, 0.0, 0.0), |s| (s.raw_high - s.raw_low, s.eng_high - s.eng_low, s.raw_low))
        };
        let range = |spec: &TagSpec| spec.range.unwrap_or((f64::MIN, f64::MAX));
        let limit =
            |limit: fn(&TagSpec) -> Option<f64>, none: f64| specs.iter().map(|spec| limit(spec).unwrap_or(none)).collect();
        let (low, high) = (f64::NEG_INFINITY, f64::INFINITY);
        Self {
            slopes: specs.iter().map(|spec| scaled(spec).1 / scaled(spec).0).collect(),
            offsets: specs.iter().map(|spec| scaled(spec).2).collect(),
            lows: specs.iter().map(|spec| range(spec).0).collect(),
            highs: specs.iter().map(|spec| range(spec).1).collect(),
            limits: [
                limit(|spec| spec.limits.low_low, low),
                limit(|spec| spec.limits.low, low),
                limit(|spec| spec.limits.high, high),
                limit(|spec| spec.limits.high_high, high),
            ],
            hysteresis: specs.iter().map(|spec| spec.hysteresis).collect(),
            deadbands: specs.iter().map(|spec| spec.deadband.history).collect(),
            values: vec![f64::NAN; specs.len()],
            statuses: vec![Status::BAD_WAITING_FOR_INITIAL_DATA.0; specs.len()],
            states: vec![0; specs.len()],
            told: vec![f64::NAN; specs.len()],
            source_times: vec![0; specs.len()],
            server_times: vec![0; specs.len()],
            news: 0,
        }
    }

    /// Takes a batch in.
    pub fn apply(&mut self, batch: &Columns, at: i64) {
        const LOW: u8 = LimitState::Low as u8;
        const LOW_LOW: u8 = LimitState::LowLow as u8;
        const HIGH: u8 = LimitState::High as u8;
        const HIGH_HIGH: u8 = LimitState::HighHigh as u8;
        for row in 0..batch.len() {
            let tag = batch.handles[row] as usize;
            let value = (batch.values[row] as f64 - self.offsets[tag]) * self.slopes[tag];
            let held = value.clamp(self.lows[tag], self.highs[tag]);
            let status = if held == value { batch.statuses[row] } else { Status::UNCERTAIN_EU_EXCEEDED.0 };
            let was = self.states[tag];
            let back = |is: bool| if is { self.hysteresis[tag] } else { 0.0 };
            let state = if held >= self.limits[3][tag] - back(was == HIGH_HIGH) {
                HIGH_HIGH
            } else if held <= self.limits[0][tag] + back(was == LOW_LOW) {
                LOW_LOW
            } else if held >= self.limits[2][tag] - back(was >= HIGH) {
                HIGH
            } else if held <= self.limits[1][tag] + back(was == LOW || was == LOW_LOW) {
                LOW
            } else {
                0
            };
            let is_small = (held - self.told[tag]).abs() <= self.deadbands[tag];
            if !is_small || state != was || status != self.statuses[tag] {
                self.told[tag] = held;
                self.news += 1;
            }
            (self.values[tag], self.statuses[tag], self.states[tag]) = (held, status, state);
            self.source_times[tag] = if batch.times[row] == 0 { at } else { batch.times[row] };
            self.server_times[tag] = at;
        }
    }
}
