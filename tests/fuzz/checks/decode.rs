//! Whatever comes, in whatever pieces: decoder and serde_json say the same of it, and a list is never taken for whole if it is not.

use super::oracle;

// The first byte says how it is cut; the rest is the body. One that starts as no envelope does is put into one.
pub(crate) fn check(data: &[u8]) {
    let Some((cut, body)) = data.split_first() else { return };
    let chunk = usize::from(*cut).max(1);
    oracle::compare(body, |_| chunk);
    if !body.starts_with(b"{\"result\"") {
        let body = [b"{\"result\":[{\"a\":\"1\",\"b\":", body, b"}]}"].concat();
        oracle::compare(&body, |rest| (rest % chunk).max(1));
    }
}
