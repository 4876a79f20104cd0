//! The bodies of requests to any API.

/// The settings of a request with a body.
macro_rules! body_options {
    () => {
        /// Sets a JSON body.
        ///
        /// # Errors
        ///
        /// The call fails before anything is sent, with [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput), if the body cannot be
        /// serialized as JSON.
        pub fn json_body(self, body: &(impl serde::Serialize + ?Sized)) -> Self {
            let body = serde_json::to_vec(body).map_err(|e| {
                crate::Error::new(crate::ErrorKind::InvalidInput, "the body cannot be sent").with_reason(e)
            });
            self.change(|request| Ok(request.with_body(bytes::Bytes::from(body?))))
        }

        /// Sets a body of any type.
        pub fn body(self, content_type: &str, body: impl Into<bytes::Bytes>) -> Self {
            let body = body.into();
            self.change(|request| {
                Ok(request.header(http::header::CONTENT_TYPE.as_str(), content_type)?.with_body(body))
            })
        }
    };
}

pub(super) use body_options;
