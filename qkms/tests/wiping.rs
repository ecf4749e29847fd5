//! No buffer of a transport is given back to the allocator with what it carried.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    io::{self, Read, Write},
    sync::atomic::{AtomicUsize, Ordering},
};

use qkms::distil::{Framed, InProcess, Transport, TransportError};
use zeroize::Zeroizing;

/// What a raw string looks like here.
const RAW: [u8; 16] = [
    0xa7, 0x31, 0x5c, 0xe9, 0x02, 0x8d, 0x76, 0xbb, 0x1e, 0xd4, 0x60, 0x93, 0xf8, 0x2a, 0x45, 0xcf,
];

/// Buffers in which it stood when they were freed or moved.
static LEFT: AtomicUsize = AtomicUsize::new(0);

/// The system's allocator; looks at what is given back to it.
struct Looking;

impl Looking {
    /// # Safety
    ///
    /// As for [`GlobalAlloc::dealloc`]. What a vector has never written is not initialized: this looks
    /// at buffers that the test writes from their begin, and there at the first page.
    #[allow(unsafe_code)]
    unsafe fn look(pointer: *mut u8, layout: Layout) {
        if layout.size() < SMALLEST {
            return;
        }
        // SAFETY: the caller owns `layout.size()` bytes, and `SMALLEST` of them are looked at.
        let bytes = unsafe { std::slice::from_raw_parts(pointer, SMALLEST) };
        if bytes.windows(RAW.len()).any(|window| window == RAW) {
            LEFT.fetch_add(1, Ordering::SeqCst);
        }
    }
}

/// Bytes of the smallest buffer that is looked at, and how far.
const SMALLEST: usize = 1 << 12;

#[allow(unsafe_code)]
// SAFETY: everything is the system's allocator's.
unsafe impl GlobalAlloc for Looking {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's. Zeroed, so that all of it may be looked at.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's.
        unsafe {
            Self::look(pointer, layout);
            System.dealloc(pointer, layout);
        }
    }
}

#[global_allocator]
static ALLOCATOR: Looking = Looking;

/// Gives what was written, some bytes at a time.
#[derive(Default)]
struct Loop {
    bytes: Zeroizing<Vec<u8>>,
    read: usize,
}

impl Read for Loop {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let some = buffer.len().min(1000);
        let read = (&self.bytes[self.read..]).read(&mut buffer[..some])?;
        self.read += read;
        Ok(read)
    }
}

impl Write for Loop {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        assert!(self.bytes.len() + buffer.len() <= self.bytes.capacity(), "it would move");
        self.bytes.extend_from_slice(buffer);
        Ok(buffer.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_raw_string_is_wiped_from_every_buffer_that_carried_it() {
    let mut raw = Zeroizing::new(Vec::with_capacity(500_000));
    while raw.len() + RAW.len() <= raw.capacity() {
        raw.extend_from_slice(&RAW);
    }
    // What is not wiped is seen.
    drop(std::hint::black_box(raw.to_vec()));
    assert_eq!(LEFT.swap(0, Ordering::SeqCst), 1);

    let bytes = Zeroizing::new(Vec::with_capacity(1 << 20));
    let mut framed = Framed::new(Loop { bytes, read: 0 });
    framed.send(&raw).unwrap();
    assert!(*framed.receive().unwrap() == *raw);
    let (mut here, mut there) = InProcess::pair();
    here.send(&raw).unwrap();
    assert!(*there.receive().unwrap() == *raw);
    // One that nobody has taken, and one that ends early.
    here.send(&raw).unwrap();
    drop((here, there));
    let mut bytes = Zeroizing::new(Vec::with_capacity(1 << 20));
    bytes.extend_from_slice(&600_000u32.to_be_bytes());
    bytes.extend_from_slice(&raw);
    let cut = Framed::new(Loop { bytes, read: 0 }).receive();
    assert!(matches!(cut, Err(TransportError::Closed)));
    assert_eq!(LEFT.load(Ordering::SeqCst), 0);
}
