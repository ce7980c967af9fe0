//! Parquet and Arrow IPC as bytes: what a batch of rows becomes, and the footer over all of them.
//!
//! Knows no file: pieces come out as bytes to append.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_ipc::convert::IpcSchemaEncoder;
use arrow_ipc::writer::{DictionaryTracker, IpcDataGenerator, IpcWriteContext, IpcWriteOptions, write_message};
use arrow_ipc::{Block as IpcBlock, FooterBuilder, MetadataVersion};
use arrow_schema::{Schema, SchemaRef};
use flatbuffers::FlatBufferBuilder;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::arrow::{ArrowSchemaConverter, ArrowWriter};
use parquet::basic::Encoding;
use parquet::file::metadata::{FileMetaData, KeyValue, ParquetMetaData, ParquetMetaDataWriter};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::{ColumnPath, SchemaDescPtr};

use super::commit::Ending;
use crate::formats::columns::{ARROW, PARQUET};

/// What goes wrong: the libraries' own errors, in words.
pub(super) type Result<T> = std::result::Result<T, String>;

/// Texts by their keys, in the footer.
pub(super) type Texts = Vec<(String, String)>;

/// A format with a footer.
pub(super) trait Container: std::fmt::Debug {
    /// How its files end.
    const ENDING: Ending;

    /// The file's first bytes.
    fn beginning(&mut self) -> Result<Vec<u8>>;

    /// Rows, to be appended.
    fn rows(&mut self, batch: &RecordBatch) -> Result<Vec<u8>>;

    /// The footer over all of them.
    fn footer(&mut self, texts: &Texts) -> Result<Vec<u8>>;
}

fn words(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// Parquet, a row group a batch. Whole numbers are delta-encoded, everything else is plain: what any reader knows, and no compression library.
pub(super) struct Parquet {
    writer: ArrowWriter<Vec<u8>>,
    schema: SchemaDescPtr,
    rows: i64,
}

impl std::fmt::Debug for Parquet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Parquet").field("rows", &self.rows).finish_non_exhaustive()
    }
}

impl Parquet {
    pub(super) fn new(schema: &SchemaRef) -> Result<Self> {
        let mut properties = WriterProperties::builder()
            .set_dictionary_enabled(false)
            .set_statistics_enabled(EnabledStatistics::Chunk)
            .set_offset_index_disabled(true)
            .set_created_by(concat!("axismirror version ", env!("CARGO_PKG_VERSION")).to_owned());
        for field in schema.fields() {
            let is_whole = field.data_type().is_integer();
            let encoding = if is_whole { Encoding::DELTA_BINARY_PACKED } else { Encoding::PLAIN };
            let path = ColumnPath::new(vec![field.name().clone()]);
            properties = properties.set_column_encoding(path, encoding);
        }
        // Without Arrow's own schema in the footer pyarrow hands out the texts as the table's metadata.
        let options = ArrowWriterOptions::new().with_properties(properties.build()).with_skip_arrow_metadata(true);
        let writer = ArrowWriter::try_new_with_options(Vec::new(), Arc::clone(schema), options).map_err(words)?;
        let schema = Arc::new(ArrowSchemaConverter::new().convert(schema).map_err(words)?);
        Ok(Self { writer, schema, rows: 0 })
    }

    /// What was written since the last time.
    fn taken(&mut self) -> Result<Vec<u8>> {
        self.writer.sync().map_err(words)?;
        Ok(std::mem::take(self.writer.inner_mut()))
    }
}

impl Container for Parquet {
    const ENDING: Ending = Ending { lead: b"", magic: PARQUET };

    fn beginning(&mut self) -> Result<Vec<u8>> {
        self.taken()
    }

    fn rows(&mut self, batch: &RecordBatch) -> Result<Vec<u8>> {
        self.writer.write(batch).and_then(|()| self.writer.flush()).map_err(words)?;
        self.rows += i64::try_from(batch.num_rows()).unwrap_or(0);
        self.taken()
    }

