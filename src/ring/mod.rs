//! A bounded queue of records in memory that somebody else owns and many threads share: many producers, many consumers.
//!
//! # Guarantees
//! - A record is taken by exactly one consumer, whole. Records of one producer are taken in the order of their claims.
//! - No thread ever waits for another one in here: a record that is not complete, or not released, is not there yet.
//! - The content of the memory is not trusted: addresses follow from the length that was given to `attach`, lengths
//!   are compared with it, and what cannot be is `Corrupt`. Retries are bounded.
//!
//! # Threads that are ended
//! `worker.terminate()` interrupts JavaScript, never native code: a claim and its end happen in one native call, so no
//! claim is left open by a thread that is gone. What it had taken is lost with it, nothing else.
//!
//! # Shape
//!
//! ```text
//!            released                taken             published               claimed
//!  ... free ----|--- being read ------|--- complete ------|--- being written -----|---- free ...
//!               '- consumers          '- consumers         '- producers            '- producers
//!
//!  record = { length: u32, kind: u32 }, payload, padding to a granule of 8 bytes
//! ```
//!
//! All four are `Mark`s: a position and a count of claims. Who claims moves `claimed` (`taken`) with one
//! compare-and-swap; who ends a claim raises the count of `published` (`released`), and if no other claim is under
//! way, moves its position up to that of `claimed` (`taken`). So the last one out publishes for all, in any
//! order of ending, and records need no flags of their own, which stale or hostile bytes could imitate.
//!
//! # Invariants
//! - R1: released <= taken <= published <= claimed <= released + capacity, as positions.
//! - R2: the granules of a record belong to its producer from the claim to the end of the claim, and then to the
//!   consumer that has claimed it until the end of that claim. Only the first granule of a record is read without a claim: it
//!   counts only if `taken` has not moved meanwhile.
//! - R3: `published` and `released` are at the position of a claim exactly if all claims up to there have ended.
//!
//! # Sync points
//! - END: the end of a claim is a read-modify-write with acquire and release on `published` (`released`), the look at the
//!   other side's mark an acquire load. What was done to the granules before is visible to those who get them next.
//!   Acquire when ending: who finds a count has to find the claims which it counts in `claimed` (`taken`), or it
//!   would publish what is not complete.
//! - BELL: see `bell.rs`.
//!
//! # Words for waiting
//! `items` changes after `published` has moved, `space` after `released` has: read the word, try, wait on the
//! value that was read. Waking is JavaScript's business (`Atomics.notify` has no native face); a bell says when it is needed.
//!
//! Sources: the relaxed tail synchronisation of DPDK's rte_ring; this is the same with records of any length.

mod bell;
mod consume;
mod mark;
#[cfg(not(loom))]
mod memory;
#[cfg(loom)]
#[path = "model.rs"]
mod memory;
mod message;
mod produce;
mod stall;

pub use bell::Word;
pub use consume::{Peek, PopError, Taken};
pub use message::{Parts, TERMINATOR};
pub use produce::{Claim, PushError};
pub use stall::Stall;

use crate::layout::{GRANULE, Header};
#[cfg(not(loom))]
use crate::layout::{HEADER, MAGIC, MAX_CAPACITY, MIN_CAPACITY, VERSION};
use crate::sync::{AtomicU64, Ordering};
use mark::Mark;
use memory::Memory;
#[cfg(not(loom))]
use std::ptr::NonNull;

/// How often an operation tries again because another thread was faster. Each time that one got on, unless somebody
/// writes to the header for no reason at all.
const TRIES: u32 = 1 << 20;

/// Why memory is not a queue's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AttachError {
    /// It does not begin with the magic number, or is too small or not aligned for a header.
    NotAQueue,
    /// Of another version of the layout.
    Version,
    /// The header says another size.
    Size,
}

/// What a record is, for the layers above.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordHeader {
    /// Bytes of payload.
    pub bytes: u32,
    /// 0: nothing, to be skipped; everything else means nothing here.
    pub kind: u32,
}

impl RecordHeader {
    fn pack(self) -> u64 {
        u64::from(self.kind) << 32 | u64::from(self.bytes)
    }

    fn unpack(word: u64) -> RecordHeader {
        RecordHeader {
            bytes: word as u32,
            kind: (word >> 32) as u32,
        }
    }

    /// Granules of the whole record.
    fn span(self) -> u32 {
        1 + self.bytes.div_ceil(GRANULE as u32)
    }
}

/// One attachment to a queue's memory.
pub struct Ring {
    memory: Memory,
    /// What this attachment has seen of the other side, so that the other side's line of the cache is left alone while that
    /// is enough.
    producing: Seen,
    consuming: Seen,
}

// SAFETY: everything that threads share is atomic, or belongs to one of them at a time (R2).
unsafe impl Send for Ring {}
// SAFETY: as above.
unsafe impl Sync for Ring {}

impl Ring {
    /// Makes zeroed memory a queue and attaches to it. `codec` and `origin` are for the layers above.
    ///
    /// # Safety
    ///
    /// `start` is valid for reads and writes of `len` bytes as long as the ring lives. Other threads access the memory
    /// through rings only, or, as scripts may, with what comes out being their own affair.
    #[cfg(not(loom))]
    pub unsafe fn format(
        start: NonNull<u8>,
        len: usize,
        codec: u32,
        origin: u64,
    ) -> Result<Ring, AttachError> {
        let capacity = data_bytes(start, len).ok_or(AttachError::Size)?;
        // SAFETY: the caller's clause; `data_bytes` has checked the rest.
        let memory = unsafe { Memory::new(start, capacity) };
        let header = memory.header();
        header.capacity.store(capacity as u32, Ordering::Relaxed);
        header.codec.store(codec, Ordering::Relaxed);
        header.origin.store(origin, Ordering::Relaxed);
        header.version.store(VERSION, Ordering::Relaxed);
        // Release: who finds the magic number finds the rest.
        header.magic.store(MAGIC, Ordering::Release);
        Ok(Ring::over(memory))
    }

