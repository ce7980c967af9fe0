//! What a board file says of its channels, as readers of a running stream find it.

mod common;

use std::path::PathBuf;

use common::{Service, info, run, unique, wait_for};
use serde_json::json;

/// A file of the test's own that goes with it.
struct BoardFile(PathBuf);

impl BoardFile {
    /// One of our boards with other lines.
    fn of(board: &str, test: &str, lines: &[(&str, &str)]) -> Self {
        let (_, mut text, _) = run(&["boards", board, "--toml"]);
        for (old, new) in lines {
            assert_eq!(text.matches(old).count(), 1, "{old} in\n{text}");
            text = text.replace(old, new);
        }
        let file = Self(std::env::temp_dir().join(format!("{}.toml", unique(test))));
        std::fs::write(&file.0, text).unwrap();
        file
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }
}

impl Drop for BoardFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[test]
fn positions_lie_beside_the_labels_of_the_channels_that_are_published() {
    let positions = "labels = [\"AD0\", \"Fp1\", \"AD2\", \"Cz\", \"AD4\", \"AD5\", \"AD6\", \"AD7\"]\n\
                     positions = [[9, 9], [-0.25, 0.75], [9, 9], [0, 0.125], [9, 9], [9, 9], [9, 9], [9, 9]]";
    let labels = r#"labels = ["AD0", "AD1", "AD2", "AD3", "AD4", "AD5", "AD6", "AD7"]"#;
    let file = BoardFile::of("waveshare-adda", "positions", &[(labels, positions)]);
    let name = unique("positions");
    let service = Service::start(&name, &["--board", file.path(), "--channels", "4,2"]);
    let stream = info(&name).unwrap();
    let axis = &stream["static_metadata"]["axes"]["ch"];
    assert_eq!(axis["labels"], json!(["Cz", "Fp1"]));
    // As numpy would print it; the fields are those of the contract with readers.
    let fields = "[('label', '<U16'), ('x', '<f4'), ('y', '<f4')]";
    let expected = format!("array([('Cz', 0.0, 0.125), ('Fp1', -0.25, 0.75)], dtype={fields})");
    assert_eq!(axis["data"], json!(expected));
    service.stop();
}

#[test]
fn electrodes_that_are_off_are_named() {
    let watched = [(
        "[chip.lead_off]\nthreshold = \"95 %\"\ncurrent = \"6 nA\"\nfrequency = \"dc\"\npositive = []\nnegative = []",
        "[chip.lead_off]\npositive = [1, 3]\nnegative = [8]",
    )];
    let file = BoardFile::of("pieeg8", "lead-off", &watched);
    let name = unique("lead-off");
    // Bits of the status word, the first on the wire is 0: LOFF_STATP of channel 3 and LOFF_STATN of channel 8 (SBAS499).
    let faults = ["--faults", "status-bit=9@100x1000000000"];
    let board = ["--board", file.path(), "--channels", "8,3", "--labels", "Oz,Fp2"];
    let service = Service::start(&name, &[&board[..], &faults[..]].concat());
    let off = json!([{ "channel": "Fp2", "positive": true, "negative": false }]);
    wait_for(&name, "an electrode is off", |i| i["health"]["electrodes_off"] == off);
    let (_, text, _) = run(&["info", &name]);
    assert!(text.contains("electrode off    Fp2 (P)\n"), "{text}");
    service.stop();
}
