//! Names of parameters that `param()` refuses: those that have a method of their own, and those that select records.

use snow_core::{Error, ErrorKind, Params};

/// A parameter's name that is not reserved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ParamName(String);

impl ParamName {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// The parameters that have a method, and which one.
const METHODS: [(&str, &str); 22] = [
    ("sysparm_query", "query()"),
    ("sysparm_tiny", "query(), or through_batch() for a long one"),
    ("sysparm_fields", "fields()"),
    ("sysparm_limit", "limit()"),
    ("sysparm_offset", "offset()"),
    ("sysparm_display_value", "display_value()"),
    ("sysparm_exclude_reference_link", "exclude_reference_link()"),
    ("sysparm_view", "view()"),
    ("sysparm_query_category", "query_category()"),
    ("sysparm_query_no_domain", "query_no_domain()"),
    ("sysparm_input_display_value", "input_display_value()"),
    ("sysparm_suppress_auto_sys_field", "suppress_auto_sys_field()"),
    ("sysparm_no_count", "stream(), which has records counted only where it needs that"),
    ("sysparm_count", "count()"),
    ("sysparm_group_by", "group_by()"),
    ("sysparm_having", "having()"),
    ("sysparm_order_by", "order_by()"),
    ("sysparm_sum_fields", "sum()"),
    ("sysparm_avg_fields", "avg()"),
    ("sysparm_min_fields", "min()"),
    ("sysparm_max_fields", "max()"),
    ("sysparm_aggregate", "count(), sum() and the like"),
];

/// The name, if it is one that no method sets and that cannot select records.
///
/// # Errors
///
/// [`ErrorKind::InvalidInput`], which says what to use instead.
pub(crate) fn unreserved(name: &str) -> Result<ParamName, Error> {
    let refused = |why: String| Err(Error::new(ErrorKind::InvalidInput, why));
    if name.is_empty() {
        return refused("a parameter has no name".to_owned());
    }
    let lower = name.to_ascii_lowercase();
    if let Some((_, method)) = METHODS.iter().find(|(reserved, _)| *reserved == lower) {
        return refused(format!("the parameter {name:?} is not set by param(): use {method}"));
    }
    if !lower.starts_with("sysparm_") {
        return refused(format!(
            "the parameter {name:?} does not begin with \"sysparm_\", so that the service would take it as a filter on a field, or \
             ignore it: use query(), or filter() for one page"
        ));
    }
    Ok(ParamName(name.to_owned()))
}

/// Adds a parameter that is set by its name, unless it would replace another one.
///
/// # Errors
///
/// [`ErrorKind::InvalidInput`] if it is set already.
pub(crate) fn add(params: Params, name: &str, value: &str) -> Result<Params, Error> {
    if params.get(name).is_some() {
        let why = format!("the parameter {name:?} is set twice: by a method and by its name");
        return Err(Error::new(ErrorKind::InvalidInput, why));
    }
    Ok(params.custom(name, value))
}
