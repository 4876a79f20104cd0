//! Classes of bytes.

/// Returns the classes of all bytes that a text has, as bits. The table has the class of each byte.
///
/// It reads eight bytes at a time, because this is done to every name and value. Some of the last eight may be read twice, which
/// costs less than reading them one at a time.
#[inline]
pub(super) fn byte_classes(text: &str, table: &[u8; 256]) -> u8 {
    let add = |classes, byte: &u8| classes | table[usize::from(*byte)];
    match text.as_bytes().last_chunk::<8>() {
        Some(last) => {
            let (eights, _) = text.as_bytes().as_chunks::<8>();
            let classes = eights.iter().fold(0, |classes, eight| eight.iter().fold(classes, add));
            last.iter().fold(classes, add)
        }
        None => text.as_bytes().iter().fold(0, add),
    }
}
