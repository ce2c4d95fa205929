//! Moving averages and rates of change of tags, over sliding windows.
//!
//! In:  changes of the tags that the configuration names as inputs.
//! Out: each one's mean over its window, or its rate of change per minute, once a second and at every change.
//! Start at [`Average::update`].
//!
//! Invariant: a mean is weighted by time: a value counts for as long as it stood, however often it was told.
//! Invariant: bad inputs count for nothing; how much of the window was usable decides the output's quality.

mod window;

use plantroom_sdk::prelude::*;
use serde::Deserialize;

use window::Window;

/// Shortest and longest window, in s: a scan takes at most 0.1 s, and a day is what an operator looks back on.
const WINDOW_S: std::ops::RangeInclusive<f64> = 1.0..=86_400.0;

/// The plugin's configuration.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AverageConfig {
    /// What to compute.
    #[serde(default)]
    averages: Vec<PairConfig>,
    /// The same, for rates of change.
    #[serde(default)]
    rates: Vec<PairConfig>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PairConfig {
    input: String,
    output: String,
    window_s: f64,
}

/// What is computed from a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    /// The mean, weighted by time.
    Mean,
    /// The change per minute, from a straight line through the window (least squares).
    Rate,
}

struct Pair {
    what: What,
    input: Input<f64>,
    output: Tag<f64>,
    window: RefCell<Window>,
}

/// The plugin.
pub struct Average {
    pairs: Vec<Pair>,
}

impl Create for Average {
    fn create(setup: &Setup) -> Result<Self, Problems> {
        let config: AverageConfig = setup.config()?;
        let mut problems = Problems::new();
        if config.averages.is_empty() && config.rates.is_empty() {
            problems.add("there is nothing to compute; add `averages = [{ input = \"tag\", output = \"tag\", window_s = 60 }]`");
        }
        let averages = config.averages.iter().map(|pair| (What::Mean, pair));
        let all = averages.chain(config.rates.iter().map(|pair| (What::Rate, pair)));
        let pairs = all.filter_map(|(what, pair)| problems.keep(Pair::new(setup, what, pair))).collect();
        problems.result(Some(Self { pairs }))
    }
}

impl Analytics for Average {
    fn period(&self) -> Option<Duration> {
        Some(Duration::from_secs(1))
    }

    /// What the inputs hold before anything changes.
    async fn begin(&self, io: &Io) -> Result<()> {
        for pair in &self.pairs {
            pair.window.borrow_mut().add(now().mono_ns, usable(&io.read(&pair.input)));
        }
        Ok(())
    }

    async fn update(&self, io: &Io, changes: &Changes) -> Result<()> {
        for pair in &self.pairs {
            let mut told = false;
            for sample in changes.of(&pair.input) {
                pair.window.borrow_mut().add(now().mono_ns, usable(&sample));
                told = true;
            }
            if told {
                pair.publish(io);
            }
        }
        Ok(())
    }

    /// A value that doesn't change still moves its mean, so outputs go on without changes.
    async fn tick(&self, io: &Io) -> Result<()> {
        self.pairs.iter().for_each(|pair| pair.publish(io));
        Ok(())
    }
}

impl Pair {
    fn new(setup: &Setup, what: What, config: &PairConfig) -> Result<Self, Problems> {
        let mut problems = Problems::new();
        let PairConfig { input, output, window_s } = config;
        let find = |name: &str, right: &str| {
            setup.tags.iter().find(|tag| tag.name == name).ok_or_else(|| {
                Problems::one(format!(
                    "`{name}` isn't granted to this plugin; add it to the plugin's grant.{right}, or correct the name"
                ))
            })
        };
        let input = problems.keep(find(input, "read").and_then(|tag| tag.to_read()));
        let output = problems.keep(find(output, "publish").and_then(|tag| tag.to_publish()));
        if !WINDOW_S.contains(window_s) {
            problems.add(format!("window_s of `{}` is {window_s}; give it 1 to 86400 seconds", config.output));
        }
        let window = RefCell::new(Window::new((window_s.clamp(1.0, 86_400.0) * 1e9) as u64));
        problems.result(input.zip(output).map(|(input, output)| Self { what, input, output, window }))
    }

    fn publish(&self, io: &Io) {
        let mut window = self.window.borrow_mut();
        let figures = window.figures(now().mono_ns);
        let value = match self.what {
            What::Mean => figures.mean,
            What::Rate => figures.rate_per_s.map(|rate| rate * 60.0),
        };
        match value {
            None => io.publish_bad(&self.output, Status::BAD_WAITING_FOR_INITIAL_DATA),
            Some(value) if figures.usable < 1.0 - 1e-9 => io.publish_as(&self.output, value, Status::UNCERTAIN_SUB_NORMAL, 0),
            Some(value) => io.publish(&self.output, value),
        }
    }
}

fn usable(sample: &Sample<f64>) -> Option<f64> {
    sample.usable().copied().filter(|value| value.is_finite())
}

plantroom_sdk::export_analytics!(Average);
