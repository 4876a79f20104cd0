//! Calls about one file.

use super::Attachment;
use crate::batch::api_call::api_call;
use crate::request::call::Call;

/// A call that returns the metadata of a file. Returned by [`Attachments::get`](super::Attachments::get).
///
/// ```
/// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let simulator = snow_sim::Simulator::builder().user("admin", "secret").build()?;
/// # let client = snow_client::Client::builder().instance("dev1").user("admin").password("secret").transport(simulator).build()?;
/// # let incident = client.table("incident").list().first().await?.sys_id()?;
/// let attachments = client.attachments();
/// let note = attachments.upload("incident", incident, "note.txt", "the printer is on fire").await?;
/// let file = attachments.get(note.sys_id).await?;
/// println!("{} has {} bytes", file.file_name, file.size_bytes);
/// # assert_eq!(file.size_bytes, 22);
/// # Ok(()) }
/// ```
#[must_use = "a call is sent when it is awaited"]
pub struct GetAttachment<O = Attachment> {
    pub(super) call: Call<O>,
}

api_call!(GetAttachment<O>);

/// A call that renames a file. Returned by [`Attachments::rename`](super::Attachments::rename).
///
/// # Cancel safety
///
/// Dropping the future leaves it unknown whether the file was renamed.
///
/// ```
/// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let simulator = snow_sim::Simulator::builder().user("admin", "secret").build()?;
/// # let client = snow_client::Client::builder().instance("dev1").user("admin").password("secret").transport(simulator).build()?;
/// # let incident = client.table("incident").list().first().await?.sys_id()?;
/// let attachments = client.attachments();
/// let note = attachments.upload("incident", incident, "note.txt", "the printer is on fire").await?;
/// attachments.rename(note.sys_id, "fire.txt").await?;
/// assert_eq!(attachments.get(note.sys_id).await?.file_name, "fire.txt");
/// # Ok(()) }
/// ```
#[must_use = "a call is sent when it is awaited"]
pub struct RenameAttachment<O = ()> {
    pub(super) call: Call<O>,
}

api_call!(RenameAttachment<O>);

/// A call that deletes a file. Returned by [`Attachments::delete`](super::Attachments::delete).
///
/// # Cancel safety
///
/// Dropping the future leaves it unknown whether the file was deleted.
///
/// ```
/// # #[tokio::main] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let simulator = snow_sim::Simulator::builder().user("admin", "secret").build()?;
/// # let client = snow_client::Client::builder().instance("dev1").user("admin").password("secret").transport(simulator).build()?;
/// # let incident = client.table("incident").list().first().await?.sys_id()?;
/// let attachments = client.attachments();
/// let note = attachments.upload("incident", incident, "note.txt", "the printer is on fire").await?;
/// attachments.delete(note.sys_id).await?;
/// assert!(attachments.get(note.sys_id).await.is_err());
/// # Ok(()) }
/// ```
#[must_use = "a call is sent when it is awaited"]
pub struct DeleteAttachment<O = ()> {
    pub(super) call: Call<O>,
}

api_call!(DeleteAttachment<O>);
