//! The parameters of one request.

mod display_value;
mod name;
#[cfg(test)]
mod tests;

pub use display_value::DisplayValue;

use crate::query::{self, Query, Value, check_field, check_returned_field};
use crate::{Error, ErrorKind, percent};
use name::{DOCUMENTED, ParamName};
use percent_encoding::percent_decode_str;
use std::borrow::Borrow;
use std::fmt;

/// The parameters of one request, encoded as they are set.
///
/// They belong to that request: nothing is shared and nothing leaks into the next. Setting one twice keeps the second.
/// The order is the order of setting.
///
/// Setting never fails: what cannot be sent is refused by [`encoded`](Self::encoded), and so by
/// [`Instance::uri`](crate::Instance::uri), before anything goes out.
///
/// ```
/// use snow_core::{DisplayValue, Params, field};
///
/// let params = Params::new()
///     .query(field("active").eq(true).order_by("number"))
///     .fields(["number", "caller_id.name"])
///     .display_value(DisplayValue::All)
///     .limit(10)
///     .limit(5);
/// assert_eq!(
///     params.encoded()?,
///     "sysparm_query=active%3Dtrue%5EORDERBYnumber&sysparm_fields=number,caller_id.name&sysparm_display_value=all&sysparm_limit=5",
/// );
/// let error = Params::new().fields(["Short description"]).encoded().unwrap_err().clone();
/// assert!(error.to_string().contains("\"Short description\""), "{error}");
/// # Ok::<_, snow_core::Error>(())
/// ```
#[derive(Clone, Default)]
pub struct Params {
    /// Each pair with an `&` in front.
    encoded: String,
    /// Which documented parameters may be set, and whether any other is: so that setting one rarely has to look.
    set: u32,
    /// Whether there is a `<field>=<value>` pair.
    filtered: bool,
    /// The first thing that cannot be sent.
    refused: Option<Error>,
}

/// Room for the parameters of most reads, taken at once.
const USUAL: usize = 512;

impl Params {
    /// No parameters.
    pub fn new() -> Self {
        Self::default()
    }

