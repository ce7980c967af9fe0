//! The XML of an XDF stream's header: what its samples are.
//!
//! Labels and units stand where LSL's applications write them: `desc/channels/channel` (github.com/sccn/xdf, wiki, "EEG Meta Data").

use axismirror_core::dtype::DType;
use roxmltree::{Document, Node};

use super::super::content::ChannelInfo;
use crate::formats::own::{DESCRIPTION, Description, GAPS_TYPE, SOURCE};
use crate::formats::xdf::{STRING, dtype_of};

/// The most channels that a stream is believed to have.
const MAX_CHANNELS: usize = 1 << 14;

/// The lowest rate in Hz that is one.
const MIN_RATE: f64 = 1e-9;

/// What a stream says of itself.
#[derive(Clone, Debug, Default)]
pub(super) struct Info {
    pub(super) name: String,
    /// `EEG`, `Markers`, ...
    pub(super) kind: String,
    source: String,
    pub(super) channel_count: usize,
    /// In Hz; `None` when irregular.
    pub(super) rate: Option<f64>,
    /// `None`: texts.
    pub(super) dtype: Option<DType>,
    /// As many as there are channels, or fewer.
    pub(super) channels: Vec<ChannelInfo>,
    /// The description of our own recorder.
    pub(super) own: Option<Description>,
}

impl Info {
    /// Whether it is our recorder's stream of gaps, whose texts are no marks.
    pub(super) fn is_gaps(&self) -> bool {
        self.kind == GAPS_TYPE && self.source.starts_with(SOURCE)
    }
}

impl Info {
    /// From the header's XML, or what is wrong with it.
    pub(super) fn parse(xml: &str) -> Result<Self, String> {
        let document = Document::parse(xml.trim_matches(['\0', ' ', '\n', '\r', '\t', '\u{feff}']))
            .map_err(|e| format!("its XML cannot be read: {e}"))?;
        let info = document.root_element();
        let field = |name| text(child(info, name));
        let count = field("channel_count");
        let channel_count = count.parse().ok().filter(|n| (1..=MAX_CHANNELS).contains(n));
        let format = field("channel_format");
        let dtype = dtype_of(&format);
        if dtype.is_none() && format != STRING {
            return Err(format!("its channel_format is `{format}`, which XDF 1.0 does not know"));
        }
        let channels = child(info, "desc").and_then(|desc| child(desc, "channels"));
        let channels = channels.into_iter().flat_map(|c| c.children().filter(|c| c.has_tag_name("channel")));
        let of = |c: Node<'_, '_>| ChannelInfo {
            label: text(child(c, "label")),
            unit: text(child(c, "unit")),
            ..ChannelInfo::default()
        };
        Ok(Self {
            name: field("name"),
            kind: field("type"),
            source: field("source_id"),
            own: child(info, "desc")
                .and_then(|d| child(d, DESCRIPTION))
                .and_then(|n| Description::known_or_told(&text(Some(n)))),
            channel_count: channel_count
                .ok_or_else(|| format!("its channel_count is `{count}`; 1 to {MAX_CHANNELS} are possible"))?,
            rate: field("nominal_srate").parse().ok().filter(|r: &f64| r.is_finite() && *r >= MIN_RATE),
            dtype,
            channels: channels.take(MAX_CHANNELS).map(of).collect(),
        })
    }
}

fn child<'a, 'd>(node: Node<'a, 'd>, name: &str) -> Option<Node<'a, 'd>> {
    node.children().find(|c| c.has_tag_name(name))
}

fn text(node: Option<Node<'_, '_>>) -> String {
    node.and_then(|n| n.text()).unwrap_or_default().trim().to_owned()
}
