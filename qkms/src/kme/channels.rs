//! The channels of a link's blocks: within a process, or over TCP.
//!
//! TCP carries them in the clear: the classical channel is public and authenticated by its tags,
//! and the other one stands for the fibre. Bob's end listens on an address for each; a connection
//! begins with the number of its block, eight bytes, big-endian.

use std::{
    collections::BTreeMap,
    io::{self, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Condvar, Mutex, PoisonError, mpsc},
    thread,
    time::{Duration, Instant},
};

use crate::distil::{Framed, InProcess, Transport};

/// How long an end waits for the other to open a block's channels, or to send a message.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long a connection may take to name its block.
const GREETING: Duration = Duration::from_secs(2);

/// The two channels of one block.
pub struct Opened {
    /// Stands for the fibre: from Alice's end to Bob's only.
    pub quantum: Box<dyn Transport + Send>,
    /// The classical channel.
    pub classical: Box<dyn Transport + Send>,
}

/// Opens the channels of a block at one end. Blocks until the other end opens them too.
pub trait Channels: Send + 'static {
    /// Opens the channels of block `block`.
    ///
    /// # Errors
    ///
    /// The other end does not, in time.
    fn open(&mut self, block: u64) -> io::Result<Opened>;
}

/// Where the two ends of a link within one process meet; clones share it.
#[derive(Clone, Default)]
pub struct Meeting(Arc<(Mutex<BTreeMap<u64, Opened>>, Condvar)>);

/// Alice's end of a [`Meeting`].
pub struct Here(pub Meeting);

/// Bob's end of a [`Meeting`].
pub struct There(pub Meeting);

impl Channels for Here {
    fn open(&mut self, block: u64) -> io::Result<Opened> {
        let ((quantum, their_quantum), (classical, their_classical)) =
            (InProcess::pair(), InProcess::pair());
        let theirs =
            Opened { quantum: Box::new(their_quantum), classical: Box::new(their_classical) };
        let (blocks, news) = &*self.0.0;
        let mut blocks = blocks.lock().unwrap_or_else(PoisonError::into_inner);
        // What Bob's end did not come for, it will not any more.
        blocks.clear();
        blocks.insert(block, theirs);
        news.notify_all();
        Ok(Opened { quantum: Box::new(quantum), classical: Box::new(classical) })
    }
}

impl Channels for There {
    fn open(&mut self, block: u64) -> io::Result<Opened> {
        let (blocks, news) = &*self.0.0;
        let blocks = blocks.lock().unwrap_or_else(PoisonError::into_inner);
        let absent = |blocks: &mut BTreeMap<u64, Opened>| !blocks.contains_key(&block);
        let (mut blocks, _) = news
            .wait_timeout_while(blocks, PATIENCE, absent)
            .unwrap_or_else(PoisonError::into_inner);
        blocks.remove(&block).ok_or_else(|| io::ErrorKind::TimedOut.into())
    }
}

/// Alice's end over TCP: connects to Bob's addresses.
pub struct Dial {
    /// Where Bob's end listens for what the fibre carries.
    pub quantum: SocketAddr,
    /// Where it listens for classical messages.
    pub classical: SocketAddr,
}

impl Channels for Dial {
    fn open(&mut self, block: u64) -> io::Result<Opened> {
        let dial = |address| -> io::Result<Box<Framed<TcpStream>>> {
            let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
            prepare(&stream)?;
            stream.write_all(&block.to_be_bytes())?;
            Ok(Box::new(Framed::new(stream)))
        };
        Ok(Opened { quantum: dial(self.quantum)?, classical: dial(self.classical)? })
    }
}

/// Bob's end over TCP.
pub struct Listen {
    quantum: Arrivals,
    classical: Arrivals,
}

impl Listen {
    /// Listens on both addresses from now on.
    ///
    /// # Errors
    ///
    /// An address that cannot be listened on.
    pub fn bind(quantum: SocketAddr, classical: SocketAddr) -> io::Result<Self> {
        Ok(Self { quantum: Arrivals::bind(quantum)?, classical: Arrivals::bind(classical)? })
    }
}

impl Channels for Listen {
    fn open(&mut self, block: u64) -> io::Result<Opened> {
        let until = Instant::now() + PATIENCE;
        let quantum = self.quantum.next(block, until)?;
        let classical = self.classical.next(block, until)?;
        Ok(Opened {
            quantum: Box::new(Framed::new(quantum)),
            classical: Box::new(Framed::new(classical)),
        })
    }
}

/// Connections as they arrive, each with its block.
struct Arrivals(mpsc::Receiver<(u64, TcpStream)>);

impl Arrivals {
    fn bind(address: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        // One that waits is enough: blocks are made one after the other.
        let (arrived, arrivals) = mpsc::sync_channel(1);
        let accept = move || {
            for stream in listener.incoming() {
                match stream.and_then(greeted) {
                    Ok(greeted) => {
                        if arrived.send(greeted).is_err() {
                            return;
                        }
                    }
                    Err(error) => tracing::debug!(%error, "a channel was not opened"),
                }
            }
        };
        thread::Builder::new().name("channel".into()).spawn(accept)?;
        Ok(Self(arrivals))
    }

    /// The connection of a block; those of others are closed.
    fn next(&self, block: u64, until: Instant) -> io::Result<TcpStream> {
        loop {
            let wait = until.saturating_duration_since(Instant::now());
            match self.0.recv_timeout(wait) {
                Ok((number, stream)) if number == block => return Ok(stream),
                Ok(_) => {}
                Err(_) => return Err(io::ErrorKind::TimedOut.into()),
            }
        }
    }
}

fn greeted(mut stream: TcpStream) -> io::Result<(u64, TcpStream)> {
    stream.set_read_timeout(Some(GREETING))?;
    let mut number = [0; 8];
    stream.read_exact(&mut number)?;
    prepare(&stream)?;
    Ok((u64::from_be_bytes(number), stream))
}

fn prepare(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))
}
