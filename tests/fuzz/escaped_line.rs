//! Lines of a corpus: any bytes as `<[u8]>::escape_ascii` writes them.

/// Returns the bytes of a line. A line that is cut within an escape keeps what stands there.
pub(crate) fn bytes_of(line: &str) -> Vec<u8> {
    let (mut bytes, mut rest) = (Vec::new(), line.as_bytes());
    while let Some((first, more)) = rest.split_first() {
        let (byte, used) = if *first == b'\\' { escaped(more) } else { (*first, 0) };
        bytes.push(byte);
        rest = &more[used..];
    }
    bytes
}

/// Returns the byte that follows a backslash, and how many characters it takes.
fn escaped(more: &[u8]) -> (u8, usize) {
    match more {
        [b'x', high, low, ..] => (hexadecimal(*high) << 4 | hexadecimal(*low), 3),
        [b'n', ..] => (b'\n', 1),
        [b'r', ..] => (b'\r', 1),
        [b't', ..] => (b'\t', 1),
        [other, ..] => (*other, 1),
        [] => (b'\\', 0),
    }
}

fn hexadecimal(digit: u8) -> u8 {
    u8::try_from(char::from(digit).to_digit(16).unwrap_or_default()).unwrap_or_default()
}
