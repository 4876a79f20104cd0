//! Modules for `#[serde(with = "…")]`, written once for all crates.

/// Makes a module that reads and writes a foreign type as one of ours.
macro_rules! serde_with {
    ($(#[$doc:meta])* $name:ident: $ours:ty, $theirs:ty) => {
        $(#[$doc])*
        pub mod $name {
            use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};

            /// Writes the value as the service stores it.
            ///
            /// # Errors
            /// An error if it is outside the years 1 to 9999.
            pub fn serialize<S: Serializer>(value: &$theirs, serializer: S) -> Result<S::Ok, S::Error> {
                let ours = <$ours>::try_from(*value).map_err(ser::Error::custom)?;
                ours.serialize(serializer)
            }

            /// Reads a stored value.
            ///
            /// # Errors
            /// An error if the field is empty, or contains a display value.
            pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<$theirs, D::Error> {
                <$theirs>::try_from(<$ours>::deserialize(deserializer)?).map_err(de::Error::custom)
            }

            /// The same for an `Option`, which is `None` for an empty field. A struct that is read from a [`Record`](crate::Record) of
            /// which the field may be missing needs `#[serde(default)]` in addition.
            pub mod option {
                use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};

                /// Writes the value as the service stores it.
                ///
                /// # Errors
                /// An error if it is outside the years 1 to 9999.
                pub fn serialize<S: Serializer>(
                    value: &Option<$theirs>,
                    serializer: S,
                ) -> Result<S::Ok, S::Error> {
                    let ours = value.map(<$ours>::try_from).transpose().map_err(ser::Error::custom)?;
                    ours.serialize(serializer)
                }

                /// Reads a stored value.
                ///
                /// # Errors
                /// An error if the field contains a display value.
                pub fn deserialize<'de, D: Deserializer<'de>>(
                    deserializer: D,
                ) -> Result<Option<$theirs>, D::Error> {
                    let ours = Option::<$ours>::deserialize(deserializer)?;
                    ours.map(<$theirs>::try_from).transpose().map_err(de::Error::custom)
                }
            }
        }
    };
}

pub(super) use serde_with;
