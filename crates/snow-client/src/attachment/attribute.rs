//! The attributes of files: names and values that users of the API choose (facts 5).

use super::{Attachments, requests};
use crate::batch::api_call::api_call;
use crate::request::call::Call;
use crate::{Error, ErrorKind};
use bytes::Bytes;
use http::Method;
use serde::{Deserialize, Serialize};

/// An attribute of a file: a name and a value that you choose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Attribute {
    /// The name, which is unique among the attributes of a file.
    pub key: String,
    /// The value.
    pub value: String,
}

/// A call that returns the attributes of a file. Returned by [`Attachments::attributes`].
///
/// ```
/// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let simulator = snow_sim::Simulator::builder().user("admin", "secret").build()?;
/// # let client = snow_client::Client::builder().instance("dev1").user("admin").password("secret").transport(simulator).build()?;
/// # let incident = client.table("incident").list().first().await?.sys_id()?;
/// let attachments = client.attachments();
/// let note = attachments.upload("incident", incident, "note.txt", "the printer is on fire").await?;
/// attachments.add_attribute(note.sys_id, "source", "scanner").await?;
/// for attribute in attachments.attributes(note.sys_id).await? {
///     println!("{} = {}", attribute.key, attribute.value);
/// }
/// # Ok(()) }
/// ```
#[must_use = "a call is sent when it is awaited"]
pub struct ListAttributes<O = Vec<Attribute>> {
    call: Call<O>,
}

api_call!(ListAttributes<O>);

/// A call that adds, changes or deletes an attribute of a file. Returned by [`Attachments::add_attribute`],
/// [`Attachments::set_attribute`] and [`Attachments::delete_attribute`].
///
/// # Cancel safety
///
/// Dropping the future leaves it unknown whether the attribute was written.
///
/// ```
/// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let simulator = snow_sim::Simulator::builder().user("admin", "secret").build()?;
/// # let client = snow_client::Client::builder().instance("dev1").user("admin").password("secret").transport(simulator).build()?;
/// # let incident = client.table("incident").list().first().await?.sys_id()?;
/// let attachments = client.attachments();
/// let note = attachments.upload("incident", incident, "note.txt", "the printer is on fire").await?;
/// attachments.add_attribute(note.sys_id, "source", "scanner").await?;
/// attachments.set_attribute(note.sys_id, "source", "camera").await?;
/// assert_eq!(attachments.attributes(note.sys_id).await?[0].value, "camera");
/// attachments.delete_attribute(note.sys_id, "source").await?;
/// # Ok(()) }
/// ```
#[must_use = "a call is sent when it is awaited"]
pub struct WriteAttribute<O = ()> {
    call: Call<O>,
}

api_call!(WriteAttribute<O>);

impl Attachments {
    /// Returns the attributes of a file.
    pub fn attributes(&self, sys_id: impl AsRef<str>) -> ListAttributes {
        let request = requests::attributes(self.api(), Method::GET, sys_id.as_ref(), None);
        ListAttributes { call: Call::new(self.client.clone(), request, |response, _| response.result()) }
    }

    /// Adds an attribute to a file.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Rejected`] if the file has an attribute with this key already.
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
    /// [`ErrorKind::NotFound`] if the file has no attribute with this key.
    pub fn set_attribute(&self, sys_id: impl AsRef<str>, key: &str, value: &str) -> WriteAttribute {
        let body = serde_json::json!({ "value": value }).to_string();
        let write = self.write_attribute(Method::PUT, sys_id.as_ref(), Some(key));
        write.change(|request| Ok(request.with_body(Bytes::from(body)))).idempotent(true)
    }

    /// Deletes an attribute of a file.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] if the file has no attribute with this key.
    pub fn delete_attribute(&self, sys_id: impl AsRef<str>, key: &str) -> WriteAttribute {
        self.write_attribute(Method::DELETE, sys_id.as_ref(), Some(key))
    }

    fn write_attribute(&self, method: Method, sys_id: &str, key: Option<&str>) -> WriteAttribute {
        let request = requests::attributes(self.api(), method, sys_id, key);
        WriteAttribute { call: Call::new(self.client.clone(), request, |response, _| response.discard()) }
    }
}