    fn footer(&mut self, texts: &Texts) -> Result<Vec<u8>> {
        let texts = texts.iter().map(|(key, text)| KeyValue::new(key.clone(), text.clone()));
        let texts = texts.collect();
        let groups = self.writer.flushed_row_groups().to_vec();
        let schema = Arc::clone(&self.schema);
        let created_by = Some(concat!("axismirror version ", env!("CARGO_PKG_VERSION")).to_owned());
        let file = FileMetaData::new(2, self.rows, created_by, Some(texts), schema, None);
        let mut bytes = Vec::new();
        ParquetMetaDataWriter::new(&mut bytes, &ParquetMetaData::new(file, groups)).finish().map_err(words)?;
        // The writer ends the file, too: length and magic are ours to add.
        bytes.truncate(bytes.len().saturating_sub(8));
        Ok(bytes)
    }
}

/// Arrow IPC's file format, a record batch a batch. Texts are the schema's metadata in the footer, which is what readers take.
#[derive(Debug)]
pub(super) struct Arrow {
    schema: SchemaRef,
    options: IpcWriteOptions,
    generator: IpcDataGenerator,
    dictionaries: DictionaryTracker,
    context: IpcWriteContext,
    blocks: Vec<IpcBlock>,
    /// Bytes so far.
    at: usize,
}

impl Arrow {
    pub(super) fn new(schema: &SchemaRef) -> Self {
        Self {
            schema: Arc::clone(schema),
            options: IpcWriteOptions::default(),
            generator: IpcDataGenerator::default(),
            dictionaries: DictionaryTracker::new(true),
            context: IpcWriteContext::default(),
            blocks: Vec::new(),
            at: 0,
        }
    }
}

impl Container for Arrow {
    /// In front of the footer, the end of the stream that the file holds.
    const ENDING: Ending = Ending { lead: &[0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0], magic: ARROW };

    fn beginning(&mut self) -> Result<Vec<u8>> {
        // Magic, filled up to the alignment of everything.
        let mut bytes = ARROW.to_vec();
        bytes.resize(64, 0);
        let schema =
            self.generator.schema_to_bytes_with_dictionary_tracker(&self.schema, &mut self.dictionaries, &self.options);
        write_message(&mut bytes, schema, &self.options).map_err(words)?;
        self.at = bytes.len();
        Ok(bytes)
    }

    fn rows(&mut self, batch: &RecordBatch) -> Result<Vec<u8>> {
        let (_, batch) =
            self.generator.encode(batch, &mut self.dictionaries, &self.options, &mut self.context).map_err(words)?;
        let mut bytes = Vec::new();
        let (metadata, body) = write_message(&mut bytes, batch, &self.options).map_err(words)?;
        let metadata_len = i32::try_from(metadata).map_err(words)?;
        self.blocks.push(IpcBlock::new(self.at as i64, metadata_len, body as i64));
        self.at += bytes.len();
        Ok(bytes)
    }

    fn footer(&mut self, texts: &Texts) -> Result<Vec<u8>> {
        let metadata: HashMap<String, String> = texts.iter().cloned().collect();
        let schema = Schema::new_with_metadata(self.schema.fields().clone(), metadata);
        let mut builder = FlatBufferBuilder::new();
        let none: [IpcBlock; 0] = [];
        let dictionaries = builder.create_vector(&none);
        let batches = builder.create_vector(&self.blocks);
        let schema = IpcSchemaEncoder::new().schema_to_fb_offset(&mut builder, &schema);
        let mut footer = FooterBuilder::new(&mut builder);
        footer.add_version(MetadataVersion::V5);
        footer.add_schema(schema);
        footer.add_dictionaries(dictionaries);
        footer.add_recordBatches(batches);
        let root = footer.finish();
        builder.finish(root, None);
        Ok(builder.finished_data().to_vec())
    }
}
