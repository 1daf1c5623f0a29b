//! Lines with an indentation.

/// How long a line may be; comments are wrapped there.
pub(crate) const WIDTH: usize = 120;

/// A text that grows line by line.
pub(crate) struct Page {
    text: String,
    unit: &'static str,
    depth: usize,
}

impl Page {
    /// `unit` is one step of indentation.
    pub(crate) fn new(unit: &'static str) -> Self {
        Self {
            text: String::new(),
            unit,
            depth: 0,
        }
    }

    /// One line; an empty one stays free of blanks.
    pub(crate) fn line(&mut self, line: impl AsRef<str>) {
        let line = line.as_ref();
        if !line.is_empty() {
            self.text.push_str(&self.unit.repeat(self.depth));
            self.text.push_str(line);
        }
        self.text.push('\n');
    }

    /// What `write` writes, one step deeper.
    pub(crate) fn inside(&mut self, write: impl FnOnce(&mut Self)) {
        self.depth += 1;
        write(self);
        self.depth -= 1;
    }

    /// How many characters of a comment fit behind the indentation.
    pub(crate) fn room(&self) -> usize {
        WIDTH.saturating_sub(self.depth * self.unit.len())
    }

    /// The text.
    pub(crate) fn finish(self) -> String {
        self.text
    }
}
