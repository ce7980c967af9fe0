//! A change of settings on its way: what is to hold, and who is told what became of it.
//!
//! Knows nothing of how a change is carried out.

use super::ServiceError;
use super::plan::Plan;
use crate::causes;
use crate::control::{ControlServer, Order, Refusal};

/// A change that was found possible and is being carried out.
#[derive(Debug)]
pub(super) struct Pending {
    /// What is to hold.
    pub(super) plan: Plan,
    /// Whether the ADC is set up anew for it.
    pub(super) restarts_adc: bool,
    /// Where changes are listened for from then on, when the stream gets another name.
    pub(super) control: Option<ControlServer>,
    /// Who is told.
    pub(super) asker: Asker,
}

impl Pending {
    /// Everything is as it was.
    pub(super) fn refused(self, error: ServiceError) {
        self.asker.refused(error.into());
        if let Some(control) = self.control {
            // Its thread may be waiting for a client.
            control.retire();
        }
    }
}

/// Who wants a change.
#[derive(Debug)]
pub(super) enum Asker {
    /// A person, who waits for the answer.
    Person(Order),
    /// SIGHUP; only the log says what became of it.
    Reload,
}

impl Asker {
    /// The change holds.
    pub(super) fn done(self) {
        match self {
            Self::Person(order) => {
                let said = said(&order);
                tracing::info!("changed: {said}");
                order.answer(Ok(format!("changed: {said}")));
            }
            Self::Reload => tracing::info!("settings read again"),
        }
    }

    /// Everything is as it was.
    pub(super) fn refused(self, refusal: Refusal) {
        match self {
            Self::Person(order) => {
                tracing::warn!("refused: {}: {}", said(&order), refusal.why);
                order.answer(Err(refusal));
            }
            Self::Reload => tracing::error!("the settings stay as they are: {}", refusal.why),
        }
    }
}

fn said(order: &Order) -> String {
    order.changes.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

impl From<ServiceError> for Refusal {
    fn from(error: ServiceError) -> Self {
        Self { why: causes::line(&error), hint: error.hint() }
    }
}
