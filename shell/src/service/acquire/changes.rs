//! Changes of a running stream's settings: taken in, checked, carried out or undone, and answered.
//!
//! Never runs an acquisition; says only whether the ADC has to be set up anew.

use axismirror_core::name::StreamName;
use axismirror_core::publisher::PublishError;

use super::Acquirer;
use crate::config::{ConfigError, Reach, Settings};
use crate::control::{ControlServer, Refusal};
use crate::service::ServiceError;
use crate::service::change::{Asker, Pending};
use crate::service::events::{like, marker};
use crate::service::outlet::{Next, Outcome, Outlet};
use crate::service::plan::Plan;

impl Acquirer {
    /// Looks for a change of settings and begins to carry it out. Says whether the ADC has to be set up anew for it.
    pub(super) fn change(&mut self, outlet: &mut Outlet) -> bool {
        // One after the other: the next is checked against what then holds.
        if self.pending.is_some() || outlet.is_changing() {
            return false;
        }
        let (wanted, asker) = if let Some(order) = self.control.next_order() {
            (self.plan.settings.with_changes(&order.changes), Asker::Person(order))
        } else if let Ok(settings) = self.reloaded.try_recv() {
            let differences = self.plan.settings.differences(&settings);
            let fixed = differences.into_iter().find(|k| k.reach() == Reach::Fixed);
            (fixed.map_or(Ok(settings), |key| Err(ConfigError::Fixed { key })), Asker::Reload)
        } else {
            return false;
        };
        let prepared = match wanted {
            Ok(settings) => self.prepare(settings, outlet).map_err(Refusal::from),
            Err(error) => Err(Refusal::from(&error)),
        };
        let (plan, next, control) = match prepared {
            Ok(prepared) => prepared,
            Err(refusal) => {
                outlet.release();
                asker.refused(refusal);
                return false;
            }
        };
        let differences = self.plan.settings.differences(&plan.settings);
        if like(&plan.settings) != like(&self.plan.settings) {
            self.events.hold();
        }
        let restarts_adc = differences.iter().any(|k| k.reach() == Reach::NeedsAdcRestart);
        self.pending = Some(Pending { plan, restarts_adc, control, asker });
        if !restarts_adc && let Some(outcome) = outlet.change(next) {
            self.conclude(outcome, outlet);
        }
        restarts_adc
    }

    /// Checks new settings as a whole; nothing of the stream is touched yet.
    fn prepare(
        &self,
        settings: Settings,
        outlet: &mut Outlet,
    ) -> Result<(Plan, Next, Option<ControlServer>), ServiceError> {
        let plan = Plan::new(settings)?;
        let next = plan.next()?;
        outlet.check(&next)?;
        let renamed = plan.settings.name != self.plan.settings.name;
        if renamed {
            let free = self.events.check_free(&plan.settings.name);
            free.map_err(|e| ServiceError::Events(PublishError::Store(e)))?;
        }
        let control = renamed.then(|| self.control_of(&plan.settings.name)).transpose()?;
        Ok((plan, next, control))
    }

    /// The change that is under way was carried out, or everything is as it was. Says whether the ADC has to be set up anew.
    pub(super) fn conclude(&mut self, outcome: Outcome, outlet: &mut Outlet) -> bool {
        let Some(pending) = self.pending.take() else {
            // Nobody asked: the ADC was only set up again.
            if let Err(error) = outcome {
                tracing::error!("the stream goes on as it was: {error}");
            }
            return false;
        };
        match outcome {
            Ok(()) => {
                if like(&pending.plan.settings) != like(&self.plan.settings) {
                    self.events.follow(like(&pending.plan.settings));
                }
                self.events.release();
                self.plan = pending.plan;
                pending.asker.done();
                if let Some(control) = pending.control {
                    // The answer travels through the old one.
                    std::mem::replace(&mut self.control, control).retire();
                }
                false
            }
            Err(error) => {
                outlet.release();
                let restarts_adc = pending.restarts_adc;
                self.events.release();
                pending.refused(error.into());
                if restarts_adc {
                    // What it delivered under the new settings is not what the stream holds.
                    outlet.discard();
                }
                restarts_adc
            }
        }
    }

    fn control_of(&self, name: &str) -> Result<ControlServer, ServiceError> {
        Ok(ControlServer::start(StreamName::new(name)?.header().as_str(), marker(&self.events))?)
    }
}
