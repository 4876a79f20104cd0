//! The attributes of files: names and values of the user's own (facts 5).

use super::{Attachments, requests};
use crate::batch::api_call::api_call;
use crate::request::call::Call;
use crate::{Error, ErrorKind};
use bytes::Bytes;
use http::Method;
use serde::{Deserialize, Serialize};

/// An attribute of a file: a name and a value of your own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Attribute {
    /// The name, which is unique among the attributes of a file.
    pub key: String,
    /// The value.
    pub value: String,
}

/// Lists the attributes of a file. Returned by [`Attachments::attributes`].
#[must_use = "a call is sent when it is awaited"]
pub struct ListAttributes<O = Vec<Attribute>> {
    call: Call<O>,
}

api_call!(ListAttributes<O>);

/// Adds, changes or deletes an attribute of a file. Returned by [`Attachments::add_attribute`], [`Attachments::set_attribute`] and
/// [`Attachments::delete_attribute`].
#[must_use = "a call is sent when it is awaited"]
pub struct WriteAttribute<O = ()> {
    call: Call<O>,
}

api_call!(WriteAttribute<O>);

impl Attachments {
    /// Lists the attributes of a file.
    pub fn attributes(&self, sys_id: impl AsRef<str>) -> ListAttributes {
        let request = requests::attributes(self.api(), Method::GET, sys_id.as_ref(), None);
        ListAttributes { call: Call::new(self.client.clone(), request, |response, _| response.result()) }
    }

    /// Adds an attribute to a file.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Rejected`] if there is one with this key already.
    pub fn add_attribute(&self, sys_id: impl AsRef<str>, key: &str, value: &str) -> WriteAttribute {
        let attribute = Attribute { key: key.to_owned(), value: value.to_owned() };
        self.write_attribute(Method::POST, sys_id.as_ref(), None).change(|request| {
            if attribute.key.is_empty() {
                return Err(Error::new(ErrorKind::InvalidInput, "the attribute's key is empty"));
            }
            let cannot_be_sent =
                |e| Error::new(ErrorKind::InvalidInput, "the attribute cannot be sent").with_reason(e);
            Ok(request.with_body(Bytes::from(serde_json::to_vec(&attribute).map_err(cannot_be_sent)?)))
        })
    }

    /// Changes an attribute of a file.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if there is none with this key.
    pub fn set_attribute(&self, sys_id: impl AsRef<str>, key: &str, value: &str) -> WriteAttribute {
        let body = serde_json::json!({ "value": value }).to_string();
        let write = self.write_attribute(Method::PUT, sys_id.as_ref(), Some(key));
        write.change(|request| Ok(request.with_body(Bytes::from(body)))).idempotent(true)
    }

    /// Deletes an attribute of a file.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if there is none with this key.
    pub fn delete_attribute(&self, sys_id: impl AsRef<str>, key: &str) -> WriteAttribute {
        self.write_attribute(Method::DELETE, sys_id.as_ref(), Some(key))
    }

    fn write_attribute(&self, method: Method, sys_id: &str, key: Option<&str>) -> WriteAttribute {
        let request = requests::attributes(self.api(), method, sys_id, key);
        WriteAttribute { call: Call::new(self.client.clone(), request, |response, _| response.discard()) }
    }
}
