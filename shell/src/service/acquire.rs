//! The acquisition's thread: ADC, frames, changes, end.
//!
//! Runs one acquisition after another, a new one whenever a change needs the ADC set up anew. Whatever goes wrong once the stream is there, a
//! change or an ADC, does not end it: a change that fails leaves what was before, an ADC that fails is tried again.

mod changes;

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use axismirror_boards::acquisition::{Acquisition, AcquisitionError, Limits, Step};
use axismirror_boards::adc::{Adc, Input};
use axismirror_boards::drdy::DataReady;
use axismirror_boards::sim::{self, SimBoard};

use super::ServiceError;
use super::change::Pending;
use super::outlet::{Outlet, ServicePublisher};
use super::plan::Plan;
use crate::causes;
use crate::clock::{self, HostPace};
use crate::config::Settings;
use crate::control::ControlServer;
use crate::events::{EventStream, Position};
use crate::hardware::{Hardware, Wanted};
use crate::realtime::{self, RealTime};

/// The first pause after an ADC that could not be started again, and the longest; it doubles in between.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// The pause after a board that could not be opened again.
const REOPEN_PAUSE: Duration = Duration::from_secs(1);
/// How often a pause looks for a stop and for changes.
const PAUSE_SLICE: Duration = Duration::from_millis(5);
/// How much longer than its duration a stream may take by the host's clock when its ADC delivers nothing, in nanoseconds.
const GRACE: f64 = 1e9;

/// What the acquisition's thread works with.
pub(super) struct Acquirer {
    /// What holds.
    plan: Plan,
    stop: Arc<AtomicBool>,
    control: ControlServer,
    events: Arc<EventStream>,
    /// Settings that were read again.
    reloaded: Receiver<Settings>,
    /// What is to hold next.
    pending: Option<Pending>,
}

/// Why an acquisition ended.
#[derive(Clone, Copy, Debug)]
enum End {
    /// The stream is over.
    Stopped,
    /// The ADC has to be set up anew.
    SetUpAgain,
}

impl Acquirer {
    /// Changes come from `control` and `reloaded`.
    pub(super) const fn new(
        plan: Plan,
        stop: Arc<AtomicBool>,
        control: ControlServer,
        events: Arc<EventStream>,
        reloaded: Receiver<Settings>,
    ) -> Self {
        Self { plan, stop, control, events, reloaded, pending: None }
    }

    /// Publishes until it is stopped; then removes the stream.
    pub(super) fn run(mut self, publisher: ServicePublisher, position: Position) -> Result<(), ServiceError> {
        realtime::apply(RealTime::of(&self.plan.settings));
        let mut outlet = Outlet::new(publisher, self.plan.settings.clock, position);
        let result = loop {
            match self.acquire(&mut outlet) {
                Ok(End::SetUpAgain) => {}
                Ok(End::Stopped) => break Ok(()),
                // Nothing of the change holds yet: what was before does.
                Err(error) => match self.pending.take_if(|_| !outlet.is_changing()) {
                    Some(pending) => {
                        self.events.release();
                        outlet.release();
                        pending.refused(error);
                    }
                    // The board was there before, and may be again.
                    None if outlet.span().is_some() && matches!(error, ServiceError::Hardware(_)) => {
                        tracing::error!("{}; next try in {} s", causes::line(&error), REOPEN_PAUSE.as_secs());
                        outlet.silent();
                        if matches!(self.wait(REOPEN_PAUSE, &mut outlet), Some(End::Stopped)) {
                            self.without_frame(Some(clock::monotonic_ns()), true, &mut outlet);
                            break Ok(());
                        }
                    }
                    None => break Err(error),
                },
            }
            outlet.restarted();
        };
        while outlet.is_changing() {
            std::thread::sleep(PAUSE_SLICE);
            self.tick(&mut outlet);
        }
        let h = outlet.health();
        tracing::info!(
            stream = outlet.name(),
            frames = outlet.frames(),
            lost = h.frames_lost,
            drdy_missed = h.drdy_missed,
            bad = h.bad_frames,
            bus_errors = h.bus_errors,
            overruns = h.overruns,
            slips = h.slips,
            restarts = h.restarts,
            "the stream ends"
        );
        // Simulated time that runs free has nothing to do with the clock.
        if !self.plan.settings.simulate.fast {
            tracing::info!("from DRDY to readers: {}", outlet.latency());
            if let Some(f) = outlet.clock() {
                let (rate, ppm, us) = (f.rate, f.drift_ppm, f.jitter_ns / 1000.0);
                tracing::info!("the ADC's clock: {rate:.4} Hz ({ppm:+.1} ppm), DRDY's jitter {us:.1} us");
            }
        }
        outlet.close();
        result
    }

