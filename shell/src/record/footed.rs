//! `.parquet` and `.arrow`: columns in a file with a footer, which is whole at every instant.
//!
//! The footer grows with each piece of the file, and is written again with each: so a piece is at least as long as the footer, or a minute.

mod commit;
mod container;
#[cfg(test)]
mod tests;

use std::path::Path;
use std::time::{Duration, Instant};

use self::commit::End as FileEnd;
use self::container::{Arrow, Container, Parquet, Texts};
use super::columns::Columns;
use super::out::Out;
use super::{Block, End, Event, Gap, Goes, Head, RecordError, Writer};
use crate::formats::columns;

/// The longest that rows wait for the next piece.
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// Rows of so many bytes wait for nothing.
const ENOUGH: usize = 32 << 20;
/// Gaps and events beyond are counted only: the list is written again with each footer.
const LONGEST_LIST: usize = 10_000;

/// A file being written.
#[derive(Debug)]
struct Footed<C> {
    out: Out,
    container: C,
    columns: Columns,
    end: FileEnd,
    description: String,
    gaps: Vec<Gap>,
    events: Vec<Event>,
    sums: Option<String>,
    saved: u64,
    /// Whether the file lacks something that no row is.
    news: bool,
    shortest_wait: Duration,
    written: Instant,
    /// Each flush writes.
    #[cfg(test)]
    eager: bool,
}

/// A Parquet file. Readers want row groups that are not too small.
pub(super) fn parquet(path: &Path, overwrite: bool, head: &Head) -> Result<Box<dyn Writer>, RecordError> {
    let columns = Columns::new(head, "Parquet")?;
    let container = Parquet::new(columns.schema()).map_err(|why| RecordError::Format { path: path.to_owned(), why })?;
    Ok(Box::new(Footed::create(path, overwrite, head, columns, container, Duration::from_secs(5))?))
}

/// An Arrow IPC file.
pub(super) fn arrow(path: &Path, overwrite: bool, head: &Head) -> Result<Box<dyn Writer>, RecordError> {
    let columns = Columns::new(head, "Arrow")?;
    let container = Arrow::new(columns.schema());
    Ok(Box::new(Footed::create(path, overwrite, head, columns, container, Duration::from_secs(1))?))
}

impl<C: Container> Footed<C> {
    fn create(
        path: &Path,
        overwrite: bool,
        head: &Head,
        columns: Columns,
        container: C,
        shortest_wait: Duration,
    ) -> Result<Self, RecordError> {
        let mut footed = Self {
            out: Out::create(path, overwrite)?,
            container,
            columns,
            end: FileEnd::default(),
            description: head.description().json().to_string(),
            gaps: Vec::new(),
            events: Vec::new(),
            sums: None,
            saved: 0,
            news: false,
            shortest_wait,
            written: Instant::now(),
            #[cfg(test)]
            eager: false,
        };
        let beginning = footed.container.beginning().map_err(|why| footed.broken(why))?;
        footed.commit(&beginning)?;
        Ok(footed)
    }

    fn broken(&self, why: String) -> RecordError {
        RecordError::Format { path: self.out.path().to_owned(), why }
    }

    /// What the footer says besides the columns.
    fn texts(&self) -> Texts {
        let json = |list: serde_json::Result<String>| list.unwrap_or_default();
        let mut texts = vec![
            (columns::DESCRIPTION.to_owned(), self.description.clone()),
            (columns::GAPS.to_owned(), json(serde_json::to_string(&self.gaps))),
            (columns::EVENTS.to_owned(), json(serde_json::to_string(&self.events))),
        ];
        texts.extend(self.sums.iter().map(|sums| (columns::END.to_owned(), sums.clone())));
        texts
    }

    /// A piece and a footer over everything.
    fn commit(&mut self, piece: &[u8]) -> Result<(), RecordError> {
        let footer = self.container.footer(&self.texts()).map_err(|why| self.broken(why))?;
        self.end =
            C::ENDING.commit(self.out.file(), &self.end, piece, footer).map_err(|source| self.out.broken(source))?;
        self.news = false;
        self.written = Instant::now();
        Ok(())
    }

    /// All that waits, into the file.
    fn write(&mut self) -> Result<(), RecordError> {
        let mut piece = Vec::new();
        let rows = self.columns.rows();
        if rows > 0 {
            let batch = self.columns.take().map_err(|e| self.broken(e.to_string()))?;
            piece = self.container.rows(&batch).map_err(|why| self.broken(why))?;
        }
        self.commit(&piece)?;
        self.saved += rows as u64;
        Ok(())
    }
}

impl<C: Container> Writer for Footed<C> {
    fn remarks(&self) -> Vec<String> {
        self.columns.remark.iter().cloned().collect()
    }

    fn append(&mut self, block: &Block<'_>) -> Result<(), RecordError> {
        self.columns.append(block);
        if self.columns.bytes() >= ENOUGH { self.write() } else { Ok(()) }
    }

    fn gap(&mut self, gap: &Gap) -> Result<Goes, RecordError> {
        if self.gaps.len() < LONGEST_LIST {
            self.gaps.push(*gap);
            self.news = true;
        }
        Ok(Goes::On)
    }

    fn event(&mut self, event: &Event) -> Result<(), RecordError> {
        if self.events.len() < LONGEST_LIST {
            self.events.push(event.clone());
            self.news = true;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), RecordError> {
        #[cfg(test)]
        if self.eager {
            return self.write();
        }
        let waited = self.written.elapsed();
        let is_long = self.columns.bytes() >= self.end.footer.len() && waited >= self.shortest_wait;
        if (is_long || waited >= LONGEST_WAIT) && (self.columns.rows() > 0 || self.news) {
            self.write()
        } else {
            Ok(())
        }
    }

    fn finish(&mut self, end: &End) -> Result<(), RecordError> {
        self.sums = Some(end.json().to_string());
        self.write()
    }

    fn bytes(&self) -> u64 {
        C::ENDING.file(&self.end)
    }

    fn saved(&self) -> u64 {
        self.saved
    }

    fn pending(&self) -> u64 {
        (self.columns.bytes() + 2 * self.end.footer.len()) as u64
    }
}
