//! The derive macro of snow-client. Use it through that crate, with its feature `derive`.

mod choice_enum;

use proc_macro::TokenStream;

/// Gives an enum the stored values of a choice field: for reading, for writing and in queries.
///
/// Each variant has the value that the service stores, `#[choice("3")]`. One variant may hold a `String` and be `#[choice(other)]`: it
/// is what any other value becomes, so that reading goes on when somebody adds a choice. Without it, another value is an error.
///
/// The enum gets a method `value`, which returns the stored value, and implements `Display`, `FromStr`, `serde::Serialize` and
/// `serde::Deserialize`, and conversions into a `Value` of a query.
///
/// The example is text here, because this crate does not depend on snow-client, where `ChoiceEnum` is documented with tests that run.
///
/// ```text
/// use snow_client::{ChoiceEnum, field};
///
/// #[derive(ChoiceEnum, Clone, Debug, PartialEq)]
/// enum State {
///     #[choice("1")]
///     New,
///     #[choice("2")]
///     InProgress,
///     #[choice(other)]
///     Other(String),
/// }
///
/// let query = field("state").eq(State::InProgress);
/// ```
#[proc_macro_derive(ChoiceEnum, attributes(choice))]
pub fn derive_choice_enum(input: TokenStream) -> TokenStream {
    let expanded = syn::parse(input).and_then(|input| choice_enum::expand(&input));
    expanded.unwrap_or_else(|error| error.to_compile_error()).into()
}
