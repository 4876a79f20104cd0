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
/// They keep the order in which they are set. Setting a parameter again replaces it.
///
/// Setting never fails. If a value cannot be sent, [`encoded`](Self::encoded) and [`Instance::uri`](crate::Instance::uri) return an
/// error before anything is sent.
///
/// ```
/// use snow_client::{DisplayValue, field, transport::Params};
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
    /// The documented parameters that are set, and whether any other is, so that setting one rarely has to search.
    set: u32,
    /// Whether there is a `<field>=<value>` pair.
    filtered: bool,
    /// The error of the first value that cannot be sent.
    refused: Option<Error>,
}

/// The capacity for the parameters of most reads.
const CAPACITY: usize = 512;

impl Params {
    /// Creates an empty set of parameters.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets `sysparm_query`: which records, in which order. For an encoded query use [`Query::raw`].
    #[doc(alias = "sysparm_query")]
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

    /// Adds `<field>=<value>`: only records with this value in the field. This filter also takes the display values of choices and
    /// references (`state=closed`, `assigned_to=john.smith`). It cannot be combined with [`query`](Self::query), because the service
    /// does not support both at once.
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

    /// Sets `sysparm_fields`: the fields of the response; dot-walks such as `caller_id.name` are allowed. The service silently leaves
    /// out fields that do not exist or may not be read.
    #[doc(alias = "sysparm_fields")]
    #[must_use]
    pub fn fields<F: AsRef<str>>(mut self, fields: impl IntoIterator<Item = F>) -> Self {
        self.begin(ParamName::FIELDS);
        for (at, field) in fields.into_iter().enumerate() {
            let field = field.as_ref();
            if let Err(why) = check_returned_field(field) {
                return self.refuse(format!("the field {field:?} of the response {why}"));
            }
            if at > 0 {
                self.encoded.push(',');
            }
            self.encoded.push_str(field);
        }
        self
    }

    /// Sets a parameter that is a list of fields, such as `sysparm_group_by`.
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

    /// Sets `sysparm_limit`: at most this many records, before access rules. The service's default is 10,000.
    #[doc(alias = "sysparm_limit")]
    #[must_use]
    #[inline]
    pub fn limit(self, rows: u32) -> Self {
        self.number(ParamName::LIMIT, rows)
    }

    /// Sets `sysparm_offset`: how many records to skip. Without a unique order, records may be repeated or missed.
    #[doc(alias = "sysparm_offset")]
    #[must_use]
    #[inline]
    pub fn offset(self, rows: u32) -> Self {
        self.number(ParamName::OFFSET, rows)
    }

    /// Sets `sysparm_display_value`: stored values, display values or both.
    #[doc(alias = "sysparm_display_value")]
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

    /// Sets `sysparm_exclude_reference_link`: whether references come without their `link`.
    #[doc(alias = "sysparm_exclude_reference_link")]
    #[must_use]
    #[inline]
    pub fn exclude_reference_link(self, exclude: bool) -> Self {
        self.boolean(ParamName::EXCLUDE_REFERENCE_LINK, exclude)
    }

    /// Sets `sysparm_suppress_pagination_header`: whether lists come without their `Link` header, which repeats the URL up to four
    /// times and may be larger than proxies allow.
    #[doc(alias = "sysparm_suppress_pagination_header")]
    #[must_use]
    #[inline]
    pub fn suppress_pagination_header(self, suppress: bool) -> Self {
        self.boolean(ParamName::SUPPRESS_PAGINATION_HEADER, suppress)
    }

    /// Sets `sysparm_no_count`: whether the service may skip counting the records of a list. The `X-Total-Count` header cannot be
    /// relied on then.
    #[doc(alias = "sysparm_no_count")]
    #[must_use]
    #[inline]
    pub fn no_count(self, skip: bool) -> Self {
        self.boolean(ParamName::NO_COUNT, skip)
    }

    /// Sets `sysparm_view`: the fields of this view, unless [`fields`](Self::fields) is set.
    #[doc(alias = "sysparm_view")]
    #[must_use]
    pub fn view(self, name: &str) -> Self {
        self.set(ParamName::VIEW, name)
    }

    /// Sets `sysparm_query_category`: the query category, which may route a read to a replica.
    #[doc(alias = "sysparm_query_category")]
    #[must_use]
    pub fn query_category(self, name: &str) -> Self {
        self.set(ParamName::QUERY_CATEGORY, name)
    }

    /// Sets `sysparm_query_no_domain`: whether to read across domains, for users with that right.
    #[doc(alias = "sysparm_query_no_domain")]
    #[must_use]
    #[inline]
    pub fn query_no_domain(self, across: bool) -> Self {
        self.boolean(ParamName::QUERY_NO_DOMAIN, across)
    }

    /// Sets `sysparm_input_display_value`: whether written values are display values, with times in the user's zone, rather than
    /// stored values, with times in UTC. Encrypted fields need it.
    #[doc(alias = "sysparm_input_display_value")]
    #[must_use]
    #[inline]
    pub fn input_display_value(self, display: bool) -> Self {
        self.boolean(ParamName::INPUT_DISPLAY_VALUE, display)
    }

    /// Sets `sysparm_suppress_auto_sys_field`: whether a write provides `sys_created_on` and similar fields itself.
    #[doc(alias = "sysparm_suppress_auto_sys_field")]
    #[must_use]
    #[inline]
    pub fn suppress_auto_sys_field(self, suppress: bool) -> Self {
        self.boolean(ParamName::SUPPRESS_AUTO_SYS_FIELD, suppress)
    }

    /// Sets `sysparm_tiny`: the id that the service gave for a long query string. It is not documented by the service.
    #[doc(hidden)]
    #[must_use]
    pub fn tiny(self, id: &str) -> Self {
        self.set(ParamName::TINY, id)
    }

    /// Sets a parameter with any other name. **On a list, the name of a field is a filter, and a misspelled name is silently
    /// ignored by the service.**
    #[must_use]
    pub fn custom(self, name: &str, value: &str) -> Self {
        if name.is_empty() {
            return self.refuse("a parameter has no name".to_owned());
        }
        let name = percent::query(name);
        self.set(ParamName::of(&name), value)
    }

    /// Returns the value of a parameter; `None` if it is not set.
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

    /// Appends the `&`, the name and the `=` of a parameter.
    #[inline(always)]
    fn begin(&mut self, name: ParamName<'_>) {
        if self.set & name.bit() != 0 {
            self.remove(name);
        }
        if self.encoded.capacity() == 0 {
            self.encoded = String::with_capacity(CAPACITY);
        }
        self.set |= name.bit();
        match name {
            ParamName::Documented(at) => self.encoded.push_str(DOCUMENTED[usize::from(at)]),
            ParamName::Other(name) => self.encoded.extend(["&", name, "="]),
        }
    }

    /// Keeps the error of the first value that cannot be sent.
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

    /// Returns the query of a URI, without its `?`.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for the first value that cannot be sent.
    pub fn encoded(&self) -> Result<&str, Error> {
        match &self.refused {
            Some(why) => Err(why.clone()),
            None if self.mixes_filters() => Err(invalid(
                "a list has both a query and field=value filters, which exclude each other: \
                 put all conditions into the query"
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
    /// Writes names only, because values may be data of a user.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.pairs().map(|(name, _)| name)).finish()
    }
}
