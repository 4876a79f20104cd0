//! How many records a page has. The first page is small and shows how large records are; later pages are as large as the buffer
//! allows.

/// Records of the first page, unless the caller sets a page size.
const FIRST_PAGE: u32 = 100;
/// Records of any later page at most, unless the caller sets a page size. It keeps a page of records with all their fields far from
/// the transaction quota (facts 9).
const MAX_PAGE: u32 = 1_000;
/// Records that are read in a single request at most, where a read by position must not take several pages.
const MAX_SINGLE_PAGE: u32 = 10_000;
/// Records of a page at least, however large they are.
const MIN_PAGE: u32 = 10;

/// The page sizes of one stream.
#[derive(Clone, Copy, Debug)]
pub(super) struct PageSize {
    /// What the caller set.
    fixed: Option<u32>,
    max: u32,
}

impl PageSize {
    /// Creates the page sizes of a stream: `fixed` if the caller set a size, and by the size of records otherwise.
    pub(super) fn new(fixed: Option<u32>) -> Self {
        Self { fixed, max: fixed.unwrap_or(MAX_PAGE).max(1) }
    }

    /// Lets this many records come in a single page, if a page may have that many.
    pub(super) fn with_single_page(self, records: u32) -> Self {
        match self.fixed {
            None if records <= MAX_SINGLE_PAGE => Self { max: records.max(MAX_PAGE), ..self },
            _ => self,
        }
    }

    /// Whether the caller set the size, so that pages are not made to fit the buffer.
    pub(super) fn is_fixed(self) -> bool {
        self.fixed.is_some()
    }

    /// The largest page.
    pub(super) fn max(self) -> u32 {
        self.max
    }

    /// The first page. A limit of one or two records needs no page of a hundred.
    pub(super) fn first(self, wanted: Option<u64>) -> u32 {
        let first = self.fixed.unwrap_or(FIRST_PAGE).min(self.max);
        let wanted = wanted.and_then(|wanted| u32::try_from(wanted).ok());
        wanted.map_or(first, |wanted| first.min(wanted.max(1)))
    }

    /// Makes pages of records of this size fit into `room` bytes.
    pub(super) fn fit(&mut self, room: usize, record_bytes: usize) {
        let records = (room / 10).saturating_mul(9).checked_div(record_bytes).unwrap_or(usize::MAX);
        self.max = u32::try_from(records).unwrap_or(MAX_PAGE).clamp(MIN_PAGE, MAX_PAGE);
    }

    /// How many records a range should have, so that nearly all ranges fit into one page: the number of records in a range of
    /// `sys_id`s scatters by about the square root of that number.
    pub(super) fn records_per_range(self) -> u64 {
        let scatter = u64::from(self.max.isqrt()) * 2;
        u64::from(self.max).saturating_sub(scatter).max(1)
    }
}
