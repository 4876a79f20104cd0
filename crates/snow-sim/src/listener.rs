//! The instance on a loopback socket: HTTP/1.1 with keep-alive, plain or with TLS.

mod faulty;
#[cfg(feature = "tls")]
mod tls;

use crate::upload::ReceivedBody;
use crate::{ConnectionFault, Simulator, WireFault};
use faulty::{FaultPlan, FaultyStream};
use http::{HeaderValue, Request, Response, StatusCode, Version, header};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

#[cfg(feature = "tls")]
pub use tls::{ClientCertificate, TlsOptions};

/// An instance that listens. Dropping it closes the socket and every connection.
#[derive(Debug)]
pub struct Listener {
    address: SocketAddr,
    /// The authority that signed the certificate, where there is one.
    authority: Option<String>,
    #[cfg(feature = "tls")]
    client_certificate: Option<ClientCertificate>,
    task: JoinHandle<()>,
}

impl Listener {
    /// Returns `http://127.0.0.1:PORT`, or `https://localhost:PORT`.
    pub fn url(&self) -> String {
        match self.authority {
            Some(_) => format!("https://localhost:{}", self.address.port()),
            None => format!("http://{}", self.address),
        }
    }

    /// Returns the address at which it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the authority that signed the certificate, in PEM: for clients that check it. `None` without TLS.
    pub fn authority_pem(&self) -> Option<&str> {
        self.authority.as_deref()
    }

    /// Returns a certificate for a client, with its key, signed by the listener's authority. `None` without TLS.
    #[cfg(feature = "tls")]
    pub fn client_certificate(&self) -> Option<&ClientCertificate> {
        self.client_certificate.as_ref()
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
    /// If no socket can be opened.
    pub async fn listen(&self) -> io::Result<Listener> {
        self.listen_on((Ipv4Addr::LOCALHOST, 0).into()).await
    }

    /// Listens on an address.
    ///
    /// # Errors
    /// If the address cannot be used, for example because another program listens there.
    pub async fn listen_on(&self, address: SocketAddr) -> io::Result<Listener> {
        self.serve(address, None, |stream, _| async move { Ok(stream) }).await
    }

    /// Listens on a free port of 127.0.0.1 with TLS: a certificate for `localhost` and `*.service-now.com`, signed by an
    /// authority that was made for this listener and that nobody trusts yet.
    ///
    /// # Errors
    /// If no socket can be opened or no certificate can be made.
    #[cfg(feature = "tls")]
    pub async fn listen_tls(&self) -> io::Result<Listener> {
        self.listen_tls_on((Ipv4Addr::LOCALHOST, 0).into()).await
    }

    /// Listens like [`listen_tls`](Self::listen_tls), on an address.
    ///
    /// # Errors
    /// If the address cannot be used or no certificate can be made.
    #[cfg(feature = "tls")]
    pub async fn listen_tls_on(&self, address: SocketAddr) -> io::Result<Listener> {
        self.listen_tls_with(address, TlsOptions::new()).await
    }

    /// Listens like [`listen_tls_on`](Self::listen_tls_on), and asks more, or less, of those who connect.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// use snow_sim::{Simulator, TlsOptions};
    ///
    /// let options = TlsOptions::new().require_client_certificate();
    /// let listener = Simulator::builder().build()?.listen_tls_with(([127, 0, 0, 1], 0).into(), options).await?;
    /// let identity = listener.client_certificate().ok_or("it has one with TLS")?;
    /// assert!(identity.key.starts_with("-----BEGIN PRIVATE KEY-----"));
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// If the address cannot be used or no certificate can be made.
    #[cfg(feature = "tls")]
    pub async fn listen_tls_with(&self, address: SocketAddr, options: TlsOptions) -> io::Result<Listener> {
        let certificates = tls::Certificates::make(options).map_err(io::Error::other)?;
        let (authority, client) = (certificates.authority.clone(), certificates.client.clone());
        let accept = move |stream, fault| certificates.acceptor(fault).accept(stream);
        let mut listener = self.serve(address, Some(authority), accept).await?;
        listener.client_certificate = Some(client);
        Ok(listener)
    }

    async fn serve<F, Fut, T>(
        &self,
        address: SocketAddr,
        authority: Option<String>,
        accept: F,
    ) -> io::Result<Listener>
    where
        F: Fn(TcpStream, Option<ConnectionFault>) -> Fut + Send + 'static,
        Fut: Future<Output = io::Result<T>> + Send + 'static,
        T: faulty::Socket + AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let socket = TcpListener::bind(address).await?;
        let address = socket.local_addr()?;
        let (simulator, secure) = (self.clone(), authority.is_some());
        let run = async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = socket.accept().await {
                let (fault, number) = {
                    let mut state = simulator.lock();
                    state.connections += 1;
                    (state.connection_faults.pop_front(), state.connections)
                };
                match fault {
                    Some(ConnectionFault::Refuse) => faulty::reset(&stream),
                    Some(ConnectionFault::Garbage) => drop(connections.spawn(send_garbage(stream))),
                    fault => {
                        let stream = accept(stream, fault);
                        connections.spawn(serve_connection(simulator.clone(), secure, number, stream));
                    }
                }
                while connections.try_join_next().is_some() {}
            }
        };
        #[expect(clippy::disallowed_methods, reason = "a server has to run by itself; the listener ends it")]
        let task = tokio::spawn(run);
        Ok(Listener {
            address,
            authority,
            #[cfg(feature = "tls")]
            client_certificate: None,
            task,
        })
    }
}