    /// Attaches to the queue in this memory.
    ///
    /// # Safety
    ///
    /// As for [`Ring::format`].
    #[cfg(not(loom))]
    pub unsafe fn attach(start: NonNull<u8>, len: usize) -> Result<Ring, AttachError> {
        if len < HEADER || !start.cast::<Header>().is_aligned() {
            return Err(AttachError::NotAQueue);
        }
        // SAFETY: room for a header, and aligned (checked).
        let header = unsafe { start.cast::<Header>().as_ref() };
        if header.magic.load(Ordering::Acquire) != MAGIC {
            return Err(AttachError::NotAQueue);
        }
        if header.version.load(Ordering::Relaxed) != VERSION {
            return Err(AttachError::Version);
        }
        let capacity = data_bytes(start, len).ok_or(AttachError::Size)?;
        if header.capacity.load(Ordering::Relaxed) as usize != capacity {
            return Err(AttachError::Size);
        }
        // SAFETY: the caller's clause; `data_bytes` has checked the rest.
        let memory = unsafe { Memory::new(start, capacity) };
        Ok(Ring::over(memory))
    }

    /// A queue of `capacity` bytes for a model.
    #[cfg(loom)]
    pub fn model(capacity: usize) -> Ring {
        Ring::over(Memory::model(capacity))
    }

    /// Another attachment in a model.
    #[cfg(loom)]
    pub fn again(&self) -> Ring {
        Ring::over(self.memory.clone())
    }

    fn over(memory: Memory) -> Ring {
        Ring {
            memory,
            producing: Seen::default(),
            consuming: Seen::default(),
        }
    }

    fn header(&self) -> &Header {
        self.memory.header()
    }

    fn granules(&self) -> u32 {
        (self.memory.capacity() / GRANULE) as u32
    }

    /// Bytes of data.
    pub fn capacity(&self) -> usize {
        self.memory.capacity()
    }

    /// What `format` was given, or what somebody has written there since.
    pub fn codec(&self) -> u32 {
        self.header().codec.load(Ordering::Relaxed)
    }

    /// As `codec`.
    pub fn origin(&self) -> u64 {
        self.header().origin.load(Ordering::Relaxed)
    }

    /// Nothing can be claimed from now on; what was claimed before is still delivered. All who wait are to be woken.
    pub fn close(&self) {
        // Release and acquire: the bells are rung after it.
        let claimed = &self.header().claimed;
        claimed.fetch_or(Mark::closed_bit(), Ordering::AcqRel);
        self.ring_items();
        self.ring_space();
    }

    /// Was it closed? `false` may be outdated.
    pub fn is_closed(&self) -> bool {
        load(&self.header().claimed).is_closed()
    }

    /// Records that are complete and not taken. Exact while nobody pushes or pops.
    pub fn len(&self) -> usize {
        let header = self.header();
        let (taken, published) = (load(&header.taken), load(&header.published));
        published.records_since(taken).min(self.granules()) as usize
    }

    /// Is there no record? As exact as `len`.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of data in use, headers of records included. Exact while nobody pushes or pops.
    pub fn bytes_used(&self) -> usize {
        let header = self.header();
        let (released, claimed) = (load(&header.released), load(&header.claimed));
        claimed.since(released).min(self.granules()) as usize * GRANULE
    }
}

/// The data's size if memory of `len` bytes holds a header and a power of two within the limits.
#[cfg(not(loom))]
fn data_bytes(start: NonNull<u8>, len: usize) -> Option<usize> {
    let capacity = len.checked_sub(HEADER)?;
    let fits = (MIN_CAPACITY..=MAX_CAPACITY).contains(&capacity) && capacity.is_power_of_two();
    (fits && start.cast::<Header>().is_aligned()).then_some(capacity)
}

/// Acquire: END.
fn load(mark: &AtomicU64) -> Mark {
    Mark(mark.load(Ordering::Acquire))
}

/// A mark of the other side as it was seen last. Outdated it only hides room, or records; but not after positions have gone
/// round, so it counts only if nobody else has claimed on this side since.
#[derive(Default)]
struct Seen {
    /// The mark of this side after the last claim through this attachment.
    own: AtomicU64,
    other: AtomicU64,
}

impl Seen {
    /// How far the other side is ahead of `begun`, if what is known of it is enough to say that it is.
    fn since(&self, begun: Mark) -> Option<u32> {
        // Acquire: another thread may use the same attachment (END).
        let is_known = self.own.load(Ordering::Acquire) == begun.0;
        is_known.then(|| load(&self.other).since(begun))
    }

    /// Looks at the other side, and remembers.
    fn look(&self, other: &AtomicU64) -> Mark {
        let now = load(other);
        // Release: as above.
        self.other.store(now.0, Ordering::Release);
        now
    }

    fn claimed(&self, mark: Mark) {
        // Release: as above.
        self.own.store(mark.0, Ordering::Release);
    }
}

/// Ends a claim of those that `begun` counts. Did the position move?
fn end_claim(begun: &AtomicU64, ended: &AtomicU64) -> bool {
    let mut old = load(ended);
    for _ in 0..TRIES {
        // Relaxed: END has made the claims that `old` counts visible, and coherence does the rest.
        let new = old.end(Mark(begun.load(Ordering::Relaxed)));
        // AcqRel, acquire: END.
        match ended.compare_exchange(old.0, new.0, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => return new.position() != old.position(),
            Err(current) => old = Mark(current),
        }
    }
    false
}
