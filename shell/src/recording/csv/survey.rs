//! What the first rows say about the columns, where a header leaves it open: which hold whole numbers alone, whether times are dates, and whether a column
//! without a name counts the rows.
//!
//! What is wrong in a row is not said here: it is read again.

use super::super::content::LeftOut;
use super::columns::{Columns, parse};
use super::times::{TimeColumn, TimeKind, date};

/// Names that pandas gives a column without one, when it reads its own files again.
const UNNAMED: [&str; 2] = ["", "Unnamed: 0"];

/// What is in the first rows.
#[derive(Debug, Default)]
pub(super) struct Survey {
    /// Of each column, whether there is a number with a point or an exponent.
    floats: Vec<bool>,
    /// And a whole one.
    wholes: Vec<bool>,
    /// The first row.
    first: Vec<String>,
    rows: usize,
    /// What the first column counts, as long as it counts up.
    counts: Option<i64>,
}

impl Survey {
    /// Takes a row.
    pub(super) fn take(&mut self, fields: Vec<String>, decimal_comma: bool) {
        self.floats.resize(fields.len().max(self.floats.len()), false);
        self.wholes.resize(self.floats.len(), false);
        for ((field, float), whole) in fields.iter().zip(&mut self.floats).zip(&mut self.wholes) {
            if parse(field, decimal_comma).is_some() {
                let is_whole = field.trim_start_matches(['+', '-']).chars().all(|c| c.is_ascii_digit());
                *whole |= is_whole;
                *float |= !is_whole;
            }
        }
        let count = fields.first().and_then(|field| field.parse().ok());
        self.counts = match (count, self.counts) {
            (Some(count), _) if self.rows == 0 => Some(count),
            (Some(count), Some(before)) if count > before => Some(count),
            _ => None,
        };
        if self.rows == 0 {
            self.first = fields;
        }
        self.rows += 1;
    }

    /// Settles what the columns are. Says what is left out.
    pub(super) fn settle(&self, columns: &mut Columns, has_header: bool) -> Vec<LeftOut> {
        let field = |at: usize| self.first.get(at).map_or("", String::as_str);
        let is_unnamed = has_header && columns.names.first().is_some_and(|name| UNNAMED.contains(&name.as_str()));
        // An index of times has no name, mostly; and no file of numbers alone has one.
        if columns.time.is_none() && (is_unnamed || !has_header) && date(field(0)).is_some() {
            columns.set_time(TimeColumn { at: 0, kind: TimeKind::Number(1.0) });
        }
        if let Some(time) = &mut columns.time
            && let Some((origin, _)) = date(field(time.at))
        {
            time.kind = TimeKind::Date(origin);
        }
        columns.wholes = self.floats.iter().zip(&self.wholes).map(|(float, whole)| *whole && !float).collect();
        let is_index = is_unnamed && columns.is_channel(0) && self.rows > 1 && self.counts.is_some();
        if !is_index {
            return Vec::new();
        }
        columns.leave_out(0);
        let why = "it has no name and counts up, as the index that pandas writes; without it: to_csv(..., index=False)";
        vec![LeftOut { label: "the first column".to_owned(), why: why.to_owned() }]
    }
}
