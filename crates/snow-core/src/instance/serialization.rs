//! An instance as one string of a configuration file.

use super::Instance;
use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

impl Serialize for Instance {
    /// Serializes the URL of the instance.
    ///
    /// # Errors
    /// Fails for an instance of [`parse_verbatim`](Instance::parse_verbatim) whose URL [`parse`](Instance::parse) would read as
    /// another one.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let text = self.to_string();
        match Self::parse(&text) {
            Ok(read) if read != *self => Err(S::Error::custom(format!(
                "the instance {text:?} would be deserialized as {read}: serialize its URL as a string, and read it with \
                 Instance::parse_verbatim"
            ))),
            _ => serializer.serialize_str(&text),
        }
    }
}

impl<'de> Deserialize<'de> for Instance {
    /// Deserializes what [`parse`](Instance::parse) takes: a bare name, a host or a URL.
    ///
    /// # Errors
    /// Fails for the text that `parse` refuses. That includes plain `http://` to another machine, even if the instance was serialized
    /// from one of [`parse_insecure`](Instance::parse_insecure).
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(|error| match Self::parse_insecure(&text) {
            Ok(_) => {
                D::Error::custom(format!("{error}: then deserialize a String, and pass it to that function"))
            }
            Err(_) => D::Error::custom(error),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_instance_survives_a_round_trip() {
        for (text, url) in [
            ("dev12345", "https://dev12345.service-now.com"),
            ("support.example.com:8443", "https://support.example.com:8443"),
            ("https://gateway.example.com/snow/api/now/table/incident", "https://gateway.example.com/snow"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ] {
            let instance: Instance = serde_json::from_value(json!(text)).unwrap();
            assert_eq!(instance, Instance::parse(text).unwrap());
            assert_eq!(serde_json::to_value(&instance).unwrap(), json!(url));
            assert_eq!(serde_json::from_value::<Instance>(json!(url)).unwrap(), instance);
        }
        assert_eq!(
            serde_json::from_str::<Instance>(r#""dev\u0031""#).unwrap().to_string(),
            "https://dev1.service-now.com"
        );
    }

    #[test]
    fn plain_http_to_another_machine_is_an_error_that_says_what_to_do() {
        let insecure = Instance::parse_insecure("http://proxy.example.com").unwrap();
        let text = serde_json::to_string(&insecure).unwrap();
        assert_eq!(text, r#""http://proxy.example.com""#);
        let error = serde_json::from_str::<Instance>(&text).unwrap_err().to_string();
        for part in ["plain http", "use https, or Instance::parse_insecure", "deserialize a String"] {
            assert!(error.contains(part), "{part} is not in {error}");
        }
    }

    #[test]
    fn other_text_fails_as_it_does_when_it_is_parsed() {
        let error = serde_json::from_str::<Instance>(r#""x.evil.com#""#).unwrap_err().to_string();
        assert!(error.contains("contains '#'") && !error.contains("deserialize a String"), "{error}");
        assert!(serde_json::from_str::<Instance>("12345").is_err());
    }

    #[test]
    fn an_address_that_would_be_read_as_another_one_is_not_serialized() {
        let issuer = Instance::parse_verbatim("https://login.example.com/api/now/oauth").unwrap();
        let error = serde_json::to_string(&issuer).unwrap_err().to_string();
        assert!(error.contains("deserialized as https://login.example.com:"), "{error}");
        let issuer = Instance::parse_verbatim("https://login.example.com/oauth").unwrap();
        assert_eq!(serde_json::to_string(&issuer).unwrap(), r#""https://login.example.com/oauth""#);
    }
}
