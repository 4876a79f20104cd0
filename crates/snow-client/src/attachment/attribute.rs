//! The attributes of files: names and values of the user's own (facts 5).

use super::{Attachments, requests};
use crate::request::call::Call;
use crate::request::exchange::PlainReader;
use crate::{Error, ErrorKind};
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
        self.attribute_call(Method::GET, sys_id.as_ref(), None, |response, _| response.result())
    }

    /// Adds a note to a file.
    ///
    /// # Errors
    /// [`ErrorKind::Rejected`] if there is one with this key already.
    pub fn add_attribute(&self, sys_id: impl AsRef<str>, key: &str, value: &str) -> Call<()> {
        let attribute = Attribute { key: key.to_owned(), value: value.to_owned() };
        let call = self.attribute_call(Method::POST, sys_id.as_ref(), None, |response, _| response.nothing());
        call.change(|mut request| {
            if attribute.key.is_empty() {
                return Err(Error::new(ErrorKind::InvalidInput, "the note's key is empty"));
            }
            let cannot_be_sent =
                |e| Error::new(ErrorKind::InvalidInput, "the note cannot be sent").with_reason(e);
            request.body = Some(Bytes::from(serde_json::to_vec(&attribute).map_err(cannot_be_sent)?));
            Ok(request)
        })
    }

    /// Changes a note on a file.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] if there is none with this key.
    pub fn set_attribute(&self, sys_id: impl AsRef<str>, key: &str, value: &str) -> Call<()> {
        let body = serde_json::json!({ "value": value }).to_string();
        let call =
            self.attribute_call(Method::PUT, sys_id.as_ref(), Some(key), |response, _| response.nothing());
        call.change(|mut request| {
            request.body = Some(Bytes::from(body));
            Ok(request.options(|options| options.idempotent(true)))
        })
    }

    /// Takes a note off a file.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] if there is none with this key.
    pub fn delete_attribute(&self, sys_id: impl AsRef<str>, key: &str) -> Call<()> {
        self.attribute_call(Method::DELETE, sys_id.as_ref(), Some(key), |response, _| response.nothing())
    }

    fn attribute_call<T: 'static>(
        &self,
        method: Method,
        sys_id: &str,
        key: Option<&str>,
        read: PlainReader<T>,
    ) -> Call<T> {
        Call::new(self.client.clone(), requests::attributes(method, sys_id, key), read)
    }
}
