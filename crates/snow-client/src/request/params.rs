//! The parameters of one request by their meaning. They become text once, right before the request is sent, and are never parsed
//! back from it.

use crate::request::reserved_params;
use crate::request::selection::{Selection, Window};
use crate::request::shape::Shape;
use snow_core::query::Value;
use snow_core::{DisplayValue, Error, Params, Query};
use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

#[derive(Clone, Default)]
pub(crate) struct RequestParams {
    pub(crate) selection: Selection,
    pub(crate) shape: Shape,
    pub(crate) written: Written,
    paging: Paging,
    /// Those of the API that is called: of aggregates, of imports, or any of an API that has no type here.
    pub(crate) own: Vec<(String, String)>,
    /// A list of fields that cannot be sent.
    refused: Option<Error>,
    /// Whether the API is one whose parameters are not known here.
    any: bool,
}

/// What the client decides by itself where one read takes several requests.
#[derive(Clone, Copy, Debug, Default)]
struct Paging {
    skips_count: bool,
    hides_links: bool,
}

/// In which form a write sends values.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Written {
    input_display: Option<bool>,
    suppress_auto_fields: Option<bool>,
}

impl Written {
    pub(crate) fn is_displayed(self) -> bool {
        self.input_display == Some(true)
    }

    fn write_to(self, params: Params) -> Params {
        let Self { input_display, suppress_auto_fields } = self;
        let params = match input_display {
            Some(display) => params.input_display_value(display),
            None => params,
        };
        match suppress_auto_fields {
            Some(suppress) => params.suppress_auto_sys_field(suppress),
            None => params,
        }
    }
}

impl fmt::Debug for RequestParams {
    /// Names of parameters: values may be anything.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { selection, shape, written, paging: _, own, refused, any: _ } = self;
        let own: Vec<&str> = own.iter().map(|(name, _)| name.as_str()).collect();
        let mut params = f.debug_struct("RequestParams");
        params.field("selection", selection).field("shape", shape).field("written", written);
        params.field("own", &own).field("refused", refused).finish()
    }
}

impl RequestParams {
    /// Those of an API whose parameters are not known here: any name may be set.
    pub(crate) fn any() -> Self {
        Self { any: true, ..Self::default() }
    }

    pub(crate) fn query<'q>(mut self, query: impl Borrow<Query<'q>>) -> Self {
        self.selection.set_query(query.borrow().clone().into_owned());
        self
    }

    pub(crate) fn filter(mut self, field: &str, value: Value<'static>) -> Self {
        self.selection.add_pair(field, value);
        self
    }

    pub(crate) fn limit(mut self, records: u32) -> Self {
        self.selection.set_limit(records);
        self
    }

    pub(crate) fn offset(mut self, records: u32) -> Self {
        self.selection.set_offset(records);
        self
    }

    pub(crate) fn query_category(mut self, name: &str) -> Self {
        self.selection.set_category(name);
        self
    }

    pub(crate) fn query_no_domain(mut self, across: bool) -> Self {
        self.selection.set_no_domain(across);
        self
    }

    pub(crate) fn fields<F: AsRef<str>>(mut self, fields: impl IntoIterator<Item = F>) -> Self {
        self.shape.fields = Some(fields.into_iter().map(|field| field.as_ref().to_owned()).collect());
        self
    }

    pub(crate) fn these_fields(mut self, fields: &Arc<[String]>) -> Self {
        self.shape.fields = Some(fields.clone());
        self
    }

    pub(crate) fn display_value(mut self, values: DisplayValue) -> Self {
        self.shape.set_display(values);
        self
    }

    pub(crate) fn exclude_reference_link(mut self, exclude: bool) -> Self {
        self.shape.set_exclude_links(exclude);
        self
    }

    pub(crate) fn view(mut self, name: &str) -> Self {
        self.shape.set_view(name);
        self
    }

    pub(crate) fn input_display_value(mut self, display: bool) -> Self {
        self.written.input_display = Some(display);
        self
    }

    pub(crate) fn suppress_auto_sys_field(mut self, suppress: bool) -> Self {
        self.written.suppress_auto_fields = Some(suppress);
        self
    }

    /// A parameter by its name, as a caller sets it.
    pub(crate) fn param(mut self, name: &str, value: &str) -> Self {
        if self.any {
            return self.own(name, value);
        }
        self.selection.set_extra(name, value);
        self
    }

    /// A parameter of the API that is called. Setting it again replaces the first.
    pub(crate) fn own(mut self, name: &str, value: &str) -> Self {
        match self.own.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) => value.clone_into(known),
            None => self.own.push((name.to_owned(), value.to_owned())),
        }
        self
    }

    /// The value of a parameter of the API that is called.
    pub(crate) fn own_value(&self, name: &str) -> Option<&str> {
        self.own.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// A parameter of the API that is called, whose value is a list of fields.
    pub(crate) fn field_list<F: AsRef<str>>(
        mut self,
        name: &str,
        fields: impl IntoIterator<Item = F>,
    ) -> Self {
        let list = Params::new().field_list(name, fields);
        if let Err(why) = list.encoded() {
            self.refused.get_or_insert_with(|| why.clone());
        }
        self.own(name, &list.get(name).unwrap_or_default())
    }

    /// Parameters for other records of the same scope.
    pub(crate) fn same_scope(&self, query: Query<'static>, limit: u32) -> Self {
        let Self { selection, shape: _, written: _, paging: _, own: _, refused, any } = self;
        Self {
            selection: selection.same_scope(query, limit),
            paging: Paging { skips_count: false, hides_links: true },
            refused: refused.clone(),
            any: *any,
            ..Self::default()
        }
    }

    /// Those of a write of one of these records.
    pub(crate) fn of_a_write(&self) -> Self {
        let Self { selection, shape: _, written: _, paging: _, own: _, refused, any } = self;
        let selection = selection.of_a_write();
        Self { selection, refused: refused.clone(), any: *any, ..Self::default() }
    }

    /// These, where the records of another request are.
    pub(crate) fn in_place_of(self, other: &Self) -> Self {
        Self { selection: other.selection.clone(), ..self }
    }

    /// Some of the same records, as a page of a longer read. `counted`: whether the service is to count what matches.
    ///
    /// # Errors
    ///
    /// As [`Selection::keyed`].
    pub(crate) fn keyed(
        &self,
        narrower: Query<'static>,
        window: Window,
        counted: bool,
    ) -> Result<Self, Error> {
        let Self { selection, shape, written, paging: _, own, refused, any } = self.clone();
        let selection = selection.keyed(narrower, window)?;
        let paging = Paging { skips_count: !counted, hides_links: true };
        Ok(Self { selection, shape, written, paging, own, refused, any })
    }

    /// The text of them all.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for the first that cannot be sent.
    pub(crate) fn to_params(&self) -> Result<Params, Error> {
        let Self { selection, shape, written, paging, own, refused, any: _ } = self;
        if let Some(why) = refused {
            return Err(why.clone());
        }
        let params = selection.write_to(Params::new())?;
        let params = written.write_to(shape.write_to(params));
        let params = if paging.skips_count { params.no_count(true) } else { params };
        let params = match paging.hides_links && !selection.has_extra(LINKS) {
            true => params.suppress_pagination_header(true),
            false => params,
        };
        let params =
            own.iter().try_fold(params, |params, (name, value)| reserved_params::add(params, name, value))?;
        let params = selection.write_extra(params)?;
        params.encoded()?;
        Ok(params)
    }
}

/// What a caller may set by its name although the client does, too.
const LINKS: &str = "sysparm_suppress_pagination_header";
