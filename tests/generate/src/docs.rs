//! Documentation, carried from Rust to other languages: paragraphs of sentences, and lists.

/// The documentation of an item or field.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Docs {
    /// Paragraphs, each of one or more unwrapped lines; a further line is an item of a list.
    paragraphs: Vec<Vec<String>>,
}

impl Docs {
    /// Reads the lines of a doc comment.
    ///
    /// # Errors
    /// Says what cannot be carried over: code and headings mean something to rustdoc only.
    pub fn read<'a>(lines: impl IntoIterator<Item = &'a str>) -> Result<Self, &'static str> {
        let mut paragraphs: Vec<Vec<String>> = Vec::new();
        let mut open = false;
        for line in lines {
            let line = line.trim();
            if line.starts_with("```") || line.starts_with('#') || line.starts_with('|') {
                return Err("the docs of a value are sentences and lists: no code, heading or table");
            }
            match paragraphs.last_mut().filter(|_| open) {
                _ if line.is_empty() => {}
                Some(paragraph) if line.starts_with("- ") => paragraph.push(unlink(line)),
                Some(paragraph) => {
                    if let Some(last) = paragraph.last_mut() {
                        last.push(' ');
                        last.push_str(&unlink(line));
                    }
                }
                None => paragraphs.push(vec![unlink(line)]),
            }
            open = !line.is_empty();
        }
        if paragraphs.is_empty() {
            return Err("it has no docs");
        }
        Ok(Self { paragraphs })
    }

    /// The first paragraph, as one line.
    pub fn summary(&self) -> String {
        self.paragraphs.first().map(|lines| lines.join(" ")).unwrap_or_default()
    }

    /// What follows the first paragraph, as one line; empty where nothing does.
    pub fn rest(&self) -> String {
        let rest: Vec<String> = self.paragraphs.iter().skip(1).map(|lines| lines.join(" ")).collect();
        rest.join(" ")
    }

    /// A further paragraph: a list.
    pub(crate) fn with_list(mut self, items: impl IntoIterator<Item = String>) -> Self {
        self.paragraphs
            .push(items.into_iter().map(|item| format!("- {item}")).collect());
        self
    }

    /// The lines, wrapped at `width`; between paragraphs stands an empty one.
    pub(crate) fn wrapped(&self, width: usize) -> Vec<String> {
        let mut out = Vec::new();
        for (at, paragraph) in self.paragraphs.iter().enumerate() {
            if at > 0 {
                out.push(String::new());
            }
            for line in paragraph {
                wrap(line, width, &mut out);
            }
        }
        out
    }
}

fn wrap(line: &str, width: usize, out: &mut Vec<String>) {
    let hang = if line.starts_with("- ") { "  " } else { "" };
    let mut current = String::new();
    for word in line.split_whitespace() {
        if current.is_empty() {
            current.push_str(word);
        } else if current.chars().count() + 1 + word.chars().count() > width {
            out.push(current);
            current = format!("{hang}{word}");
        } else {
            current.push(' ');
            current.push_str(word);
        }
    }
    out.push(current);
}

/// Turns rustdoc's links to items into plain names: no other language could follow them.
fn unlink(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some((before, after)) = rest.split_once("[`") {
        let Some((name, after)) = after.split_once("`]") else {
            break;
        };
        out.push_str(before);
        let from = name
            .split("::")
            .position(|part| part.starts_with(|char: char| char.is_ascii_uppercase()));
        let parts: Vec<&str> = name.split("::").skip(from.unwrap_or(0)).collect();
        out.push('`');
        out.push_str(&parts.join("::"));
        out.push('`');
        rest = after;
        if let Some((_, after)) = after.strip_prefix('(').and_then(|target| target.split_once(')')) {
            rest = after;
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_lists_and_links() {
        let docs = Docs::read([
            " One sentence on [`crate::base::error::Action`],",
            " over two lines.",
            "",
            " - an item",
            "   that goes on",
            " - another: [`X`](super::X)",
        ]);
        let docs = docs.unwrap();
        assert_eq!(docs.summary(), "One sentence on `Action`, over two lines.");
        assert_eq!(
            docs.wrapped(20),
            [
                "One sentence on",
                "`Action`, over two",
                "lines.",
                "",
                "- an item that goes",
                "  on",
                "- another: `X`"
            ]
        );
        assert_eq!(docs.rest(), "- an item that goes on - another: `X`");
    }

    #[test]
    fn what_only_rustdoc_understands_is_refused() {
        for line in ["```", "# Errors", "| a | b |"] {
            assert!(Docs::read(["Words.", "", line]).is_err(), "{line}");
        }
        assert_eq!(Docs::read(["", " "]), Err("it has no docs"));
    }
}
