//! A field whose values have a type: what generated code names its columns by.

use crate::{Query, field};
use snow_core::query::{FieldPath, Value};
use std::fmt;
use std::marker::PhantomData;

/// A column that is compared only with what it can hold. Generated code has one for each column; see
/// [`Schema::generate`](crate::Schema::generate).
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
    /// By its name, or a dot-walk.
    pub const fn new(name: &'static str) -> Self {
        Self { name, of: PhantomData }
    }

    /// Its name.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The same without a type, for every other condition.
    pub fn any(&self) -> FieldPath<'static> {
        field(self.name)
    }

    /// Has no value.
    pub fn is_empty(&self) -> Query<'static> {
        self.any().is_empty()
    }

    /// Has a value.
    pub fn is_not_empty(&self) -> Query<'static> {
        self.any().is_not_empty()
    }
}

impl<T: Into<Value<'static>>> TypedField<T> {
    /// Equal to a value.
    pub fn eq(&self, value: impl Into<T>) -> Query<'static> {
        self.any().eq(value.into())
    }

    /// Not equal to a value; rows without any are found too.
    pub fn ne(&self, value: impl Into<T>) -> Query<'static> {
        self.any().ne(value.into())
    }

    /// Less than a value.
    pub fn lt(&self, value: impl Into<T>) -> Query<'static> {
        self.any().lt(value.into())
    }

    /// At most a value.
    pub fn le(&self, value: impl Into<T>) -> Query<'static> {
        self.any().le(value.into())
    }

    /// Greater than a value.
    pub fn gt(&self, value: impl Into<T>) -> Query<'static> {
        self.any().gt(value.into())
    }

    /// At least a value.
    pub fn ge(&self, value: impl Into<T>) -> Query<'static> {
        self.any().ge(value.into())
    }

    /// One of several values.
    pub fn is_in<V: Into<T>>(&self, values: impl IntoIterator<Item = V>) -> Query<'static> {
        self.any().is_in(values.into_iter().map(Into::into))
    }

    /// None of several values; rows without any are found too.
    pub fn not_in<V: Into<T>>(&self, values: impl IntoIterator<Item = V>) -> Query<'static> {
        self.any().not_in(values.into_iter().map(Into::into))
    }
}

impl TypedField<String> {
    /// Has a text in it.
    pub fn contains(&self, text: impl Into<String>) -> Query<'static> {
        self.any().contains(text.into())
    }

    /// Begins with a text.
    pub fn starts_with(&self, text: impl Into<String>) -> Query<'static> {
        self.any().starts_with(text.into())
    }

    /// Ends with a text.
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
