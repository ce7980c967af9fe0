//! The acquisition's thread: ADC, chunks, changes, end.
//!
//! Runs one acquisition after another, a new one whenever a change needs the ADC set up anew.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Receiver;
use std::time::Duration;

use axismirror_boards::acquisition::{Acquisition, AcquisitionError, Limits, Step};
use axismirror_boards::adc::{Adc, Input};
use axismirror_boards::drdy::DataReady;
use axismirror_boards::sim::{self, SimBoard};
use axismirror_core::name::StreamName;

use super::ServiceError;
use super::outlet::{Outlet, ServicePublisher};
use super::plan::Plan;
use crate::clock::{self, HostPace};
use crate::config::{Clock, Key, Reach, Settings};
use crate::control::{ControlServer, Order, Refusal};
use crate::hardware::{Hardware, Wanted};
use crate::realtime::{self, RealTime};

/// The first pause after an ADC that could not be started again, and the longest; it doubles in between.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// What the acquisition's thread works with.
pub(super) struct Acquirer {
    pub(super) plan: Plan,
    pub(super) stop: Arc<AtomicBool>,
    pub(super) control: Option<(ControlServer, Receiver<Order>)>,
    /// Settings that were read again.
    pub(super) reloaded: Receiver<Settings>,
}

/// Why an acquisition ended.
enum End {
    /// The stream is over.
    Stopped,
    /// The ADC has to be set up anew.
    SetUpAgain,
}

