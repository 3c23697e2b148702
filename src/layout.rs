//! The header of a queue's memory: the one truth about where things are. JavaScript gets the offsets that it needs
//! from here (`binding/queue.rs`).
//!
//! ```text
//!  0     magic, version, capacity, codec, origin     constant after `format`
//!  64    claimed                                     written by producers
//!  128   published, items, items_bell                written by producers; the bell by both sides
//!  192   taken                                       written by consumers
//!  256   released, space, space_bell                 written by consumers; the bell by both sides
//!  320   data                                        `capacity` bytes
//! ```
//!
//! Words that different sides write are 64 bytes apart, so that they share no line of a cache whatever the memory's
//! own alignment is.

use crate::sync::{AtomicI32, AtomicU32, AtomicU64};

/// First word of each queue: "tpq1" in memory.
pub const MAGIC: u32 = u32::from_le_bytes(*b"tpq1");
/// Raised with each change of the layout or of the protocol.
pub const VERSION: u32 = 1;
/// Bytes of a granule: records begin at multiples of it.
pub const GRANULE: usize = 8;
/// Least capacity in bytes.
pub const MIN_CAPACITY: usize = 64;
/// Largest capacity in bytes: positions count granules in 32 bits, and half of their range is more than enough.
pub const MAX_CAPACITY: usize = 1 << 30;

/// The bit of a bell that says that somebody is about to wait; whoever clears it wakes all.
pub const BELL_ARMED: u32 = 1;
/// The bit of a bell that says that the word was given out: each change wakes, for those who do not arm.
pub const BELL_WATCHED: u32 = 2;

/// See the module. Every field may hold anything: scripts can write to this memory.
#[repr(C)]
pub struct Header {
    /// [`MAGIC`].
    pub magic: AtomicU32,
    /// [`VERSION`].
    pub version: AtomicU32,
    /// Bytes of data, a power of two.
    pub capacity: AtomicU32,
    /// What the records are encoded with; means nothing here.
    pub codec: AtomicU32,
    /// Whose numbers the records may hold; means nothing here.
    pub origin: AtomicU64,
    gap0: [u8; 40],
    /// A `Mark`: up to where producers have claimed, and whether the queue is closed.
    pub claimed: AtomicU64,
    gap1: [u8; 56],
    /// A `Mark`: up to where records are complete.
    pub published: AtomicU64,
    /// Changes after `published` has moved. For `Atomics.wait`.
    pub items: AtomicI32,
    /// See `BELL_*`.
    pub items_bell: AtomicU32,
    gap2: [u8; 48],
    /// A `Mark`: up to where consumers have claimed.
    pub taken: AtomicU64,
    gap3: [u8; 56],
    /// A `Mark`: up to where producers may write again.
    pub released: AtomicU64,
    /// Changes after `released` has moved. For `Atomics.wait`.
    pub space: AtomicI32,
    /// See `BELL_*`.
    pub space_bell: AtomicU32,
    gap4: [u8; 48],
}

/// Bytes of the header; the data follows.
pub const HEADER: usize = 320;
/// Where the word is that changes when records have come.
pub const ITEMS: usize = 136;
/// Where the word is that changes when room has come.
pub const SPACE: usize = 264;

// Loom's atomics have other sizes.
#[cfg(not(loom))]
const _: () = {
    use std::mem::offset_of;
    assert!(size_of::<Header>() == HEADER && align_of::<Header>() == GRANULE);
    assert!(offset_of!(Header, capacity) == 8 && offset_of!(Header, codec) == 12);
    assert!(offset_of!(Header, origin) == 16);
    assert!(offset_of!(Header, claimed) == 64);
    assert!(offset_of!(Header, published) == 128);
    assert!(offset_of!(Header, items) == ITEMS);
    assert!(offset_of!(Header, items_bell) == ITEMS + 4);
    assert!(offset_of!(Header, taken) == 192);
    assert!(offset_of!(Header, released) == 256);
    assert!(offset_of!(Header, space) == SPACE);
    assert!(offset_of!(Header, space_bell) == SPACE + 4);
};

impl Header {
    /// As `format` leaves it. Only for models: elsewhere the header is in memory that JavaScript owns.
    #[cfg(loom)]
    pub fn model(capacity: u32) -> Header {
        Header {
            magic: AtomicU32::new(MAGIC),
            version: AtomicU32::new(VERSION),
            capacity: AtomicU32::new(capacity),
            codec: AtomicU32::new(0),
            origin: AtomicU64::new(0),
            gap0: [0; 40],
            claimed: AtomicU64::new(0),
            gap1: [0; 56],
            published: AtomicU64::new(0),
            items: AtomicI32::new(0),
            items_bell: AtomicU32::new(0),
            gap2: [0; 48],
            taken: AtomicU64::new(0),
            gap3: [0; 56],
            released: AtomicU64::new(0),
            space: AtomicI32::new(0),
            space_bell: AtomicU32::new(0),
            gap4: [0; 48],
        }
    }
}