async fn send_garbage(mut stream: TcpStream) {
    let _ = stream.write_all(b"\x00\xffneither TLS nor HTTP\r\n\r\n").await;
}

/// A connection that fails is the client's to notice.
async fn serve_connection<T>(
    simulator: Simulator,
    secure: bool,
    number: u64,
    stream: impl Future<Output = io::Result<T>>,
) where
    T: faulty::Socket + AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let Ok(stream) = stream.await else { return };
    let plan = FaultPlan::default();
    let planned = plan.clone();
    let service = service_fn(move |request: Request<Incoming>| {
        let (simulator, plan) = (simulator.clone(), planned.clone());
        async move {
            if !names_one_host(&request) {
                return Ok(no_host());
            }
            let (head, body) = request.into_parts();
            // A body that breaks off is not a request: the connection ends without a response.
            let settings = simulator.lock().settings.clone();
            let body = ReceivedBody::read(&settings, &head, body).await?;
            let mut response = simulator.respond(head, body, secure, number).await;
            if let Some(fault) = response.extensions_mut().remove::<WireFault>() {
                apply_wire_fault(fault, &mut response, &plan);
            }
            Ok::<_, hyper::Error>(response)
        }
    });
    let stream = TokioIo::new(FaultyStream::new(stream, plan));
    let _ = hyper::server::conn::http1::Builder::new().serve_connection(stream, service).await;
}

/// As HTTP/1.1 wants it of every request (RFC 9112, section 3.2).
fn names_one_host(request: &Request<Incoming>) -> bool {
    request.version() != Version::HTTP_11 || request.headers().get_all(header::HOST).iter().count() == 1
}

/// What the server in front of an instance says to it.
fn no_host() -> Response<crate::Body> {
    let mut response = Response::new(crate::Body::new("a request names one host", 0));
    *response.status_mut() = StatusCode::BAD_REQUEST;
    response
}

fn apply_wire_fault(fault: WireFault, response: &mut Response<crate::Body>, plan: &FaultPlan) {
    let length = match fault {
        // The body ends where it ends; the head says that more comes. The server notices and closes the connection.
        WireFault::LongLength(more) => response.body().len() + more,
        WireFault::ShortLength(fewer) => {
            let mut bytes = std::mem::take(response.body_mut()).bytes();
            let rest = bytes.split_off(bytes.len().saturating_sub(fewer));
            // In one piece it is written before the server flushes, and the rest comes behind it.
            plan.follow_with(rest);
            *response.body_mut() = crate::Body::new(bytes, 0);
            response.body().len()
        }
        fault => return plan.set(fault),
    };
    response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(length));
}
