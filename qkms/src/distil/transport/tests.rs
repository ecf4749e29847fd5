use super::*;
use std::{
    io::Cursor,
    net::{TcpListener, TcpStream},
};

/// What was written, after what is to be read.
struct Stream {
    incoming: Cursor<Vec<u8>>,
    written: Vec<u8>,
}

impl Stream {
    fn framed(incoming: &[u8]) -> Framed<Self> {
        Framed::new(Self { incoming: Cursor::new(incoming.to_vec()), written: Vec::new() })
    }
}

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.incoming.read(buffer)
    }
}

impl Write for Stream {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.written.write(buffer)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn exchange(mut a: impl Transport, mut b: impl Transport) {
    a.send(b"one").unwrap();
    a.send(b"").unwrap();
    b.send(&[7; 300_000]).unwrap();
    assert_eq!(*b.receive().unwrap(), b"one");
    assert_eq!(*b.receive().unwrap(), b"");
    assert_eq!(*a.receive().unwrap(), [7; 300_000]);
    drop(a);
    assert!(matches!(b.receive(), Err(TransportError::Closed)));
}

#[test]
fn messages_arrive_whole_and_in_order_within_a_process() {
    let (a, b) = InProcess::pair();
    exchange(a, b);
}

#[test]
fn messages_arrive_whole_and_in_order_over_tcp() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let a = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (b, _) = listener.accept().unwrap();
    exchange(Framed::new(a), Framed::new(b));
}

#[test]
fn a_length_beyond_the_limit_is_refused_before_memory_is_taken() {
    let mut stream = Stream::framed(&u32::MAX.to_be_bytes());
    assert!(matches!(stream.receive(), Err(TransportError::TooLong(4_294_967_295))));
    let (mut a, _b) = InProcess::pair();
    assert!(matches!(a.send(&vec![0; MAX_MESSAGE + 1]), Err(TransportError::TooLong(_))));
    let too_long = Stream::framed(&[]).send(&vec![0; MAX_MESSAGE + 1]);
    assert!(matches!(too_long, Err(TransportError::TooLong(_))));
}

#[test]
fn a_message_that_ends_early_is_a_closed_channel() {
    for cut in [0, 1, 3, 4, 6] {
        let mut stream = Stream::framed(&[0, 0, 0, 3, 1, 2, 3][..cut]);
        assert!(matches!(stream.receive(), Err(TransportError::Closed)), "{cut}");
    }
}
