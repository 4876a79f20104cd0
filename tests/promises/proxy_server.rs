//! A small HTTP and SOCKS 5 proxy that leads every tunnel to one address and records what it was asked.

use base64::Engine;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What a proxy does with those who connect.
#[derive(Clone)]
pub(crate) enum Manner {
    /// HTTP: a tunnel for whoever brings these credentials, or for anybody.
    Http(Option<(&'static str, &'static str)>),
    /// SOCKS 5: the same.
    Socks(Option<(&'static str, &'static str)>),
    /// SOCKS 5: this reply in place of a tunnel.
    SocksReply(u8),
    /// The same bytes for everybody.
    Says(&'static str),
}

pub(crate) struct ProxyServer {
    pub(crate) address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl ProxyServer {
    /// Every tunnel leads to `to`, whatever host was asked for.
    pub(crate) async fn start(manner: Manner, to: SocketAddr) -> Self {
        Self::start_tls(manner, to, None).await
    }

    /// The same, spoken to over TLS where there is a configuration for it.
    pub(crate) async fn start_tls(
        manner: Manner,
        to: SocketAddr,
        tls: Option<Arc<rustls::ServerConfig>>,
    ) -> Self {
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, asked) = (socket.local_addr().unwrap(), Arc::<Mutex<Vec<String>>>::default());
        let noted = asked.clone();
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = socket.accept().await {
                let (manner, noted, tls) = (manner.clone(), noted.clone(), tls.clone());
                tokio::spawn(async move {
                    match tls {
                        Some(tls) => {
                            let accepted = tokio_rustls::TlsAcceptor::from(tls).accept(stream).await;
                            serve(&manner, accepted?, to, &noted).await
                        }
                        None => serve(&manner, stream, to, &noted).await,
                    }
                });
            }
        });
        Self { address, asked, task }
    }

    /// What it was asked, in order: for HTTP the request line, for SOCKS host and port.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.heads().iter().filter_map(|head| head.lines().next()).map(str::to_owned).collect()
    }

    /// The same, with all headers.
    pub(crate) fn heads(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

impl Drop for ProxyServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(
    manner: &Manner,
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    to: SocketAddr,
    asked: &Mutex<Vec<String>>,
) -> std::io::Result<()> {
    let open = match manner {
        Manner::Http(login) => http(&mut stream, *login, asked).await?,
        Manner::Socks(login) => socks(&mut stream, *login, 0, asked).await?,
        Manner::SocksReply(reply) => socks(&mut stream, None, *reply, asked).await?,
        Manner::Says(bytes) => {
            stream.read_u8().await?;
            stream.write_all(bytes.as_bytes()).await?;
            false
        }
    };
    if open {
        copy_bidirectional(&mut stream, &mut TcpStream::connect(to).await?).await?;
    }
    stream.shutdown().await
}

async fn http(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    login: Option<(&str, &str)>,
    asked: &Mutex<Vec<String>>,
) -> std::io::Result<bool> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    let head = String::from_utf8(head).unwrap();
    asked.lock().unwrap().push(head.clone());
    let expected = login.map(|(user, password)| {
        let encoded = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
        format!("Proxy-Authorization: Basic {encoded}\r\n")
    });
    let open = expected.is_none_or(|expected| head.contains(&expected));
    let answer = if open {
        "HTTP/1.1 200 Connection established\r\nVia: test\r\n\r\n"
    } else {
        "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=x\r\nContent-Length: 4\r\n\r\nnope"
    };
    stream.write_all(answer.as_bytes()).await?;
    Ok(open)
}

/// RFC 1928 and 1929.
async fn socks(
    stream: &mut (impl AsyncRead + AsyncWrite + Unpin),
    login: Option<(&str, &str)>,
    reply: u8,
    asked: &Mutex<Vec<String>>,
) -> std::io::Result<bool> {
    assert_eq!(stream.read_u8().await?, 5);
    let methods = short(stream).await?;
    let method = if login.is_some() { 2 } else { 0 };
    if !methods.contains(&method) {
        stream.write_all(&[5, 0xff]).await?;
        return Ok(false);
    }
    stream.write_all(&[5, method]).await?;
    if let Some((user, password)) = login {
        assert_eq!(stream.read_u8().await?, 1);
        let given = (short(stream).await?, short(stream).await?);
        let good = given == (user.into(), password.into());
        stream.write_all(&[1, u8::from(!good)]).await?;
        if !good {
            return Ok(false);
        }
    }
    let mut command = [0; 4];
    stream.read_exact(&mut command).await?;
    assert_eq!(command, [5, 1, 0, 3], "a connection to a host by its name");
    let host = String::from_utf8(short(stream).await?).unwrap();
    let port = stream.read_u16().await?;
    asked.lock().unwrap().push(format!("{host}:{port}"));
    stream.write_all(&[5, reply, 0, 1, 0, 0, 0, 0, 0, 0]).await?;
    Ok(reply == 0)
}

/// Bytes behind their number.
async fn short(stream: &mut (impl AsyncRead + Unpin)) -> std::io::Result<Vec<u8>> {
    let mut bytes = vec![0; stream.read_u8().await?.into()];
    stream.read_exact(&mut bytes).await?;
    Ok(bytes)
}
