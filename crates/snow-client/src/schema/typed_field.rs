//! A field whose values have a type, used by generated code.

use crate::{Query, field};
use snow_core::query::{FieldPath, Value};
use std::fmt;
use std::marker::PhantomData;

/// A column that can be compared only with values of its type. Generated code has one for each column; see
/// [`Schema::generate`](super::Schema::generate).
///
/// ```
/// use snow_client::schema::TypedField;
///
/// const PRIORITY: TypedField<i64> = TypedField::new("priority");
/// const NAME: TypedField<String> = TypedField::new("caller_id.name");
///
/// let query = PRIORITY.le(2).and(NAME.starts_with("Fred"));
/// assert_eq!(query.encode()?, "priority<=2^caller_id.nameSTARTSWITHFred");
/// # Ok::<_, snow_client::Error>(())
/// ```
pub struct TypedField<T> {
    name: &'static str,
    of: PhantomData<fn() -> T>,
}

impl<T> TypedField<T> {
    /// Creates a field from its name, or from a dot-walk.
    pub const fn new(name: &'static str) -> Self {
        Self { name, of: PhantomData }
    }

    /// Returns the name of the field.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Returns the field without its type, for all other conditions.
    pub fn any(&self) -> FieldPath<'static> {
        field(self.name)
    }

    /// Matches records whose field has no value.
    pub fn is_empty(&self) -> Query<'static> {
        self.any().is_empty()
    }

    /// Matches records whose field has a value.
    pub fn is_not_empty(&self) -> Query<'static> {
        self.any().is_not_empty()
    }
}

impl<T: Into<Value<'static>>> TypedField<T> {
    /// Matches records whose field equals a value.
    pub fn eq(&self, value: impl Into<T>) -> Query<'static> {
        self.any().eq(value.into())
    }

    /// Matches records whose field does not equal a value, including records without a value.
    pub fn ne(&self, value: impl Into<T>) -> Query<'static> {
        self.any().ne(value.into())
    }

    /// Matches records whose field is less than a value.
    pub fn lt(&self, value: impl Into<T>) -> Query<'static> {
        self.any().lt(value.into())
    }

    /// Matches records whose field is at most a value.
    pub fn le(&self, value: impl Into<T>) -> Query<'static> {
        self.any().le(value.into())
    }

    /// Matches records whose field is greater than a value.
    pub fn gt(&self, value: impl Into<T>) -> Query<'static> {
        self.any().gt(value.into())
    }

    /// Matches records whose field is at least a value.
    pub fn ge(&self, value: impl Into<T>) -> Query<'static> {
        self.any().ge(value.into())
    }

    /// Matches records whose field equals one of several values.
    pub fn is_in<V: Into<T>>(&self, values: impl IntoIterator<Item = V>) -> Query<'static> {
        self.any().is_in(values.into_iter().map(Into::into))
    }

    /// Matches records whose field equals none of several values, including records without a value.
    pub fn not_in<V: Into<T>>(&self, values: impl IntoIterator<Item = V>) -> Query<'static> {
        self.any().not_in(values.into_iter().map(Into::into))
    }
}

impl TypedField<String> {
    /// Matches records whose field contains a text.
    pub fn contains(&self, text: impl Into<String>) -> Query<'static> {
        self.any().contains(text.into())
    }

    /// Matches records whose field begins with a text.
    pub fn starts_with(&self, text: impl Into<String>) -> Query<'static> {
        self.any().starts_with(text.into())
    }

    /// Matches records whose field ends with a text.
    pub fn ends_with(&self, text: impl Into<String>) -> Query<'static> {
        self.any().ends_with(text.into())
    }
}

impl<T> Clone for TypedField<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for TypedField<T> {}

impl<T> AsRef<str> for TypedField<T> {
    fn as_ref(&self) -> &str {
        self.name
    }
}

impl<T> fmt::Debug for TypedField<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TypedField({})", self.name)
    }
}
