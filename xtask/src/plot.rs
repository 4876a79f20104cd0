//! The picture of the README: requests a second, drawn from the first table of `docs/performance.md`.

use crate::run::{Done, output, root};
use std::fmt::Write as _;
use std::fs;

const PAGE: &str = "docs/performance.md";
const PICTURE: &str = "docs/performance.svg";

/// How high a bar is, how much room there is between two, and how wide one is that stands for 1.
const BAR: (f64, f64, f64) = (22.0, 6.0, 260.0);
/// Where bars begin, and how wide the picture is.
const WIDTH: (f64, f64) = (130.0, 620.0);
const COLORS: [&str; 3] = ["#d97706", "#64748b", "#94a3b8"];

/// What is compared, and how many times the requests a second of the last one each has.
struct Group {
    title: String,
    values: Vec<f64>,
}

/// Measures the requests a second, writes them into the table, and draws the picture.
pub(crate) fn measure() -> Done {
    let told = output("cargo bench --package snow-benches --bench loopback")?;
    print!("{told}");
    let rows: Vec<&str> = told.lines().filter(|line| line.starts_with('|')).collect();
    let page = fs::read_to_string(root().join(PAGE)).map_err(|error| format!("{PAGE}: {error}"))?;
    let page = with_rows(&page, &rows).ok_or("the bench has not printed the rows of the table")?;
    fs::write(root().join(PAGE), page).map_err(|error| format!("{PAGE}: {error}"))?;
    write()
}

/// Returns the page with other rows in its first table; `None` unless they are as many, with the same titles.
fn with_rows(page: &str, rows: &[&str]) -> Option<String> {
    let start = page.find("|---")?;
    let start = start + page[start..].find('\n')? + 1;
    let old: Vec<&str> = page[start..].lines().take_while(|line| line.starts_with('|')).collect();
    let length: usize = old.iter().map(|line| line.len() + 1).sum();
    let title = |row: &str| row.split('|').nth(1).map(str::to_owned);
    let is_same = old.len() == rows.len() && old.iter().zip(rows).all(|(old, new)| title(old) == title(new));
    let rows = rows.iter().fold(String::new(), |text, row| text + row + "\n");
    is_same.then(|| format!("{}{rows}{}", &page[..start], &page[start + length..]))
}

/// Draws the picture from the table.
pub(crate) fn write() -> Done {
    fs::write(root().join(PICTURE), picture()?).map_err(|error| format!("{PICTURE}: {error}"))
}

/// Fails if the picture is not the one of the table.
pub(crate) fn check() -> Done {
    let drawn = fs::read_to_string(root().join(PICTURE)).map_err(|error| format!("{PICTURE}: {error}"))?;
    match drawn == picture()? {
        true => Ok(()),
        false => Err(format!("{PICTURE} does not show the table of {PAGE}: run `cargo xtask bench plot`")),
    }
}

fn picture() -> Result<String, String> {
    let page = fs::read_to_string(root().join(PAGE)).map_err(|error| format!("{PAGE}: {error}"))?;
    let (names, groups) =
        table(&page).ok_or_else(|| format!("{PAGE} does not begin with a table of numbers"))?;
    Ok(draw(&names, &groups))
}

/// Reads the first table: the names of the columns, and the rows.
fn table(page: &str) -> Option<(Vec<String>, Vec<Group>)> {
    let cells = |line: &str| -> Vec<String> {
        line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()
    };
    let mut lines =
        page.lines().skip_while(|line| !line.starts_with('|')).take_while(|line| line.starts_with('|'));
    let names = cells(lines.next()?).split_off(1);
    let rows = lines.skip(1).map(|line| {
        let mut row = cells(line).into_iter();
        let title = row.next()?;
        Some(Group { title, values: row.map(|cell| cell.parse().ok()).collect::<Option<_>>()? })
    });
    let groups = rows.collect::<Option<Vec<Group>>>()?;
    groups.iter().all(|group| group.values.len() == names.len()).then_some((names, groups))
}

fn draw(names: &[String], groups: &[Group]) -> String {
    let (mut y, mut bars) = (10.0, String::new());
    for group in groups {
        y += 18.0;
        line(
            &mut bars,
            format_args!("<text x=\"8\" y=\"{y}\" font-weight=\"bold\">{}</text>", escaped(&group.title)),
        );
        y += 8.0;
        for ((name, value), color) in names.iter().zip(&group.values).zip(COLORS.iter().cycle()) {
            bar(&mut bars, name, *value, color, y);
            y += BAR.0 + BAR.1;
        }
        y += 8.0;
    }
    let title = "Requests a second, as a multiple of those of reqwest";
    y += 14.0;
    line(&mut bars, format_args!("<text x=\"8\" y=\"{y}\" fill=\"#64748b\">{title}</text>"));
    let (width, height) = (WIDTH.1, y + 10.0);
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"sans-serif\" font-size=\"13\" role=\"img\">\n<title>{title}</title>\n\
         <rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>\n{bars}</svg>\n"
    )
}

fn bar(bars: &mut String, name: &str, value: f64, color: &str, y: f64) {
    let (x, width, text) = (WIDTH.0, value * BAR.2, y + 15.0);
    line(
        bars,
        format_args!("<text x=\"{}\" y=\"{text}\" text-anchor=\"end\">{}</text>", x - 8.0, escaped(name)),
    );
    line(
        bars,
        format_args!(
            "<rect x=\"{x}\" y=\"{y}\" width=\"{width:.1}\" height=\"{}\" fill=\"{color}\"/>",
            BAR.0
        ),
    );
    line(bars, format_args!("<text x=\"{:.1}\" y=\"{text}\">{value:.2}</text>", x + width + 6.0));
}

/// Adds a line. Writing to memory cannot fail.
fn line(text: &mut String, line: std::fmt::Arguments<'_>) {
    let _ = writeln!(text, "{line}");
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measured_rows_take_the_place_of_those_with_the_same_titles() {
        let page = "text\n\n| what | a |\n|---|---|\n| one | 1.50 |\n| two | 2.00 |\n\nmore\n";
        let new = with_rows(page, &["| one | 1.60 |", "| two | 2.10 |"]).unwrap();
        assert_eq!(new, page.replace("1.50", "1.60").replace("2.00", "2.10"));
        assert_eq!(with_rows(page, &["| one | 1.60 |"]), None);
        assert_eq!(with_rows(page, &["| one | 1.60 |", "| three | 2.10 |"]), None);
    }

    #[test]
    fn a_table_becomes_bars_of_its_values() {
        let page =
            "# Title\n\ntext\n\n| what | a | b<c |\n|---|---|---|\n| one | 1.50 | 1.00 |\n\n| other | x |\n";
        let (names, groups) = table(page).unwrap();
        let picture = draw(&names, &groups);
        assert!(picture.contains("width=\"390.0\"") && picture.contains("width=\"260.0\""), "{picture}");
        assert!(picture.contains("b&lt;c") && picture.contains(">1.50<"), "{picture}");
        assert!(table("| a | b |\n|---|---|\n| one | much |\n").is_none());
        assert!(table("| a | b |\n|---|---|\n| one |\n").is_none());
    }
}
