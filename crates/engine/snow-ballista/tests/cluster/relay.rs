//! Passes on what processes say to each other, and keeps a copy.

use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};

#[derive(Clone, Default)]
pub(crate) struct Relay {
    heard: Arc<Mutex<Vec<u8>>>,
}

impl Relay {
    /// Listens on a free port of a host, and connects to the target that belongs to this port. Returns the port.
    pub(crate) async fn listen(&self, host: &str, target: impl FnOnce(u16) -> String) -> u16 {
        let listener = TcpListener::bind((host, 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (heard, target) = (self.heard.clone(), target(port));
        tokio::spawn(async move {
            while let Ok((from, _)) = listener.accept().await {
                // A process that has ended accepts nothing: whoever connected to it then sees a closed connection.
                let Ok(to) = TcpStream::connect(&target).await else { continue };
                let ((from_read, from_write), (to_read, to_write)) = (from.into_split(), to.into_split());
                tokio::spawn(pass_on(from_read, to_write, heard.clone()));
                tokio::spawn(pass_on(to_read, from_write, heard.clone()));
            }
        });
        port
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
