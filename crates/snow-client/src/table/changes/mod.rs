//! The changes of a table: what is new, changed and gone.

mod change;
mod change_stream;
mod deletion_audit;
mod feed;
mod feed_cursor;
mod feed_cycle;
mod feed_options;
mod log_page;
mod log_reader;
mod log_row;
mod log_source;
mod log_step;
mod page_limits;
mod present_ids;
mod seen_versions;
mod sweep_reader;

pub use change::{Change, ChangeBatch};
pub use change_stream::ChangeStream;
pub use feed::ChangeFeed;
pub use feed_cursor::FeedCursor;
pub use feed_options::Deletions;
pub use present_ids::{PresentIds, SweepDifference};
