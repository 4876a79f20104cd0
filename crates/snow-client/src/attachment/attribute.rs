//! Notes on a file: names and values of the user's own (facts 5).

use super::{Attachments, prepare};
use crate::call::Call;
use crate::exchange::Read;
use crate::{Error, Kind};
use bytes::Bytes;
use http::Method;
use serde::{Deserialize, Serialize};

/// A note on a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Attribute {
    /// What it is about; each key is there once.
    pub key: String,
    /// What it says.
    pub value: String,
}

impl Attachments {
    /// The notes on a file.
    pub fn attributes(&self, sys_id: impl AsRef<str>) -> Call<Vec<Attribute>> {
        self.note(Method::GET, sys_id.as_ref(), None, |answer, _| answer.result())
    }

    /// Adds a note to a file.
    ///
    /// # Errors
    /// [`Kind::Rejected`] if there is one with this key already.
    pub fn add_attribute(&self, sys_id: impl AsRef<str>, key: &str, value: &str) -> Call<()> {
        let note = Attribute { key: key.to_owned(), value: value.to_owned() };
        let call = self.note(Method::POST, sys_id.as_ref(), None, |answer, _| answer.nothing());
        call.change(|mut request| {
            if note.key.is_empty() {
                return Err(Error::new(Kind::InvalidInput, "the note's key is empty"));
            }
            let unfit = |e| Error::new(Kind::InvalidInput, "the note cannot be sent").with_source(e);
            request.body = Some(Bytes::from(serde_json::to_vec(&note).map_err(unfit)?));
            Ok(request)
        })
    }

    /// Changes a note on a file.
    ///
    /// # Errors
    /// [`Kind::NotFound`] if there is none with this key.
    pub fn set_attribute(&self, sys_id: impl AsRef<str>, key: &str, value: &str) -> Call<()> {
        let body = serde_json::json!({ "value": value }).to_string();
        let call = self.note(Method::PUT, sys_id.as_ref(), Some(key), |answer, _| answer.nothing());
        call.change(|mut request| {
            request.body = Some(Bytes::from(body));
            Ok(request.operation(|operation| operation.idempotent(true)))
        })
    }

    /// Takes a note off a file.
    ///
    /// # Errors
    /// [`Kind::NotFound`] if there is none with this key.
    pub fn delete_attribute(&self, sys_id: impl AsRef<str>, key: &str) -> Call<()> {
        self.note(Method::DELETE, sys_id.as_ref(), Some(key), |answer, _| answer.nothing())
    }

    fn note<T: 'static>(&self, method: Method, sys_id: &str, key: Option<&str>, read: Read<T>) -> Call<T> {
        let request = prepare(method, Some(sys_id)).and_then(|mut request| {
            request.path = request.path.push("attributes")?;
            if let Some(key) = key {
                request.path = request.path.push(key)?;
            }
            Ok(request)
        });
        Call::new(self.target.clone(), request, read)
    }
}
