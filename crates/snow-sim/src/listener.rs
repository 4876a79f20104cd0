//! The instance on a loopback socket: HTTP/1.1 with keep-alive, plain or with TLS.

use crate::Simulator;
use http::Request;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

/// An instance that listens. Dropping it closes the socket and every connection.
#[derive(Debug)]
pub struct Listener {
    address: SocketAddr,
    secure: bool,
    task: JoinHandle<()>,
}

impl Listener {
    /// `http://127.0.0.1:PORT`, or `https://localhost:PORT`.
    pub fn url(&self) -> String {
        match self.secure {
            true => format!("https://localhost:{}", self.address.port()),
            false => format!("http://{}", self.address),
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Simulator {
    /// Listens on a free port of 127.0.0.1.
    ///
    /// # Errors
    /// If no socket can be had.
    pub async fn listen(&self) -> io::Result<Listener> {
        self.serve(false, |stream| async move { Ok(stream) }).await
    }

    /// Listens on a free port of 127.0.0.1 with TLS, and a certificate for `localhost` that nobody has signed.
    ///
    /// # Errors
    /// If no socket can be had or no certificate can be made.
    #[cfg(feature = "tls")]
    pub async fn listen_tls(&self) -> io::Result<Listener> {
        let acceptor = tls::acceptor().map_err(io::Error::other)?;
        self.serve(true, move |stream| acceptor.accept(stream)).await
    }

    async fn serve<F, Fut, T>(&self, secure: bool, accept: F) -> io::Result<Listener>
    where
        F: Fn(TcpStream) -> Fut + Send + 'static,
        Fut: Future<Output = io::Result<T>> + Send + 'static,
        T: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = socket.local_addr()?;
        let simulator = self.clone();
        let run = async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = socket.accept().await {
                let stream = accept(stream);
                connections.spawn(connection(simulator.clone(), secure, stream));
                while connections.try_join_next().is_some() {}
            }
        };
        #[expect(clippy::disallowed_methods, reason = "a server has to run by itself; the listener ends it")]
        let task = tokio::spawn(run);
        Ok(Listener { address, secure, task })
    }
}

/// A connection that fails is the client's to notice.
async fn connection<T>(simulator: Simulator, secure: bool, stream: impl Future<Output = io::Result<T>>)
where
    T: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let Ok(stream) = stream.await else { return };
    let service = service_fn(move |request: Request<Incoming>| {
        let simulator = simulator.clone();
        async move {
            let (head, body) = request.into_parts();
            // A body that breaks off is no request: the connection ends without an answer.
            let body = body.collect().await?.to_bytes();
            Ok::<_, hyper::Error>(simulator.answer(&head, &body, secure))
        }
    });
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

#[cfg(feature = "tls")]
mod tls {
    use rustls::ServerConfig;
    use rustls::pki_types::PrivatePkcs8KeyDer;
    use std::sync::Arc;
    use tokio_rustls::TlsAcceptor;

    pub(super) fn acceptor() -> Result<TlsAcceptor, Box<dyn std::error::Error + Send + Sync>> {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
        let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
        let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key.into())?;
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}
