//! `#[derive(ChoiceEnum)]`.

use proc_macro2::TokenStream;
use quote::quote;
use std::collections::BTreeSet;
use syn::{Data, DeriveInput, Error, Fields, Ident, LitInt, LitStr, Result, Variant};

/// The variants of an enum.
struct Choices {
    /// Each with its stored value.
    listed: Vec<(Ident, String)>,
    /// What any other value becomes.
    other: Option<Ident>,
}

/// What an attribute says of its variant.
enum Attribute {
    Value(String),
    Other,
}

pub(crate) fn expand(input: &DeriveInput) -> Result<TokenStream> {
    let Data::Enum(data) = &input.data else {
        return Err(Error::new_spanned(&input.ident, "ChoiceEnum can be derived for enums only"));
    };
    if !input.generics.params.is_empty() {
        return Err(Error::new_spanned(&input.generics, "an enum of choices has no type parameters"));
    }
    let choices = Choices::of(data.variants.iter())?;
    let name = &input.ident;
    let (value, parse, any_text) = (choices.value(), choices.parse(name), choices.any_text(name));
    Ok(quote! {
        #[automatically_derived]
        impl #name {
            /// Returns the value that the service stores.
            pub fn value(&self) -> &str {
                #value
            }
        }

        #[automatically_derived]
        impl ::core::str::FromStr for #name {
            type Err = ::std::string::String;

            fn from_str(text: &str) -> ::core::result::Result<Self, Self::Err> {
                #parse
            }
        }

        #any_text

        #[automatically_derived]
        impl ::core::fmt::Display for #name {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.write_str(self.value())
            }
        }

        #[automatically_derived]
        impl ::snow_client::__private::serde::Serialize for #name {
            fn serialize<S>(&self, serializer: S) -> ::core::result::Result<S::Ok, S::Error>
            where
                S: ::snow_client::__private::serde::Serializer,
            {
                serializer.serialize_str(self.value())
            }
        }

        #[automatically_derived]
        impl<'de> ::snow_client::__private::serde::Deserialize<'de> for #name {
            fn deserialize<D>(deserializer: D) -> ::core::result::Result<Self, D::Error>
            where
                D: ::snow_client::__private::serde::Deserializer<'de>,
            {
                let text = <::std::string::String as ::snow_client::__private::serde::Deserialize>::deserialize(deserializer)?;
                text.parse().map_err(::snow_client::__private::serde::de::Error::custom)
            }
        }

        #[automatically_derived]
        impl ::core::convert::From<#name> for ::std::string::String {
            fn from(choice: #name) -> Self {
                ::std::string::String::from(choice.value())
            }
        }

        #[automatically_derived]
        impl ::core::convert::From<#name> for ::snow_client::query::Value<'static> {
            fn from(choice: #name) -> Self {
                ::std::string::String::from(choice.value()).into()
            }
        }

        #[automatically_derived]
        impl<'a> ::core::convert::From<&'a #name> for ::snow_client::query::Value<'a> {
            fn from(choice: &'a #name) -> Self {
                choice.value().into()
            }
        }
    })
}