    /// What is to hold, or what does.
    fn wanted(&self) -> &Plan {
        self.pending.as_ref().map_or(&self.plan, |p| &p.plan)
    }

    /// One acquisition, from the ADC's power-up on.
    fn acquire(&mut self, outlet: &mut Outlet) -> Result<End, ServiceError> {
        let plan = self.wanted().clone();
        if !plan.settings.simulate.enabled {
            return self.acquire_real(&plan, outlet);
        }
        let world = RefCell::new(SimBoard::new(plan.board, plan.world.sim_settings(&plan.settings)));
        let input = plan.world.signal(&plan.settings).input();
        let fast = plan.settings.simulate.fast;
        let mut adcs = sim::adcs(&world, plan.board, plan.on_board.rate, plan.gain(), input)?;
        let pace = || HostPace::new(self.stop.clone(), fast);
        // A simulation that is faster than time has been in the future; times do not go back.
        let newest = outlet.span().filter(|_| fast).map_or(i64::MIN, |(_, newest)| newest);
        let mut drdys = sim::data_ready(&world, clock::monotonic_ns().max(newest), pace);
        self.publish(&mut adcs, &mut drdys, outlet)
    }

    fn acquire_real(&mut self, plan: &Plan, outlet: &mut Outlet) -> Result<End, ServiceError> {
        let wanted = Wanted {
            rate: plan.on_board.rate,
            gain: plan.gain(),
            input: Input::Normal,
            spi: plan.settings.spi,
            stop: self.stop.clone(),
        };
        let mut hardware = Hardware::open(plan.board, &wanted)?;
        self.publish(&mut hardware.adcs, &mut hardware.data_ready, outlet)
    }

    /// Starts the converters and publishes what they make.
    fn publish<A: Adc, D: DataReady>(
        &mut self,
        adcs: &mut [A],
        drdys: &mut [D],
        outlet: &mut Outlet,
    ) -> Result<End, ServiceError>
    where
        A::BusError: std::fmt::Debug,
    {
        let mut acquisition =
            Acquisition::new(adcs, drdys, Limits::default()).map_err(|e| ServiceError::of_acquisition(e, false))?;
        let result = self.frames(&mut acquisition, outlet);
        if let Err(error) = acquisition.stop() {
            tracing::warn!("the ADC was not stopped: {error}");
        }
        outlet.flush();
        if matches!(result, Ok(End::Stopped)) {
            self.without_frame(self.now(&mut acquisition), true, outlet);
        }
        result
    }

    /// The time now by the clock of the frames' times; `None` where nobody can tell.
    fn now<A: Adc, D: DataReady>(&self, acquisition: &mut Acquisition<'_, A, D>) -> Option<i64> {
        // A simulated board's time stands still as long as nobody waits for it; before it is started again, it is the host's. One that runs
        // free has a time of its own.
        let host = (!self.plan.settings.simulate.fast).then(clock::monotonic_ns);
        let board = acquisition.now_ns();
        if acquisition.is_about_to_restart() { host.or(board) } else { board.or(host) }
    }

    /// There is no frame: those that were due until now, within the stream's duration, are missing, and lost when it ends.
    fn without_frame(&self, now_ns: Option<i64>, ends: bool, outlet: &mut Outlet) {
        let Some(now_ns) = now_ns.filter(|_| outlet.is_in_gap()) else { return };
        let last = self.plan.settings.duration.zip(outlet.span()).map(|(duration, (first, _))| {
            let half_period = 0.5 / self.plan.on_board.rate;
            first.saturating_add(((duration.as_secs_f64() - half_period) * 1e9) as i64)
        });
        let now_ns = last.map_or(now_ns, |last| last.min(now_ns));
        if ends {
            outlet.ends_without_frame(now_ns);
        } else {
            outlet.without_frame(now_ns);
        }
    }