    /// `sysparm_query`: which rows, in which order. Text that is a query already goes through [`Query::raw`].
    #[must_use]
    pub fn query<'q>(mut self, query: impl Borrow<Query<'q>>) -> Self {
        let query = query.borrow();
        if query.is_empty() {
            self.remove(ParamName::QUERY);
            return self;
        }
        self.begin(ParamName::QUERY);
        let written = query.encode_url(&mut self.encoded);
        self.keep(written)
    }

    /// `<field>=<value>`: only rows with this value in the field. The other way to filter, which also takes the display
    /// values of choices and references (`state=closed`, `assigned_to=john.smith`). Not together with
    /// [`query`](Self::query): the service says the two exclude each other (facts 1.2), so that is refused.
    #[must_use]
    pub fn filter<'v>(mut self, field: &str, value: impl Into<Value<'v>>) -> Self {
        let value = value.into();
        self.filtered = true;
        if field.starts_with("sysparm_") {
            return self.refuse(format!(
                "the filter {field:?} is a parameter's name, not a field's: custom() sets any parameter"
            ));
        }
        if let Err(why) = check_field(field) {
            return self.refuse(format!("the field {field:?} of a filter {why}"));
        }
        self.begin(ParamName::Other(field));
        let written = query::encode_value(&value, field, &mut self.encoded);
        self.keep(written)
    }

    /// `sysparm_fields`: the fields to answer with; dot-walks such as `caller_id.name` are allowed. The service leaves
    /// out fields that do not exist or may not be read, without notice (facts 1.2).
    #[must_use]
    pub fn fields<F: AsRef<str>>(mut self, fields: impl IntoIterator<Item = F>) -> Self {
        self.begin(ParamName::FIELDS);
        for (at, field) in fields.into_iter().enumerate() {
            let field = field.as_ref();
            if let Err(why) = check_returned_field(field) {
                return self.refuse(format!("the field {field:?} to answer with {why}"));
            }
            if at > 0 {
                self.encoded.push(',');
            }
            self.encoded.push_str(field);
        }
        self
    }

    /// A parameter that is a list of fields, such as `sysparm_group_by` (facts 6).
    #[must_use]
    pub fn field_list<F: AsRef<str>>(self, name: &str, fields: impl IntoIterator<Item = F>) -> Self {
        let mut list = String::new();
        for field in fields {
            let field = field.as_ref();
            if let Err(why) = check_field(field) {
                return self.refuse(format!("the field {field:?} of {name} {why}"));
            }
            if !list.is_empty() {
                list.push(',');
            }
            list.push_str(field);
        }
        self.custom(name, &list)
    }

    /// `sysparm_limit`: at most this many rows, before access rules. The service's own default is 10,000 (facts 1.2).
    #[must_use]
    #[inline]
    pub fn limit(self, rows: u32) -> Self {
        self.number(ParamName::LIMIT, rows)
    }

    /// `sysparm_offset`: how many rows to skip. Without an order that is unique, rows repeat and get lost (facts 9).
    #[must_use]
    #[inline]
    pub fn offset(self, rows: u32) -> Self {
        self.number(ParamName::OFFSET, rows)
    }

    /// `sysparm_display_value`: stored values, display values or both.
    #[must_use]
    #[inline]
    pub fn display_value(self, values: DisplayValue) -> Self {
        // Each word in a call of its own is a copy of a known length.
        match values {
            DisplayValue::Stored => self.set_plain(ParamName::DISPLAY_VALUE, "false"),
            DisplayValue::Display => self.set_plain(ParamName::DISPLAY_VALUE, "true"),
            DisplayValue::All => self.set_plain(ParamName::DISPLAY_VALUE, "all"),
        }
    }

    /// `sysparm_exclude_reference_link`: whether references come without their `link`.
    #[must_use]
    #[inline]
    pub fn exclude_reference_link(self, exclude: bool) -> Self {
        self.boolean(ParamName::EXCLUDE_REFERENCE_LINK, exclude)
    }

    /// `sysparm_suppress_pagination_header`: whether lists come without their `Link` header, which repeats the URL up to
    /// four times and so outgrows what proxies take (facts 1.5).
    #[must_use]
    #[inline]
    pub fn suppress_pagination_header(self, suppress: bool) -> Self {
        self.boolean(ParamName::SUPPRESS_PAGINATION_HEADER, suppress)
    }

    /// `sysparm_no_count`: whether the service may skip counting the rows of a list. What `X-Total-Count` says then is
    /// unsettled (facts 1.5).
    #[must_use]
    #[inline]
    pub fn no_count(self, skip: bool) -> Self {
        self.boolean(ParamName::NO_COUNT, skip)
    }

    /// `sysparm_view`: the fields of this view, unless [`fields`](Self::fields) says which.
    #[must_use]
    pub fn view(self, name: &str) -> Self {
        self.set(ParamName::VIEW, name)
    }

    /// `sysparm_query_category`: the query category, which may route a read to a replica.
    #[must_use]
    pub fn query_category(self, name: &str) -> Self {
        self.set(ParamName::QUERY_CATEGORY, name)
    }

    /// `sysparm_query_no_domain`: whether to read across domains, for those who may (facts 1.2).
    #[must_use]
    #[inline]
    pub fn query_no_domain(self, across: bool) -> Self {
        self.boolean(ParamName::QUERY_NO_DOMAIN, across)
    }

    /// `sysparm_input_display_value`: whether what is written are display values, times in the caller's zone, rather than
    /// stored values, times in UTC. Encrypted fields need it (facts 1.2).
    #[must_use]
    #[inline]
    pub fn input_display_value(self, display: bool) -> Self {
        self.boolean(ParamName::INPUT_DISPLAY_VALUE, display)
    }

    /// `sysparm_suppress_auto_sys_field`: whether a write brings `sys_created_on` and its like itself (facts 1.2).
    #[must_use]
    #[inline]
    pub fn suppress_auto_sys_field(self, suppress: bool) -> Self {
        self.boolean(ParamName::SUPPRESS_AUTO_SYS_FIELD, suppress)
    }

    /// `sysparm_tiny`: the id that the service gave for a long query string. Seen in use, not documented (facts 1.2).
    #[must_use]
    pub fn tiny(self, id: &str) -> Self {
        self.set(ParamName::TINY, id)
    }

    /// A parameter of any other name, with any value. **On a list, a name that is a field's is a filter, and a misspelt one
    /// is silently nothing** (facts 1.2).
    #[must_use]
    pub fn custom(self, name: &str, value: &str) -> Self {
        if name.is_empty() {
            return self.refuse("a parameter has no name".to_owned());
        }
        let name = percent::query(name);
        self.set(ParamName::of(&name), value)
    }

    /// In which form these parameters ask for values.
    pub fn display_values(&self) -> DisplayValue {
        if self.set & ParamName::DISPLAY_VALUE.bit() == 0 {
            return DisplayValue::Stored;
        }
        match self.get(ParamName::DISPLAY_VALUE.as_str()).as_deref() {
            Some("true") => DisplayValue::Display,
            Some("all") => DisplayValue::All,
            _ => DisplayValue::Stored,
        }
    }

    /// The value of a parameter that is set.
    pub fn get(&self, name: &str) -> Option<String> {
        let encoded = percent::query(name);
        let (_, value) = self.pairs().find(|(given, _)| *given == encoded)?;
        Some(percent_decode_str(value).decode_utf8_lossy().into_owned())
    }

    fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.encoded.split('&').filter_map(|pair| pair.split_once('='))
    }

    #[inline(always)]
    fn boolean(self, name: ParamName<'_>, value: bool) -> Self {
        if value { self.set_plain(name, "true") } else { self.set_plain(name, "false") }
    }

    #[inline(always)]
    fn number(self, name: ParamName<'_>, value: u32) -> Self {
        self.set_plain(name, itoa::Buffer::new().format(value))
    }

    fn set(mut self, name: ParamName<'_>, value: &str) -> Self {
        self.begin(name);
        percent::push_query(&mut self.encoded, value);
        self
    }

    /// Sets a value that needs no encoding.
    #[inline(always)]
    fn set_plain(mut self, name: ParamName<'_>, value: &str) -> Self {
        self.begin(name);
        self.encoded.push_str(value);
        self
    }

    /// Everything of a pair but its value.
    #[inline(always)]
    fn begin(&mut self, name: ParamName<'_>) {
        if self.set & name.bit() != 0 {
            self.remove(name);
        }
        if self.encoded.capacity() == 0 {
            self.encoded = String::with_capacity(USUAL);
        }
        self.set |= name.bit();
        match name {
            ParamName::Documented(at) => self.encoded.push_str(DOCUMENTED[usize::from(at)]),
            ParamName::Other(name) => self.encoded.extend(["&", name, "="]),
        }
    }

    /// The first thing that cannot be sent is what is told.
    fn keep(mut self, written: Result<(), Error>) -> Self {
        if let Err(why) = written {
            self.refused.get_or_insert(why);
        }
        self
    }

    #[cold]
    fn remove(&mut self, name: ParamName<'_>) {
        let name = name.as_str();
        let others =
            self.encoded.split('&').filter(|pair| pair.split_once('=').is_none_or(|(n, _)| n != name));
        self.encoded = others.collect::<Vec<_>>().join("&");
    }

    fn refuse(mut self, why: String) -> Self {
        self.refused.get_or_insert_with(|| invalid(why));
        self
    }

    fn mixes_filters(&self) -> bool {
        self.filtered && self.pairs().any(|(name, _)| name == ParamName::QUERY.as_str())
    }

    /// The query of a URI, without its `?`.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for the first thing set that cannot be sent.
    pub fn encoded(&self) -> Result<&str, Error> {
        match &self.refused {
            Some(why) => Err(why.clone()),
            None if self.mixes_filters() => Err(invalid(
                "a list is filtered by a query and by field=value pairs at once, which exclude each other: \
                 say it all in the query"
                    .into(),
            )),
            None if self.encoded.is_empty() => Ok(""),
            None => {
                let what = "encoded parameters do not begin with the sign that separates them";
                self.encoded.strip_prefix('&').ok_or_else(|| Error::internal(what))
            }
        }
    }
}

fn invalid(why: String) -> Error {
    Error::new(ErrorKind::InvalidInput, why)
}

impl fmt::Debug for Params {
    /// Names only: values may be anything that a user searches for.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.pairs().map(|(name, _)| name)).finish()
    }
}
