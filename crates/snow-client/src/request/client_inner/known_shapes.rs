//! What is known about records that were read before: the fields that a type reads, and the shape of the last record of a table.
//! It is kept here because programs often create a [`Table`](crate::Table) for each call.

use crate::request::api_request::ApiRequest;
use crate::request::missing_fields::{FieldCheck, TypeFields};
use snow_core::decode::LastShape;
use snow_core::{Error, Record};
use std::any::TypeId;
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

/// How many pairs of type and table are remembered. Those after them are found anew for each [`Table`](crate::Table).
const MAX_SHAPES: usize = 1_024;

/// The shape of the records of one table that are read as one type.
#[derive(Clone, Debug)]
pub(crate) struct RecordShape {
    pub(crate) type_fields: TypeFields,
    /// The names of the last record's fields, which the next record usually shares.
    pub(crate) last_shape: Arc<LastShape>,
}

impl RecordShape {
    pub(crate) fn new(type_fields: TypeFields) -> Self {
        Self { type_fields, last_shape: Arc::default() }
    }

    /// Fails if a record lacks fields that were asked for and that the caller cannot do without.
    pub(crate) fn require_fields(&self, record: &Record, request: &ApiRequest) -> Result<(), Error> {
        let asked = request.params.shape.fields.as_deref();
        let named = asked.or(self.type_fields.names());
        if named.is_none_or(|fields| self.last_shape.has_all(record, fields)) {
            return Ok(());
        }
        let mut check = FieldCheck::new(asked, &self.type_fields, request.requires_fields);
        check.see(record);
        check.verify()
    }
}

/// The shapes that a client has seen.
#[derive(Default)]
pub(crate) struct KnownShapes(RwLock<ShapesByType>);

#[derive(Default)]
struct ShapesByType {
    shapes: HashMap<TypeId, HashMap<Box<str>, RecordShape>>,
    count: usize,
}

impl KnownShapes {
    /// Returns the shape of this type's records in a table, or remembers a new one.
    pub(crate) fn find<T: 'static>(&self, table: &str, new: impl FnOnce() -> TypeFields) -> RecordShape {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let tables = known.shapes.get(&TypeId::of::<T>());
        if let Some(shape) = tables.and_then(|tables| tables.get(table)) {
            return shape.clone();
        }
        drop(known);
        let shape = RecordShape::new(new());
        self.remember::<T>(table, shape)
    }

    /// Remembers a shape, unless another call was first or there are too many.
    fn remember<T: 'static>(&self, table: &str, shape: RecordShape) -> RecordShape {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let ShapesByType { shapes, count } = &mut *known;
        let tables = shapes.entry(TypeId::of::<T>()).or_default();
        if let Some(first) = tables.get(table) {
            return first.clone();
        }
        if *count < MAX_SHAPES {
            *count = count.saturating_add(1);
            tables.insert(table.into(), shape.clone());
        }
        shape
    }
}

impl fmt::Debug for KnownShapes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        write!(f, "KnownShapes({})", known.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_shapes_are_remembered_as_the_limit_allows() {
        let known = KnownShapes::default();
        let find = |table: usize| known.find::<u8>(&table.to_string(), || TypeFields::Dynamic).last_shape;
        let (first, last) = (find(0), find(MAX_SHAPES - 1));
        (0..MAX_SHAPES * 2).for_each(|table| drop(find(table)));
        assert!(Arc::ptr_eq(&first, &find(0)) && Arc::ptr_eq(&last, &find(MAX_SHAPES - 1)));
        assert!(!Arc::ptr_eq(&find(MAX_SHAPES * 2), &find(MAX_SHAPES * 2)), "one more is not remembered");
        let other_type = known.find::<u16>("0", || TypeFields::Dynamic).last_shape;
        assert!(!Arc::ptr_eq(&first, &other_type), "a type has shapes of its own");
    }
}
