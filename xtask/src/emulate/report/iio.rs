//! What the kernel's own driver for a chip read, against what the simulated device converts.
//!
//! The driver is the judge of the device: it was written by others, from the datasheet.

use super::tail;
use crate::emulate::Case;

/// Channels that are read, and by which a frame of the counter goes on.
const CHANNELS: u32 = 8;
/// Volts of the reference that the device tree names.
const VREF: f64 = 3.3;

/// Channel c of the k-th reading of all channels is 8 k + c, modulo the codes that there are.
pub(super) fn judge(case: &Case, output: &str) -> Result<String, String> {
    let said = |word: &str| output.lines().find_map(|l| l.trim().strip_prefix(word).map(str::trim));
    let name = said("IIO-NAME").unwrap_or_default();
    if name != case.chip.name {
        return Err(format!("the kernel's driver calls the chip {name:?}:{}", tail(output)));
    }
    let codes = case.chip.code_max + 1;
    let mut readings = 0;
    for line in output.lines().filter_map(|l| l.trim().strip_prefix("IIO ")) {
        let found: Vec<Option<u32>> = line.split_whitespace().map(|w| w.parse().ok()).collect();
        let expected: Vec<Option<u32>> = (0..CHANNELS).map(|c| Some((readings * CHANNELS + c) % codes)).collect();
        if found != expected {
            return Err(format!("reading {readings} is {line:?}, expected {expected:?}"));
        }
        readings += 1;
    }
    if readings * CHANNELS <= codes {
        return Err(format!("{readings} readings, which is less than the counter's turn:{}", tail(output)));
    }
    // Millivolts for a step, as IIO has it.
    let scale = said("IIO-SCALE").and_then(|s| s.parse::<f64>().ok()).unwrap_or_default();
    let expected = VREF * 1000.0 / f64::from(codes);
    if (scale - expected).abs() > 1e-6 {
        return Err(format!("the kernel's driver has {scale} mV for a step, expected {expected}"));
    }
    Ok(format!(
        "{readings} readings of {CHANNELS} channels by the kernel's driver, as the device converted them; {scale} mV a step"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::emulate::case;

    fn output(name: &str, readings: u32, codes: u32, scale: f64) -> String {
        let line = |k: u32| (0..8).map(|c| format!(" {}", (8 * k + c) % codes)).collect::<String>();
        let lines: String = (0..readings).map(|k| format!("IIO{}\r\n", line(k))).collect();
        format!("UP\r\nIIO-NAME {name}\r\n{lines}IIO-SCALE {scale}\r\nDONE 0\n")
    }

    #[test]
    fn every_code_has_to_be_right() {
        let all = case::all();
        let case = all.iter().find(|c| c.name == "kernel-driver" && c.chip.name == "mcp3008").unwrap();
        let good = output("mcp3008", 200, 1024, 3.222_656_250);
        assert!(judge(case, &good).is_ok(), "{:?}", judge(case, &good));
        assert!(judge(case, &good.replacen(" 9 ", " 8 ", 1)).is_err());
        assert!(judge(case, &output("mcp3008", 100, 1024, 3.222_656_250)).is_err());
        assert!(judge(case, &output("mcp3008", 200, 4096, 3.222_656_250)).is_err());
        assert!(judge(case, &output("mcp3008", 200, 1024, 0.8)).is_err());
        assert!(judge(case, &output("mcp3208", 200, 1024, 3.222_656_250)).is_err());
    }
}
