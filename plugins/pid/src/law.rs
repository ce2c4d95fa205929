//! The control law of one loop: numbers in, a number out. No tags, no clock.
//!
//! ISA standard form with two degrees of freedom, in percent of spans (Åström, Hägglund: Advanced PID Control, ISA 2006,
//! sections 3.4 to 3.6 and 13.4):
//!
//! ```text
//! u = K ( b r - y  +  1/Ti integral (r - y) dt  -  Td dy/dt ),   the derivative through a filter of Td/N
//! ```
//!
//! The integral follows what really went out (back calculation with the tracking time Tt), so that limits, rates and
//! manual operation don't wind it up; and at every transfer it is set so that the output doesn't move.

/// How a loop is tuned. Percent are of the spans of process value and output.
#[derive(Clone, Copy, Debug)]
pub struct Tuning {
    /// K: percent of output per percent of process value; negative where a higher output raises the process value less.
    pub gain: f64,
    /// Ti in s; infinite for none.
    pub integral_s: f64,
    /// Td in s; 0 for none.
    pub derivative_s: f64,
    /// N: the derivative is filtered by Td/N.
    pub derivative_filter: f64,
    /// b: how much of a step of the setpoint goes straight to the output, 0 to 1.
    pub setpoint_weight: f64,
    /// Lowest and highest output, in percent.
    pub output: (f64, f64),
    /// Fastest change of the output, in percent a second.
    pub output_rate_per_s: f64,
}

/// What a loop knows from one step to the next.
#[derive(Clone, Copy, Debug)]
pub struct Law {
    tuning: Tuning,
    integral: f64,
    derivative: f64,
    last_pv: Option<f64>,
    output: f64,
}

impl Law {
    /// A loop whose output stands at this percentage.
    pub fn new(tuning: Tuning, output: f64) -> Self {
        Self { tuning, integral: output, derivative: 0.0, last_pv: None, output: output.clamp(tuning.output.0, tuning.output.1) }
    }

    /// The output now, in percent.
    pub fn output(&self) -> f64 {
        self.output
    }

    /// One step of control: setpoint and process value in percent, `step_s` since the last step.
    pub fn control(&mut self, setpoint: f64, pv: f64, step_s: f64) -> f64 {
        let t = self.tuning;
        let proportional = self.proportional(setpoint, pv);
        self.differentiate(pv, step_s);
        let wanted = proportional + self.integral + self.derivative;
        let output = self.limited(wanted, step_s);
        let tracking_s = self.tracking_s();
        if t.integral_s.is_finite() {
            self.integral += t.gain * step_s / t.integral_s * (setpoint - pv);
        }
        // What could not go out is taken back, at most all of it in one step.
        self.integral += (step_s / tracking_s).min(1.0) * (output - wanted);
        self.output = output;
        output
    }

    /// One step without control: the output goes where it is told, as fast as it may, and the integral follows, so that
    /// control takes over without a bump.
    pub fn follow(&mut self, output: f64, setpoint: f64, pv: Option<f64>, step_s: f64) -> f64 {
        self.output = self.limited(output, step_s);
        self.settle(setpoint, pv);
        self.output
    }

    /// Puts the output at a percentage at once: what the equipment shows at the start.
    pub fn stand_at(&mut self, output: f64, setpoint: f64, pv: Option<f64>) {
        self.output = output.clamp(self.tuning.output.0, self.tuning.output.1);
        self.settle(setpoint, pv);
    }

    /// The integral that gives the present output for this setpoint and process value.
    pub fn settle(&mut self, setpoint: f64, pv: Option<f64>) {
        self.derivative = 0.0;
        self.last_pv = pv;
        self.integral = self.output - pv.map_or(0.0, |pv| self.proportional(setpoint, pv));
    }

    fn proportional(&self, setpoint: f64, pv: f64) -> f64 {
        self.tuning.gain * (self.tuning.setpoint_weight * setpoint - pv)
    }

    fn differentiate(&mut self, pv: f64, step_s: f64) {
        let t = self.tuning;
        let last = self.last_pv.replace(pv).unwrap_or(pv);
        if t.derivative_s > 0.0 {
            let filter = t.derivative_s + t.derivative_filter * step_s;
            self.derivative =
                t.derivative_s / filter * self.derivative - t.gain * t.derivative_s * t.derivative_filter / filter * (pv - last);
        }
    }

    /// The tracking time: between Td and Ti, as Åström and Hägglund advise; without an integral, 1 s.
    fn tracking_s(&self) -> f64 {
        let t = self.tuning;
        match (t.integral_s.is_finite(), t.derivative_s > 0.0) {
            (true, true) => (t.integral_s * t.derivative_s).sqrt(),
            (true, false) => t.integral_s,
            (false, _) => f64::INFINITY,
        }
    }

    fn limited(&self, wanted: f64, step_s: f64) -> f64 {
        let t = self.tuning;
        let most = t.output_rate_per_s * step_s;
        let reachable = if most.is_finite() { wanted.clamp(self.output - most, self.output + most) } else { wanted };
        reachable.clamp(t.output.0, t.output.1)
    }
}

/// A setpoint that goes to where it is told at a rate.
#[derive(Clone, Copy, Debug)]
pub struct Ramp {
    rate_per_s: f64,
    at: Option<f64>,
}

impl Ramp {
    /// At a rate in percent a second; infinite for none.
    pub fn new(rate_per_s: f64) -> Self {
        Self { rate_per_s, at: None }
    }

    /// One step towards a target.
    pub fn step(&mut self, target: f64, step_s: f64) -> f64 {
        let most = self.rate_per_s * step_s;
        let at = match self.at {
            Some(at) if most.is_finite() => target.clamp(at - most, at + most),
            _ => target,
        };
        self.at = Some(at);
        at
    }

    /// Where there is a rate, the ramp begins here: at the process value, when control takes over.
    pub fn begin_at(&mut self, pv: f64) {
        if self.rate_per_s.is_finite() {
            self.at = Some(pv);
        }
    }
}
