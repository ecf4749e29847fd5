//! How messages reach the other party: whole, in order, and unprotected. What protects them is
//! [`Channel`](super::Channel).
//!
//! What stands for the fibre carries Bob's raw string. So every buffer here is wiped, one that was
//! outgrown as well; what the operating system keeps of a socket is its own.

use std::{
    io::{self, Read, Write},
    sync::mpsc,
};

use zeroize::Zeroizing;

/// Longest message that is sent or received, in bytes. 10^7 detections take 20 MB.
pub const MAX_MESSAGE: usize = 64 << 20;

/// Bytes of a message for which memory is taken before the first of them has come.
const FIRST: usize = 1 << 16;

/// A blocking byte-message transport between two parties. Timeouts are the implementation's.
pub trait Transport {
    /// Sends one message of at most [`MAX_MESSAGE`] bytes.
    fn send(&mut self, message: &[u8]) -> Result<(), TransportError>;
    /// Waits for the next message. Wiped on drop.
    fn receive(&mut self) -> Result<Zeroizing<Vec<u8>>, TransportError>;
}

/// Why no message came or went.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// The other party is gone.
    #[error("the peer closed the channel")]
    Closed,
    /// A message longer than [`MAX_MESSAGE`].
    #[error("a message of {0} bytes is longer than allowed")]
    TooLong(usize),
    /// The stream below failed, or did not answer in time.
    #[error("the classical channel failed: {0}")]
    Io(#[from] io::Error),
}

/// One end of a transport within a process.
pub struct InProcess {
    outgoing: mpsc::Sender<Zeroizing<Vec<u8>>>,
    incoming: mpsc::Receiver<Zeroizing<Vec<u8>>>,
}

impl InProcess {
    /// Two connected ends.
    pub fn pair() -> (Self, Self) {
        let (to_b, from_a) = mpsc::channel();
        let (to_a, from_b) = mpsc::channel();
        (Self { outgoing: to_b, incoming: from_b }, Self { outgoing: to_a, incoming: from_a })
    }
}

impl Transport for InProcess {
    fn send(&mut self, message: &[u8]) -> Result<(), TransportError> {
        check_length(message.len())?;
        self.outgoing.send(message.to_vec().into()).map_err(|_| TransportError::Closed)
    }

    fn receive(&mut self) -> Result<Zeroizing<Vec<u8>>, TransportError> {
        self.incoming.recv().map_err(|_| TransportError::Closed)
    }
}

/// Messages over a byte stream, each after its length as 4 bytes, big-endian.
pub struct Framed<S> {
    stream: S,
}

impl<S: Read + Write> Framed<S> {
    /// Frames `stream`. For TCP set `TCP_NODELAY` and read and write timeouts first: the parties
    /// exchange short messages in turns.
    pub fn new(stream: S) -> Self {
        Self { stream }
    }
}

impl<S: Read + Write> Transport for Framed<S> {
    fn send(&mut self, message: &[u8]) -> Result<(), TransportError> {
        check_length(message.len())?;
        let length = u32::try_from(message.len());
        let length = length.map_err(|_| TransportError::TooLong(message.len()))?;
        // As long as it will be: it never moves and leaves a copy behind.
        let mut frame = Zeroizing::new(Vec::with_capacity(4 + message.len()));
        frame.extend_from_slice(&length.to_be_bytes());
        frame.extend_from_slice(message);
        self.stream.write_all(&frame)?;
        Ok(self.stream.flush()?)
    }

    fn receive(&mut self) -> Result<Zeroizing<Vec<u8>>, TransportError> {
        let mut length = [0; 4];
        self.stream.read_exact(&mut length).map_err(closed)?;
        let length = u32::from_be_bytes(length) as usize;
        check_length(length)?;
        // Memory follows what has arrived, not what the length promises.
        let mut message = Zeroizing::new(vec![0; length.min(FIRST)]);
        let mut filled = 0;
        while filled < length {
            if filled == message.len() {
                let mut larger = Zeroizing::new(vec![0; (2 * filled).min(length)]);
                larger[..filled].copy_from_slice(&message);
                message = larger;
            }
            match self.stream.read(&mut message[filled..]) {
                Ok(0) => return Err(TransportError::Closed),
                Ok(read) => filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(message)
    }
}

fn check_length(length: usize) -> Result<(), TransportError> {
    if length > MAX_MESSAGE { Err(TransportError::TooLong(length)) } else { Ok(()) }
}

fn closed(error: io::Error) -> TransportError {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => TransportError::Closed,
        _ => TransportError::Io(error),
    }
}

#[cfg(test)]
mod tests;
