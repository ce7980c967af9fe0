//! As much XML as XDF's headers need: elements with text or elements in them.

use crate::formats::xml::escaped;

/// An element.
#[derive(Clone, Debug)]
pub(super) struct Element {
    name: &'static str,
    inner: String,
}

impl Element {
    pub(super) const fn new(name: &'static str) -> Self {
        Self { name, inner: String::new() }
    }

    /// Adds an element with text.
    pub(super) fn text(&mut self, name: &str, text: &str) -> &mut Self {
        self.inner.push_str(&format!("<{name}>{}</{name}>", escaped(text)));
        self
    }

    /// Adds an element.
    pub(super) fn child(mut self, child: Self) -> Self {
        self.inner.push_str(&child.xml());
        self
    }

    fn xml(&self) -> String {
        format!("<{0}>{1}</{0}>", self.name, self.inner)
    }

    /// As a whole document.
    pub(super) fn document(&self) -> String {
        format!("<?xml version=\"1.0\"?>{}", self.xml())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_becomes_markup() {
        let mut element = Element::new("a");
        element.text("b", "<c>&\u{1}\u{0}µ\r\n");
        let outer = Element::new("x").child(element);
        assert_eq!(
            outer.document(),
            "<?xml version=\"1.0\"?><x><a><b>&lt;c&gt;&amp;\u{fffd}\u{fffd}µ&#13;\n</b></a></x>"
        );
    }
}