    /// Starts the ADC and takes frame after frame.
    fn frames<A: Adc, D: DataReady>(
        &mut self,
        acquisition: &mut Acquisition<'_, A, D>,
        outlet: &mut Outlet,
    ) -> Result<End, ServiceError>
    where
        A::BusError: std::fmt::Debug,
    {
        let mut pause = FIRST_PAUSE;
        let (mut started, mut failed, mut answers) = (false, false, true);
        // Making a ring takes as long as several frames: none is converted before the first one is there.
        let begins = !outlet.is_described();
        if begins {
            self.begin(outlet)?;
        }
        loop {
            // At once after the last frame; but an ADC that cannot be started, or makes no frame then, is given ever more time.
            if !answers && (std::mem::take(&mut failed) || acquisition.is_about_to_restart()) {
                if let Some(end) = self.pause(pause, acquisition, outlet)? {
                    return Ok(end);
                }
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
            let step = if started { acquisition.step(outlet) } else { acquisition.start().map(|()| Step::Restarted) };
            match step {
                Ok(Step::Stopped) => return Ok(End::Stopped),
                Ok(Step::Restarted) if !std::mem::replace(&mut started, true) => {
                    if !begins && self.begin(outlet)? {
                        return Ok(End::SetUpAgain);
                    }
                }
                Ok(Step::Restarted) => {
                    outlet.silent();
                    answers = false;
                    tracing::warn!("the ADC stopped answering and was started again");
                }
                Ok(Step::Frame) => (pause, answers) = (FIRST_PAUSE, true),
                Ok(_) => {}
                // The stream's very first start is not tried again, nor one with new settings: there, the old ones are.
                Err(error @ AcquisitionError::Adc { .. }) if started || !begins && self.pending.is_none() => {
                    outlet.silent();
                    (failed, answers) = (true, false);
                    tracing::error!("{error}; next try in {} ms", pause.as_millis());
                }
                Err(error) => return Err(ServiceError::of_acquisition(error, started)),
            }
            if let Some(end) = self.between(acquisition, outlet)? {
                return Ok(end);
            }
        }
    }

    /// What the ADC's frames are begins to hold. Says whether it has to be set up anew nevertheless.
    fn begin(&mut self, outlet: &mut Outlet) -> Result<bool, ServiceError> {
        let plan = self.wanted();
        let next = plan.next()?;
        tracing::info!(
            stream = outlet.name(),
            board = plan.board.id,
            rate = plan.on_board.rate,
            gain = plan.on_board.gain,
            channels = plan.on_board.channels.len(),
            chunk = plan.on_board.chunk,
            "publishing"
        );
        plan.warn_of_published_readers();
        Ok(outlet.begin(next)?.is_some_and(|outcome| self.conclude(outcome, outlet)))
    }

    /// What is done between two frames, and while there are none.
    fn between<A: Adc, D: DataReady>(
        &mut self,
        acquisition: &mut Acquisition<'_, A, D>,
        outlet: &mut Outlet,
    ) -> Result<Option<End>, ServiceError> {
        outlet.observe(acquisition.health());
        if outlet.is_in_gap() {
            self.without_frame(self.now(acquisition), false, outlet);
        }
        let set_up_again = self.tick(outlet);
        // Relaxed: a flag alone, nothing is published with it.
        if self.stop.load(Ordering::Relaxed) || self.is_over(outlet) {
            return Ok(Some(End::Stopped));
        }
        let set_up_again = set_up_again || self.change(outlet);
        Ok(set_up_again.then_some(End::SetUpAgain))
    }

    /// Shows that we live, and carries on what is under way. Says whether the ADC has to be set up anew.
    fn tick(&mut self, outlet: &mut Outlet) -> bool {
        outlet.tick().is_some_and(|outcome| self.conclude(outcome, outlet))
    }

    /// Whether the frames' own times, or the host's where no frames come, have reached the stream's duration.
    fn is_over(&self, outlet: &Outlet) -> bool {
        let Some(duration) = self.plan.settings.duration else { return false };
        let Some((first, newest)) = outlet.span() else { return false };
        let duration = duration.as_secs_f64() * 1e9;
        let period = 1e9 / self.plan.on_board.rate;
        // Times are whole nanoseconds, periods are not.
        let tolerance = period / 1000.0;
        let by_frames = (newest - first) as f64 + period >= duration - tolerance;
        let by_host = !self.plan.settings.simulate.fast && (clock::monotonic_ns() - first) as f64 > duration + GRACE;
        by_frames || by_host
    }

    /// Lets time pass without an acquisition, up to its end or that of the stream, or until a change wants the ADC set up anew.
    fn wait(&mut self, pause: Duration, outlet: &mut Outlet) -> Option<End> {
        let until = Instant::now() + pause;
        while Instant::now() < until {
            let set_up_again = self.tick(outlet);
            self.without_frame(Some(clock::monotonic_ns()), false, outlet);
            // Relaxed: a flag alone, nothing is published with it.
            if self.stop.load(Ordering::Relaxed) || self.is_over(outlet) {
                return Some(End::Stopped);
            }
            if set_up_again || self.change(outlet) {
                return Some(End::SetUpAgain);
            }
            std::thread::sleep(PAUSE_SLICE);
        }
        None
    }

    /// Lets time pass without frames.
    fn pause<A: Adc, D: DataReady>(
        &mut self,
        pause: Duration,
        acquisition: &mut Acquisition<'_, A, D>,
        outlet: &mut Outlet,
    ) -> Result<Option<End>, ServiceError> {
        let until = Instant::now() + pause;
        loop {
            if let Some(end) = self.between(acquisition, outlet)? {
                return Ok(Some(end));
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(None);
            }
            std::thread::sleep(left.min(PAUSE_SLICE));
        }
    }
}

#[cfg(test)]
mod tests;
