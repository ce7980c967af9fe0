//! The self-test over a whole simulated board: passes when no frame was lost, and finds a single one that was.

use std::cell::RefCell;

use axismirror_boards::acquisition::{Acquisition, Limits};
use axismirror_boards::adc::Input;
use axismirror_boards::board::Board;
use axismirror_boards::drdy::NoPace;
use axismirror_boards::self_test::{SelfTest, SelfTestError};
use axismirror_boards::signal::Signal;
use axismirror_boards::sim::{self, Fault, ScheduledFault, SimBoard, SimSettings};

#[test]
fn the_self_test_proves_that_no_frame_was_lost_on_any_of_sixteen_channels() {
    let board = Board::find("pieeg16").unwrap();
    let lost = ScheduledFault { fault: Fault::StatusBit(0), chip: 0, after_frame: 300, frames: 1 };
    for faults in [None, Some(lost)] {
        let mut settings = SimSettings::new(Signal::Square);
        settings.faults.extend(faults);
        let world = RefCell::new(SimBoard::new(board, settings));
        let mut adcs = sim::adcs(&world, board, 250.0, 1, Input::TestSignal).unwrap();
        let mut drdys = sim::data_ready(&world, 0, || NoPace);
        let mut acquisition = Acquisition::new(&mut adcs, &mut drdys, Limits::default()).unwrap();
        acquisition.start().unwrap();
        let mut test = SelfTest::new(acquisition.adcs());
        for _ in 0..1000 {
            acquisition.step(&mut test).unwrap();
        }
        let verdicts: Vec<_> = test.verdicts().map(Option::unwrap).collect();
        assert_eq!(verdicts.len(), 16);
        for verdict in verdicts {
            match faults {
                None => assert_eq!(verdict.map(|w| w.amplitude), Ok(3495.0)),
                Some(_) => assert_eq!(verdict, Err(SelfTestError::Period { found: 255, expected: 256 })),
            }
        }
    }
}
