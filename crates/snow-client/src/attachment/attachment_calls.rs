//! Calls about one file.

use super::Attachment;
use crate::batch::api_call::api_call;
use crate::request::call::Call;

/// Gets the metadata of a file. Returned by [`Attachments::get`](super::Attachments::get).
#[must_use = "a call is sent when it is awaited"]
pub struct GetAttachment<O = Attachment> {
    pub(super) call: Call<O>,
}

api_call!(GetAttachment<O>);

/// Renames a file. Returned by [`Attachments::rename`](super::Attachments::rename).
#[must_use = "a call is sent when it is awaited"]
pub struct RenameAttachment<O = ()> {
    pub(super) call: Call<O>,
}

api_call!(RenameAttachment<O>);

/// Deletes a file. Returned by [`Attachments::delete`](super::Attachments::delete).
#[must_use = "a call is sent when it is awaited"]
pub struct DeleteAttachment<O = ()> {
    pub(super) call: Call<O>,
}

api_call!(DeleteAttachment<O>);
