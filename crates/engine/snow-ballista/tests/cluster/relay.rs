//! Passes on what processes say to each other, and keeps a copy.

use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

#[derive(Clone)]
pub(crate) struct Relay {
    pub(crate) port: String,
    heard: Arc<Mutex<Vec<u8>>>,
}

impl Relay {
    /// Listens on a port of loopback, and connects to another one.
    pub(crate) async fn to(port: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let relay = Self { port: listener.local_addr().unwrap().port().to_string(), heard: Arc::default() };
        let (heard, target) = (relay.heard.clone(), format!("localhost:{port}"));
        tokio::spawn(async move {
            while let Ok((from, _)) = listener.accept().await {
                let to = TcpStream::connect(&target).await.unwrap();
                let ((from_read, from_write), (to_read, to_write)) = (from.into_split(), to.into_split());
                tokio::spawn(pass_on(from_read, to_write, heard.clone()));
                tokio::spawn(pass_on(to_read, from_write, heard.clone()));
            }
        });
        relay
    }

    pub(crate) fn has_heard(&self, text: &str) -> bool {
        let heard = self.heard.lock().unwrap();
        heard.windows(text.len()).any(|window| window == text.as_bytes())
    }
}

async fn pass_on(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, heard: Arc<Mutex<Vec<u8>>>) {
    let mut buffer = vec![0; 16 << 10];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        heard.lock().unwrap().extend_from_slice(&buffer[..length]);
        if to.write_all(&buffer[..length]).await.is_err() {
            return;
        }
    }
}
