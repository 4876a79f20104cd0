//! A list of terms that allocates only when it grows long.

use super::Expr;
use arrayvec::ArrayVec;
use std::ops::{Deref, DerefMut};

/// As many as most queries have.
const FEW: usize = 6;

/// Takes no memory of its own for a few terms. (`SmallVec` would do, but is invariant in its lifetime: a query of text that
/// lives for ever could then not be combined with one that borrows.)
#[derive(Clone)]
#[expect(clippy::large_enum_variant, reason = "the large one is the usual one, and what this is for")]
pub(super) enum Terms<'a> {
    One(Expr<'a>),
    Few(ArrayVec<Expr<'a>, FEW>),
    Many(Vec<Expr<'a>>),
}

impl<'a> Terms<'a> {
    /// Two terms, made where they stay.
    #[inline]
    pub(super) fn pair(first: Expr<'a>, second: Expr<'a>) -> Self {
        let mut terms = Self::default();
        if let Self::Few(few) = &mut terms {
            few.push(first);
            few.push(second);
        }
        terms
    }

    #[inline]
    pub(super) fn push(&mut self, expr: Expr<'a>) {
        match self {
            Self::Few(few) => {
                if let Err(full) = few.try_push(expr) {
                    self.spill(full.element());
                }
            }
            Self::One(_) => {
                if let Self::One(first) = std::mem::take(self) {
                    self.push(first);
                }
                self.push(expr);
            }
            Self::Many(many) => many.push(expr),
        }
    }

    #[cold]
    fn spill(&mut self, expr: Expr<'a>) {
        let mut many = Vec::with_capacity(2 * FEW);
        many.extend(std::mem::take(self).into_vec());
        many.push(expr);
        *self = Self::Many(many);
    }

    pub(super) fn into_vec(self) -> Vec<Expr<'a>> {
        match self {
            Self::One(one) => vec![one],
            Self::Few(few) => few.into_iter().collect(),
            Self::Many(many) => many,
        }
    }
}

impl Default for Terms<'_> {
    fn default() -> Self {
        Self::Few(ArrayVec::new_const())
    }
}

impl<'a> Deref for Terms<'a> {
    type Target = [Expr<'a>];

    fn deref(&self) -> &[Expr<'a>] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Few(few) => few,
            Self::Many(many) => many,
        }
    }
}

impl DerefMut for Terms<'_> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        match self {
            Self::One(one) => std::slice::from_mut(one),
            Self::Few(few) => few,
            Self::Many(many) => many,
        }
    }
}

impl PartialEq for Terms<'_> {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl<'a> FromIterator<Expr<'a>> for Terms<'a> {
    fn from_iter<I: IntoIterator<Item = Expr<'a>>>(exprs: I) -> Self {
        exprs.into_iter().fold(Self::default(), |mut terms, expr| {
            terms.push(expr);
            terms
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::field;

    #[test]
    fn long_ones_keep_every_term_in_order() {
        for count in [0, 1, 2, 6, 7, 8, 20] {
            let query = super::super::Query::all((0..count).map(|n| field("a").eq(n)));
            let wanted: Vec<String> = (0..count).map(|n| format!("a={n}")).collect();
            assert_eq!(query.encode().unwrap(), wanted.join("^"));
            assert_eq!(query.clone().and(query.clone()).terms.len(), 2 * query.terms.len());
        }
    }
}
