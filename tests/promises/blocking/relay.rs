//! A way to the simulator on which connections can be closed, as load balancers close those that are idle.

use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

pub(super) struct Relay {
    pub(super) url: String,
    connections: Arc<Mutex<Vec<TcpStream>>>,
}

impl Relay {
    /// Passes everything on to the server at this address.
    pub(super) fn to(server: &str) -> Self {
        let server = server.trim_start_matches("http://").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let connections = Arc::<Mutex<Vec<TcpStream>>>::default();
        let open = connections.clone();
        std::thread::spawn(move || {
            for near in listener.incoming().map(Result::unwrap) {
                let far = TcpStream::connect(&server).unwrap();
                open.lock().unwrap().push(near.try_clone().unwrap());
                pass_on(near.try_clone().unwrap(), far.try_clone().unwrap());
                pass_on(far, near);
            }
        });
        Self { url, connections }
    }

    /// Closes all connections, and returns how many there were. The client's machine knows of it when this returns.
    pub(super) fn close_connections(&self) -> usize {
        let connections = std::mem::take(&mut *self.connections.lock().unwrap());
        connections.iter().for_each(|connection| drop(connection.shutdown(Shutdown::Both)));
        connections.len()
    }
}

fn pass_on(mut from: TcpStream, mut to: TcpStream) {
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Both);
    });
}
