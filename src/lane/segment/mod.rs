//! Segments and the handles to them. All unsafe code of the lane is in this folder; R1 to R7 are in the module header of `lane`.
//!
//! ```text
//!                 split                 seal (consumes the WriteEnd)      leave (consumes the ReadEnd)
//! Blank ------------------> WriteEnd ------------------------------+
//!   ^                  \--> ReadEnd  ------------------------------+----> Blank of the emptied segment
//!   |                                                                        + ReadEnd of the next one
//!   +------------------------------- recycled --------------------------------+
//! ```
//!
//! The handles make the protocol a matter of types: outside this folder the lane is safe code.

mod read_end;
mod slot;
mod write_end;

pub(super) use read_end::ReadEnd;
pub(super) use slot::Slot;
pub(super) use write_end::WriteEnd;

use crate::slab::{Block, OutOfMemory, SlabPool};
use crate::sync::{AtomicUsize, Ordering, Shadow, UnsafeCell};
use std::mem::ManuallyDrop;
use std::ptr::{self, NonNull};

/// The head of a segment; `capacity` bytes of data follow at [`HEADER`].
struct Segment {
    /// `{ length: all bits but the lowest (a multiple of 8), sealed: lowest bit }`. Written by the `WriteEnd`
    /// (R2); what others read may be outdated by later frames.
    word: AtomicUsize,
    /// The segment after this one. Written by the `WriteEnd` before the seal, read after it (R4).
    next: UnsafeCell<Option<ReadEnd>>,
    /// The allocation that this header and the data live in. Constant while the segment lives.
    block: ManuallyDrop<Block>,
    /// What loom sees of the data.
    shadow: Shadow,
}

/// The lowest bit of the word: the writer is done and `next` is set.
const SEALED: usize = 1;
/// Where the data starts, from the start of the block; a multiple of 8.
const HEADER: usize = size_of::<Segment>().next_multiple_of(64);

const _: () = assert!(align_of::<Segment>() <= Block::ALIGN);

/// The word of a segment, taken apart.
#[derive(Clone, Copy)]
struct Published {
    length: usize,
    sealed: bool,
}

impl Segment {
    #[inline]
    fn published(&self) -> Published {
        // PUBLISH: acquire, so that the frames below the length and `next` behind a seal are visible.
        let word = self.word.load(Ordering::Acquire);
        Published {
            length: word & !SEALED,
            sealed: word & SEALED != 0,
        }
    }
}

/// Start of the data of `segment`.
#[inline]
fn data(segment: NonNull<Segment>) -> NonNull<u8> {
    // SAFETY: a segment's block is at least HEADER bytes long (`Blank::allocate`), and the pointer was made
    // from the block's, so it may reach all of it.
    unsafe { segment.cast::<u8>().add(HEADER) }
}

/// A segment that nobody else has a handle to (R1). Dropping it frees or pools the memory.
pub(super) struct Blank {
    segment: NonNull<Segment>,
}

// SAFETY: a handle is bound to no thread: what the ends share goes through the word (R2, R3), and what frames
// carry is `Send` and `Sync`.
unsafe impl Send for Blank {}

impl Blank {
    /// Bytes of a block that its header takes.
    pub(super) const OVERHEAD: usize = HEADER;

    /// A segment in a block of at least `bytes` bytes, [`Self::OVERHEAD`] included.
    pub(super) fn allocate(bytes: usize) -> Result<Self, OutOfMemory> {
        let block = SlabPool::global().take_block(bytes.max(HEADER))?;
        let segment = block.start().cast::<Segment>();
        let header = Segment {
            word: AtomicUsize::new(0),
            next: UnsafeCell::new(None),
            shadow: Shadow::new(block.len() - HEADER),
            block: ManuallyDrop::new(block),
        };
        // SAFETY: the block is exclusive, aligned (asserted above) and has room for the header.
        unsafe { segment.write(header) };
        Ok(Self { segment })
    }

    /// A segment without room for frames, the start of a lane.
    pub(super) fn root() -> Self {
        match Self::allocate(HEADER) {
            Ok(root) => root,
            Err(OutOfMemory) => {
                std::alloc::handle_alloc_error(std::alloc::Layout::new::<Segment>())
            }
        }
    }

    /// Bytes of the whole block.
    pub(super) fn bytes(&self) -> usize {
        // SAFETY: live (R1); the field is constant.
        unsafe { self.segment.as_ref() }.block.len()
    }

    /// Bytes for frames.
    pub(super) fn capacity(&self) -> usize {
        self.bytes() - HEADER
    }

    /// The two ends of this segment, empty.
    pub(super) fn split(self) -> (WriteEnd, ReadEnd) {
        let capacity = self.capacity();
        let segment = ManuallyDrop::new(self).segment;
        // SAFETY: live, and ours alone (R1).
        let header = unsafe { segment.as_ref() };
        // Relaxed: the reader learns of this segment through a later PUBLISH.
        header.word.store(0, Ordering::Relaxed);
        (WriteEnd::new(segment, capacity), ReadEnd::new(segment))
    }
}

impl Drop for Blank {
    fn drop(&mut self) {
        // SAFETY: live, and ours alone (R1); the block is taken out once, here, and the header not used again.
        let block = unsafe {
            let block = ptr::read(&raw const (*self.segment.as_ptr()).block);
            ptr::drop_in_place(self.segment.as_ptr());
            // R7: a header has padding, a block must not.
            ptr::write_bytes(self.segment.as_ptr().cast::<u8>(), 0, HEADER);
            block
        };
        SlabPool::global().give_back(ManuallyDrop::into_inner(block));
    }
}
