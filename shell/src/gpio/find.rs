//! Which line of which chip is meant: by the line's name, else by the chip's label and the line's place on it.
//!
//! Chips change their numbers from kernel to kernel (the Raspberry Pi 5's header was gpiochip4 and is gpiochip0), names and labels
//! do not. Pure: looks at a list of chips, opens none.

use std::path::PathBuf;

use axismirror_boards::board::GpioLine;

use super::GpioError;

/// A GPIO chip as the kernel describes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GpioChip {
    /// Its device node.
    pub path: PathBuf,
    /// What kind of chip it is: `pinctrl-bcm2711`.
    pub label: String,
    /// Its lines, by their offset.
    pub lines: Vec<Line>,
}

/// A line of a chip.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// Its name in the device tree; empty where it has none.
    pub name: String,
    /// Who uses it.
    pub consumer: Option<String>,
}

/// A line that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The chip's device node.
    pub path: PathBuf,
    /// The line's place on the chip.
    pub offset: u32,
    /// What it is called.
    pub name: String,
    /// Who uses it.
    pub consumer: Option<String>,
}

impl Found {
    /// Whether nobody uses it.
    ///
    /// # Errors
    /// [`GpioError::Busy`].
    pub fn free(&self) -> Result<(), GpioError> {
        match &self.consumer {
            None => Ok(()),
            Some(consumer) => Err(GpioError::Busy {
                name: self.name.clone(),
                path: self.path.clone(),
                offset: self.offset,
                consumer: consumer.clone(),
            }),
        }
    }

    pub(super) fn refused(&self, error: gpiocdev::Error) -> GpioError {
        GpioError::Kernel { name: self.name.clone(), message: error.to_string() }
    }
}

/// The line that is meant by `line`, on a board whose chips have these labels.
///
/// A name on a chip with one of the labels wins, then the name anywhere, then the offset on a chip with one of the labels
/// whose line there has no name.
///
/// # Errors
/// [`GpioError::NoChips`], [`GpioError::NoLine`].
pub fn find(chips: &[GpioChip], line: &GpioLine, labels: &[&str]) -> Result<Found, GpioError> {
    if chips.is_empty() {
        return Err(GpioError::NoChips);
    }
    let labelled = || chips.iter().filter(|c| labels.contains(&c.label.as_str()));
    let named = |chip: &GpioChip| {
        let offset = chip.lines.iter().position(|l| l.name == line.name)?;
        found(chip, u32::try_from(offset).ok()?)
    };
    let nameless = |chip: &GpioChip| {
        let found = found(chip, line.offset)?;
        found.name.is_empty().then(|| Found { name: line.name.to_owned(), ..found })
    };
    labelled()
        .find_map(named)
        .or_else(|| chips.iter().find_map(named))
        .or_else(|| labelled().find_map(nameless))
        .ok_or_else(|| GpioError::NoLine {
            name: line.name.to_owned(),
            labels: labels.iter().map(|&l| l.to_owned()).collect(),
            seen: format!(
                "; the chips here are {}",
                chips.iter().map(|c| format!("{} ({} lines)", c.label, c.lines.len())).collect::<Vec<_>>().join(", ")
            ),
        })
}

fn found(chip: &GpioChip, offset: u32) -> Option<Found> {
    let line = chip.lines.get(usize::try_from(offset).ok()?)?;
    Some(Found { path: chip.path.clone(), offset, name: line.name.clone(), consumer: line.consumer.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LABELS: &[&str] = &["pinctrl-rp1", "pinctrl-bcm2711"];
    const DRDY: GpioLine = GpioLine { name: "GPIO26", offset: 26, header_pin: 37 };

    fn chip(path: &str, label: &str, name: impl Fn(usize) -> String) -> GpioChip {
        let lines = (0..54).map(|i| Line { name: name(i), consumer: None }).collect();
        GpioChip { path: path.into(), label: label.into(), lines }
    }

    #[test]
    fn the_header_of_a_pi_5_is_found_under_either_number() {
        for (rp1, other) in [("gpiochip4", "gpiochip0"), ("gpiochip0", "gpiochip11")] {
            let chips = [
                chip(other, "gpio-brcmstb@107d508500", |i| format!("AON_{i}")),
                chip(rp1, "pinctrl-rp1", |i| format!("GPIO{i}")),
            ];
            let found = find(&chips, &DRDY, LABELS).unwrap();
            assert_eq!((found.path.to_str(), found.offset), (Some(rp1), 26));
        }
    }

    #[test]
    fn a_name_wins_over_the_offset_and_a_labelled_chip_over_another() {
        let chips = [
            chip("a", "expander", |i| format!("GPIO{i}")),
            chip("b", "pinctrl-bcm2711", |i| if i == 5 { "GPIO26".into() } else { String::new() }),
        ];
        let found = find(&chips, &DRDY, LABELS).unwrap();
        assert_eq!((found.path.to_str(), found.offset), (Some("b"), 5));
        // Only the expander has the name.
        let found = find(&chips[..1], &DRDY, LABELS).unwrap();
        assert_eq!((found.path.to_str(), found.offset), (Some("a"), 26));
    }

    #[test]
    fn without_names_label_and_offset_decide() {
        let nameless = chip("b", "pinctrl-bcm2711", |_| String::new());
        let found = find(std::slice::from_ref(&nameless), &DRDY, LABELS).unwrap();
        assert_eq!((found.path.to_str(), found.offset, found.name.as_str()), (Some("b"), 26, "GPIO26"));
        // A line that has another name is another line.
        let other = chip("b", "pinctrl-bcm2711", |i| format!("P{i}"));
        let error = find(&[other], &DRDY, LABELS).unwrap_err();
        assert!(
            error.to_string().contains("GPIO26") && error.to_string().contains("pinctrl-bcm2711 (54 lines)"),
            "{error}"
        );
        // As is the same offset on a chip of another kind.
        assert!(find(&[chip("c", "expander", |_| String::new())], &DRDY, LABELS).is_err());
        assert_eq!(find(&[], &DRDY, LABELS), Err(GpioError::NoChips));
    }

    #[test]
    fn a_line_in_use_says_by_whom() {
        let mut chip = chip("b", "pinctrl-bcm2711", |i| format!("GPIO{i}"));
        chip.lines[26].consumer = Some("spi0 CS1".into());
        let error = find(&[chip], &DRDY, LABELS).unwrap().free().unwrap_err();
        assert!(error.to_string().contains("spi0 CS1"), "{error}");
    }
}
