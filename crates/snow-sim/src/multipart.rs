//! `multipart/form-data`, read as it arrives: fields, and then one file of any size.

/// A form that is being read. What comes after its first file is left unread, as the service wants the file last (facts 5).
#[derive(Debug)]
pub(crate) struct Multipart {
    /// A line's end and the boundary.
    delimiter: Vec<u8>,
    /// Bytes that are not understood yet: at most a part's head and a field, or the start of a delimiter.
    held: Vec<u8>,
    at: Position,
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) file: Option<FilePart>,
}

/// The head of a file's part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FilePart {
    pub(crate) name: String,
    pub(crate) content_type: String,
}

#[derive(Debug, PartialEq, Eq)]
enum Position {
    Head,
    Field(String),
    File,
    End,
}

/// The most that a part's head, or a field, may take.
const MOST: usize = 65_536;

impl Multipart {
    /// `None` if the content type is not that of a form.
    pub(crate) fn of(content_type: &str) -> Option<Self> {
        let (kind, parameters) = content_type.split_once(';')?;
        if !kind.trim().eq_ignore_ascii_case("multipart/form-data") {
            return None;
        }
        let boundary = parameter(parameters, "boundary").filter(|boundary| !boundary.is_empty())?;
        Some(Self {
            delimiter: format!("\r\n--{boundary}").into_bytes(),
            // So that the first delimiter is like the others.
            held: b"\r\n".to_vec(),
            at: Position::Field(String::new()),
            fields: Vec::new(),
            file: None,
        })
    }

    /// Whether its file has an end.
    pub(crate) fn is_whole(&self) -> bool {
        self.at == Position::End
    }

    /// Reads on, and gives the bytes that belong to the file.
    pub(crate) fn feed(&mut self, bytes: &[u8], file: &mut dyn FnMut(&[u8])) {
        if self.at == Position::End {
            return;
        }
        self.held.extend_from_slice(bytes);
        while self.step(file) {}
    }

    /// Whether there may be more to do with what is held.
    fn step(&mut self, file: &mut dyn FnMut(&[u8])) -> bool {
        let found = match &self.at {
            Position::End => return false,
            Position::Head => find(&self.held, b"\r\n\r\n"),
            Position::Field(_) | Position::File => find(&self.held, &self.delimiter),
        };
        let Some(end) = found else {
            if self.at == Position::File {
                // Everything except what may be the start of a delimiter.
                let sure = self.held.len().saturating_sub(self.delimiter.len());
                file(&self.held[..sure]);
                self.held.drain(..sure);
            } else if self.held.len() > MOST {
                (self.at, self.held) = (Position::Head, Vec::new());
            }
            return false;
        };
        let part: Vec<u8> = self.held.drain(..end).collect();
        match std::mem::replace(&mut self.at, Position::Head) {
            Position::Head => {
                self.held.drain(..4);
                self.at = self.head(&String::from_utf8_lossy(&part));
                // So that an empty part ends like any other.
                return true;
            }
            Position::Field(name) => {
                if !name.is_empty() {
                    self.fields.push((name, String::from_utf8_lossy(&part).into_owned()));
                }
            }
            Position::File => {
                file(&part);
                self.at = Position::End;
                return false;
            }
            Position::End => {}
        }
        self.held.drain(..self.delimiter.len());
        true
    }

    fn head(&mut self, head: &str) -> Position {
        let header = |name: &str| {
            let mut lines = head.lines().filter_map(|line| line.split_once(':'));
            lines
                .find(|(given, _)| given.trim().eq_ignore_ascii_case(name))
                .map_or("", |(_, value)| value.trim())
        };
        let disposition = header("content-disposition");
        match parameter(disposition, "filename") {
            Some(name) => {
                self.file = Some(FilePart { name, content_type: header("content-type").to_owned() });
                Position::File
            }
            None => Position::Field(parameter(disposition, "name").unwrap_or_default()),
        }
    }
}

/// A parameter of a header, perhaps in quotes. Browsers write a quote in a name as `%22`, others as `\"`.
fn parameter(header: &str, name: &str) -> Option<String> {
    let mut rest = header;
    loop {
        rest = rest.trim_start_matches([' ', ';', '\t']);
        let end = rest.find(['=', ';'])?;
        let (given, after) = rest.split_at(end);
        let Some(after) = after.strip_prefix('=') else {
            rest = after;
            continue;
        };
        let (value, after) = match after.strip_prefix('"') {
            Some(quoted) => unquoted(quoted),
            None => {
                let end = after.find(';').unwrap_or(after.len());
                (after[..end].trim().to_owned(), &after[end..])
            }
        };
        if given.trim().eq_ignore_ascii_case(name) {
            return Some(value.replace("%22", "\""));
        }
        rest = after;
    }
}

fn unquoted(text: &str) -> (String, &str) {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return (value, &text[at + 1..]),
            '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
            other => value.push(other),
        }
    }
    (value, "")
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    let first = *what.first()?;
    let mut from = 0;
    while let Some(at) = bytes.get(from..)?.iter().position(|byte| *byte == first) {
        let at = from + at;
        match bytes.get(at..at + what.len()) {
            Some(same) if same == what => return Some(at),
            Some(_) => from = at + 1,
            None => return None,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORM: &[u8] = b"--x\r\nContent-Disposition: form-data; name=\"table_name\"\r\n\r\nincident\r\n\
        --x\r\ncontent-disposition: form-data; name=empty\r\n\r\n\r\n\
        --x\r\nContent-Disposition: form-data; name=\"uploadFile\"; filename=\"a \\\"b\\\".txt\"\r\nContent-Type: text/plain\r\n\r\n\
        one\r\n--two\r\n--\r\n--x--\r\n";

    fn read(form: &[u8], step: usize) -> (Multipart, Vec<u8>) {
        let mut multipart =
            Multipart::of("multipart/form-data; charset=utf-8; boundary=\"x\"").expect("a form");
        let mut file = Vec::new();
        for chunk in form.chunks(step) {
            multipart.feed(chunk, &mut |bytes| file.extend_from_slice(bytes));
        }
        (multipart, file)
    }

    #[test]
    fn reads_fields_and_a_file_however_they_arrive() {
        for step in 1..=FORM.len() {
            let (form, file) = read(FORM, step);
            assert_eq!(
                form.fields,
                [("table_name".into(), "incident".into()), ("empty".into(), String::new())]
            );
            assert_eq!(
                form.file,
                Some(FilePart { name: "a \"b\".txt".into(), content_type: "text/plain".into() })
            );
            assert_eq!(
                (String::from_utf8_lossy(&file).as_ref(), form.is_whole()),
                ("one\r\n--two\r\n--", true)
            );
        }
    }

    #[test]
    fn a_form_that_breaks_off_is_not_whole() {
        for end in 0..FORM.len() - 6 {
            assert!(!read(&FORM[..end], 7).0.is_whole(), "{end}");
        }
        assert!(!read(&[b'z'; 200_000], 1_000).0.is_whole());
    }

    #[test]
    fn a_form_may_have_no_file_and_something_else_is_no_form() {
        let (form, file) = read(b"--x\r\ncontent-disposition: form-data; name=a\r\n\r\n1\r\n--x--", 3);
        assert_eq!((form.fields.len(), form.file, file.len()), (1, None, 0));
        assert!(Multipart::of("multipart/form-data").is_none());
        assert!(Multipart::of("text/plain; boundary=x").is_none());
    }
}
