//! How records come back: which fields, in which form.

use snow_core::{DisplayValue, Params};
use std::sync::Arc;

/// What a request asks of the records in its response. It never changes which records those are.
#[derive(Clone, Debug, Default)]
pub(crate) struct Shape {
    /// All fields without.
    pub(crate) fields: Option<Arc<[String]>>,
    display: Option<DisplayValue>,
    exclude_links: Option<bool>,
    view: Option<String>,
}

impl Shape {
    pub(crate) fn set_display(&mut self, values: DisplayValue) {
        self.display = Some(values);
    }

    pub(crate) fn set_exclude_links(&mut self, exclude: bool) {
        self.exclude_links = Some(exclude);
    }

    pub(crate) fn set_view(&mut self, name: &str) {
        self.view = Some(name.to_owned());
    }

    /// In which form values come.
    pub(crate) fn display(&self) -> DisplayValue {
        self.display.unwrap_or_default()
    }

    /// Whether a view decides which fields come.
    pub(crate) fn is_by_view(&self) -> bool {
        self.view.is_some() && self.fields.is_none()
    }

    /// Whether this field comes, as far as the request says.
    pub(crate) fn has(&self, field: &str) -> bool {
        self.fields.as_ref().is_none_or(|fields| fields.iter().any(|known| known == field))
    }

    /// The same with these fields in addition, if not all come anyway.
    pub(crate) fn including<'f>(mut self, further: impl IntoIterator<Item = &'f str>) -> Self {
        if let Some(fields) = &mut self.fields {
            let is_new = |field: &&str| !fields.iter().any(|known| known == field);
            let further: Vec<String> = further.into_iter().filter(is_new).map(str::to_owned).collect();
            if !further.is_empty() {
                *fields = fields.iter().cloned().chain(further).collect();
            }
        }
        self
    }

    pub(crate) fn write_to(&self, params: Params) -> Params {
        let Self { fields, display, exclude_links, view } = self;
        let params = match fields {
            Some(fields) => params.fields(&**fields),
            None => params,
        };
        let params = match display {
            Some(values) => params.display_value(*values),
            None => params,
        };
        let params = match exclude_links {
            Some(exclude) => params.exclude_reference_link(*exclude),
            None => params,
        };
        match view {
            Some(name) => params.view(name),
            None => params,
        }
    }
}
