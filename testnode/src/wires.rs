//! What connects the nodes of the two halves, and can be cut.

use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
};

/// Wires that are cut and healed together.
pub struct Wires {
    cut: watch::Sender<bool>,
}

impl Default for Wires {
    fn default() -> Self {
        Self::new()
    }
}

impl Wires {
    /// No wire yet.
    #[must_use]
    pub fn new() -> Self {
        Self { cut: watch::Sender::new(false) }
    }

    /// Lays one: whoever connects to the port that it gives, speaks with `port`.
    pub async fn lay(&self, port: u16) -> u16 {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let near_port = listener.local_addr().expect("bound").port();
        let cut = self.cut.subscribe();
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                tokio::spawn(carry(near, port, cut.clone()));
            }
        });
        near_port
    }

    /// Ends all connections, and lets nobody connect.
    pub fn cut(&self) {
        self.cut.send_replace(true);
    }

    /// Lets them connect again.
    pub fn heal(&self) {
        self.cut.send_replace(false);
    }
}

/// Carries what two nodes say until one of them, or the wire, ends the connection.
async fn carry(mut near: TcpStream, port: u16, mut cut: watch::Receiver<bool>) {
    if *cut.borrow() {
        return;
    }
    let Ok(mut far) = TcpStream::connect(("127.0.0.1", port)).await else {
        return;
    };
    tokio::select! {
        _ = copy_bidirectional(&mut near, &mut far) => {}
        _ = cut.wait_for(|cut| *cut) => {}
    }
}
