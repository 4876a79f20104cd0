//! A table for people: columns as wide as what is in them.

use crate::printable::printable;
use std::fmt::Write;

pub(crate) struct TextTable {
    /// The first is the heading.
    lines: Vec<Vec<String>>,
}

impl TextTable {
    pub(crate) fn new<'a>(heading: impl IntoIterator<Item = &'a str>) -> Self {
        let mut table = Self { lines: Vec::new() };
        table.push(heading);
        table
    }

    /// Adds a line. Text from outside becomes printable.
    pub(crate) fn push<'a>(&mut self, cells: impl IntoIterator<Item = &'a str>) {
        self.lines.push(cells.into_iter().map(|cell| printable(cell).into_owned()).collect());
    }

    /// Adds cells that may have several lines, which stay below each other.
    #[cfg(feature = "sql")]
    pub(crate) fn push_tall(&mut self, cells: &[String]) {
        let lines: Vec<Vec<&str>> = cells.iter().map(|cell| cell.lines().collect()).collect();
        let height = lines.iter().map(Vec::len).max().unwrap_or_default().max(1);
        for at in 0..height {
            self.push(lines.iter().map(|cell| cell.get(at).copied().unwrap_or_default()));
        }
    }

    /// Returns the number of lines below the heading.
    #[cfg(feature = "sql")]
    pub(crate) fn len(&self) -> usize {
        self.lines.len().saturating_sub(1)
    }

    /// Returns the lines, each with a line break at its end, and none with spaces there.
    pub(crate) fn text(&self) -> String {
        let columns = self.lines.iter().map(Vec::len).max().unwrap_or_default();
        let width = |column: usize| {
            let cells = self.lines.iter().filter_map(|line| line.get(column));
            cells.map(|cell| cell.chars().count()).max().unwrap_or_default()
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        let mut text = String::new();
        for line in &self.lines {
            let start = text.len();
            for (cell, width) in line.iter().zip(&widths) {
                // Writing to a string never fails.
                let _ = write!(text, "{cell:width$}  ");
            }
            text.truncate(start + text[start..].trim_end().len());
            text.push('\n');
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_what_is_in_them() {
        let mut table = TextTable::new(["name", "type"]);
        table.push(["größe", "integer"]);
        table.push(["x", ""]);
        table.push(["tab\there", "y"]);
        assert_eq!(table.text(), "name       type\ngröße      integer\nx\ntab\\there  y\n");
    }

    #[cfg(feature = "sql")]
    #[test]
    fn a_cell_with_several_lines_keeps_its_column() {
        let mut table = TextTable::new(["plan", "n"]);
        table.push_tall(&["a\n  b".into(), "1".into()]);
        table.push_tall(&[String::new(), "2".into()]);
        assert_eq!((table.text().as_str(), table.len()), ("plan  n\na     1\n  b\n      2\n", 3));
    }
}