impl Acquirer {
    /// Publishes until it is stopped; then removes the stream.
    pub(super) fn run(mut self, publisher: ServicePublisher) -> Result<(), ServiceError> {
        realtime::apply(RealTime::of(&self.plan.settings));
        let mut outlet = Outlet::new(publisher);
        let mut done = 0;
        let result = loop {
            match self.acquire(&mut outlet, &mut done) {
                Ok(End::SetUpAgain) => {}
                Ok(End::Stopped) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        let h = outlet.health();
        tracing::info!(
            stream = outlet.name(),
            frames = done,
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

    /// One acquisition, from the ADC's power-up on. `done` counts frames of all of them.
    fn acquire(&mut self, outlet: &mut Outlet, done: &mut u64) -> Result<End, ServiceError> {
        let plan = self.plan.clone();
        if !plan.settings.simulate.enabled {
            return self.acquire_real(&plan, outlet, done);
        }
        let world = RefCell::new(SimBoard::new(plan.board, plan.world.sim_settings(&plan.settings)));
        let input = plan.world.signal(&plan.settings).input();
        let mut adcs = sim::adcs(&world, plan.board, plan.on_board.rate, plan.gain(), input)?;
        let pace = || HostPace::new(self.stop.clone(), plan.settings.simulate.fast);
        let mut drdys = sim::data_ready(&world, clock::monotonic_ns(), pace);
        self.publish(&plan, &mut adcs, &mut drdys, outlet, done)
    }

    fn acquire_real(&mut self, plan: &Plan, outlet: &mut Outlet, done: &mut u64) -> Result<End, ServiceError> {
        let wanted = Wanted {
            rate: plan.on_board.rate,
            gain: plan.gain(),
            input: Input::Normal,
            spi: plan.settings.spi,
            stop: self.stop.clone(),
        };
        let mut hardware = Hardware::open(plan.board, &wanted)?;
        self.publish(plan, &mut hardware.adcs, &mut hardware.data_ready, outlet, done)
    }

    /// Starts the converters and publishes what they make.
    fn publish<A: Adc, D: DataReady>(
        &mut self,
        plan: &Plan,
        adcs: &mut [A],
        drdys: &mut [D],
        outlet: &mut Outlet,
        done: &mut u64,
    ) -> Result<End, ServiceError>
    where
        A::BusError: std::fmt::Debug,
    {
        // Frame by frame: the outlet makes chunks of them, whose length can change at any time.
        let mut codes = vec![0; plan.board.channels()];
        let mut times = [0];
        let mut acquisition = Acquisition::new(adcs, drdys, &mut codes, &mut times, Limits::default())
            .map_err(|e| ServiceError::Adc(e.to_string()))?;
        // Making a ring takes as long as several frames: none is converted before it is there.
        let next = plan.next(|c| acquisition.volts_per_code(c))?;
        let offset = match plan.settings.clock {
            Clock::Monotonic => 0,
            Clock::Realtime => clock::realtime_ns() - clock::monotonic_ns(),
        };
        outlet.begin(next, offset, plan.on_board.rate)?;
        acquisition.start().map_err(|e| ServiceError::Adc(e.to_string()))?;
        tracing::info!(
            stream = outlet.name(),
            board = plan.board.id,
            rate = plan.on_board.rate,
            gain = plan.on_board.gain,
            channels = plan.on_board.channels.len(),
            chunk = plan.on_board.chunk,
            "publishing"
        );
        self.frames(&mut acquisition, outlet, done)
    }

    /// Frame after frame.
    fn frames<A: Adc, D: DataReady>(
        &mut self,
        acquisition: &mut Acquisition<'_, A, D>,
        outlet: &mut Outlet,
        done: &mut u64,
    ) -> Result<End, ServiceError>
    where
        A::BusError: std::fmt::Debug,
    {
        let mut pause = FIRST_PAUSE;
        loop {
            match acquisition.step(outlet) {
                Ok(Step::Stopped) => break,
                Ok(Step::Frame | Step::Lost) => *done += 1,
                Ok(Step::Restarted) => {
                    tracing::warn!("the ADC stopped answering and was started again");
                    pause = FIRST_PAUSE;
                }
                Ok(_) => {}
                Err(error @ AcquisitionError::Adc { .. }) => {
                    tracing::error!("{error}; next try in {} ms", pause.as_millis());
                    self.pause(pause);
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
                Err(error) => return Err(ServiceError::Adc(error.to_string())),
            }
            if let Some(error) = outlet.take_error() {
                return Err(error.into());
            }
            outlet.tick();
            if self.stop.load(Ordering::Relaxed) || self.plan.last_frame().is_some_and(|last| *done >= last) {
                break;
            }
            if self.change(acquisition, outlet) {
                outlet.restarted();
                return Ok(End::SetUpAgain);
            }
        }
        if let Err(error) = acquisition.stop() {
            tracing::warn!("the ADC was not stopped: {error}");
        }
        Ok(End::Stopped)
    }

    /// Sleeps, but not through a stop.
    fn pause(&self, pause: Duration) {
        let slice = Duration::from_millis(20);
        let mut left = pause;
        while !left.is_zero() && !self.stop.load(Ordering::Relaxed) {
            std::thread::sleep(left.min(slice));
            left = left.saturating_sub(slice);
        }
    }

    /// Looks for a change of settings and begins to carry it out. Says whether the ADC has to be set up anew for it.
    fn change<A: Adc, D: DataReady>(&mut self, acquisition: &Acquisition<'_, A, D>, outlet: &mut Outlet) -> bool {
        if outlet.is_changing() {
            return false;
        }
        if let Some(order) = self.control.as_ref().and_then(|(_, orders)| orders.try_recv().ok()) {
            let wanted = self.plan.settings.with_changes(&order.changes);
            let outcome = match &wanted {
                Ok(settings) => self.carry_out(settings.clone(), acquisition, outlet),
                Err(error) => Err(Refusal::from(error)),
            };
            let said = order.changes.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
            return match outcome {
                Ok(again) => {
                    tracing::info!("changed: {said}");
                    order.answer(Ok(format!("changed: {said}")));
                    again
                }
                Err(refusal) => {
                    tracing::warn!("refused: {said}: {}", refusal.why);
                    order.answer(Err(refusal));
                    false
                }
            };
        }
        let Ok(settings) = self.reloaded.try_recv() else { return false };
        let differences = self.plan.settings.differences(&settings);
        if let Some(fixed) = differences.iter().find(|k| k.reach() == Reach::Fixed) {
            tracing::error!("the settings stay as they are: {fixed} cannot change while the stream runs");
            return false;
        }
        match self.carry_out(settings, acquisition, outlet) {
            Ok(again) => {
                tracing::info!("settings read again");
                again
            }
            Err(refusal) => {
                tracing::error!("the settings stay as they are: {}", refusal.why);
                false
            }
        }
    }

    /// Checks new settings as a whole and begins the change, or leaves everything as it is.
    fn carry_out<A: Adc, D: DataReady>(
        &mut self,
        settings: Settings,
        acquisition: &Acquisition<'_, A, D>,
        outlet: &mut Outlet,
    ) -> Result<bool, Refusal> {
        let differences = self.plan.settings.differences(&settings);
        let refuse = |e: ServiceError| Refusal { why: e.to_string(), hint: e.hint() };
        let plan = Plan::new(settings).map_err(refuse)?;
        let next = plan.next(|c| acquisition.volts_per_code(c)).map_err(refuse)?;
        let moved = if differences.contains(&Key::Name) {
            Some(control_of(&plan.settings.name).map_err(refuse)?)
        } else {
            None
        };
        outlet.check(&next).map_err(|e| Refusal { why: e.to_string(), hint: None })?;
        self.plan = plan;
        if let Some(control) = moved {
            self.control = Some(control);
        }
        let set_up_again = differences.iter().any(|k| k.reach() == Reach::NeedsAdcRestart);
        if !set_up_again {
            outlet.change(next);
        }
        Ok(set_up_again)
    }
}

fn control_of(name: &str) -> Result<(ControlServer, Receiver<Order>), ServiceError> {
    Ok(ControlServer::start(StreamName::new(name)?.header().as_str())?)
}