impl Choices {
    fn of<'a>(variants: impl Iterator<Item = &'a Variant>) -> Result<Self> {
        let (mut choices, mut values) = (Self { listed: Vec::new(), other: None }, BTreeSet::new());
        for variant in variants {
            match attribute(variant)? {
                Attribute::Value(value) => {
                    if !matches!(variant.fields, Fields::Unit) {
                        return Err(Error::new_spanned(
                            variant,
                            "a variant with a stored value holds nothing",
                        ));
                    }
                    if !values.insert(value.clone()) {
                        let why = format!("two variants have the stored value {value:?}");
                        return Err(Error::new_spanned(variant, why));
                    }
                    choices.listed.push((variant.ident.clone(), value));
                }
                Attribute::Other => {
                    if !holds_a_string(&variant.fields) {
                        let why = "the variant for other values holds a String: Other(String)";
                        return Err(Error::new_spanned(variant, why));
                    }
                    if choices.other.replace(variant.ident.clone()).is_some() {
                        return Err(Error::new_spanned(variant, "two variants are for other values"));
                    }
                }
            }
        }
        Ok(choices)
    }

    fn value(&self) -> TokenStream {
        let (variants, values): (Vec<_>, Vec<_>) = self.listed.iter().cloned().unzip();
        let other = self.other.iter();
        if self.listed.is_empty() && self.other.is_none() {
            return quote!(match *self {});
        }
        quote! {
            match self {
                #(Self::#variants => #values,)*
                #(Self::#other(value) => value,)*
            }
        }
    }

    /// Any text is a choice only if there is a variant for other values.
    fn any_text(&self, name: &Ident) -> Option<TokenStream> {
        let other = self.other.as_ref()?;
        let (variants, values): (Vec<_>, Vec<_>) = self.listed.iter().cloned().unzip();
        Some(quote! {
            #[automatically_derived]
            impl ::core::convert::From<::std::string::String> for #name {
                fn from(text: ::std::string::String) -> Self {
                    match text.as_str() {
                        #(#values => Self::#variants,)*
                        _ => Self::#other(text),
                    }
                }
            }
        })
    }

    fn parse(&self, name: &Ident) -> TokenStream {
        let (variants, values): (Vec<_>, Vec<_>) = self.listed.iter().cloned().unzip();
        let rest = match &self.other {
            Some(other) => {
                quote!(_ => ::core::result::Result::Ok(Self::#other(::std::string::String::from(text))),)
            }
            None => {
                let empty = format!("it is empty: use Option<{name}>");
                let list = values.iter().map(|value| format!("{value:?}")).collect::<Vec<_>>().join(", ");
                let unknown = format!("is not a choice of {name}, whose values are {list}");
                quote! {
                    "" => ::core::result::Result::Err(::std::string::String::from(#empty)),
                    _ => ::core::result::Result::Err(::std::format!("{text:?} {}", #unknown)),
                }
            }
        };
        quote! {
            match text {
                #(#values => ::core::result::Result::Ok(Self::#variants),)*
                #rest
            }
        }
    }
}

/// Reads `#[choice("1")]`, `#[choice(1)]` or `#[choice(other)]`.
fn attribute(variant: &Variant) -> Result<Attribute> {
    let mut attributes = variant.attrs.iter().filter(|attribute| attribute.path().is_ident("choice"));
    let (Some(attribute), None) = (attributes.next(), attributes.next()) else {
        let why = "each variant has one attribute: #[choice(\"stored value\")], or #[choice(other)]";
        return Err(Error::new_spanned(variant, why));
    };
    attribute.parse_args_with(|input: syn::parse::ParseStream<'_>| {
        if input.peek(LitStr) {
            return input.parse::<LitStr>().map(|text| Attribute::Value(text.value()));
        }
        if input.peek(LitInt) {
            return input.parse::<LitInt>().map(|number| Attribute::Value(number.base10_digits().to_owned()));
        }
        let word: Ident = input.parse()?;
        match word == "other" {
            true => Ok(Attribute::Other),
            false => Err(Error::new_spanned(word, "expected a stored value in quotes, or `other`")),
        }
    })
}

fn holds_a_string(fields: &Fields) -> bool {
    let Fields::Unnamed(fields) = fields else { return false };
    let syn::Type::Path(path) = (match fields.unnamed.first() {
        Some(field) if fields.unnamed.len() == 1 => &field.ty,
        _ => return false,
    }) else {
        return false;
    };
    path.path.segments.last().is_some_and(|segment| segment.ident == "String")
}

#[cfg(test)]
mod tests {
    use super::expand;

    #[test]
    fn what_cannot_be_derived_is_refused_with_the_reason() {
        for (code, why) in [
            ("struct S;", "for enums only"),
            ("enum E<T> { #[choice(\"1\")] A, #[choice(other)] B(T) }", "no type parameters"),
            ("enum E { A }", "each variant has one attribute"),
            ("enum E { #[choice(\"1\")] #[choice(\"2\")] A }", "each variant has one attribute"),
            ("enum E { #[choice(\"1\")] A, #[choice(1)] B }", "two variants have the stored value \"1\""),
            ("enum E { #[choice(\"1\")] A(String) }", "holds nothing"),
            ("enum E { #[choice(other)] A }", "holds a String"),
            ("enum E { #[choice(other)] A(u8) }", "holds a String"),
            (
                "enum E { #[choice(other)] A(String), #[choice(other)] B(String) }",
                "two variants are for other",
            ),
            ("enum E { #[choice(rest)] A(String) }", "expected a stored value in quotes, or `other`"),
            ("enum E { #[choice] A }", "expected"),
        ] {
            let error = expand(&syn::parse_str(code).unwrap()).unwrap_err().to_string();
            assert!(error.contains(why), "{code}: {error}");
        }
    }
}
