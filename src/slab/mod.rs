//! Recycled byte blocks: attachments of frames, and the large segments of lanes.
//!
//! # Why
//!
//! Touching fresh memory costs one to two microseconds per page, several times the copy into it. A process that
//! moves payloads therefore keeps the blocks it has touched.
//!
//! # Guarantees
//!
//! * [`SlabPool::take`] never aborts: a failed allocation is [`OutOfMemory`].
//! * Memory is always initialised: fresh blocks are zeroed, recycled ones keep what their last user wrote.
//! * A [`SlabBuf`] is exclusive. [`SlabBuf::freeze`] makes it shared and immutable; the block goes back to the
//!   pool when the last clone of the `Bytes` is dropped, on whichever thread that happens.
//! * The pool keeps at most [`SlabPool::MAX_CACHED`] bytes. What exceeds that is freed: blocks of a size that has not been asked for lately,
//!   else the one that comes back.
//!
//! # What blocks
//!
//! Nothing waits for another thread's progress beyond the short critical section of a free list.
//!
//! # Shape
//!
//! ```text
//! request     < 16 KiB          16 KiB ..= 64 MiB                 > 64 MiB
//! block       exact, not kept   next power of two, free list      exact, not kept
//! ```
//!
//! # Invariants (cited by `block.rs`)
//!
//! * S1: a `Block` owns one live allocation of exactly `len` bytes, `len > 0`, made with `Block::layout(len)`.
//! * S2: all `len` bytes are initialised from allocation on, and every access keeps them so.
//! * S3: a `Block` is the only handle to its allocation; references come from borrowing the `Block`.
//!
//! Sources: the size classes follow `jemalloc`'s idea of a bounded cache per class, reduced to powers of two.

mod block;
mod buffer;
#[cfg(faults)]
mod faults;
mod heap;
mod pool;

pub(crate) use block::Block;
pub use buffer::SlabBuf;
#[cfg(faults)]
pub use faults::fail;
pub use heap::expect_large_buffers;
pub use pool::SlabPool;

/// The allocator has no room for the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutOfMemory;

impl std::fmt::Display for OutOfMemory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("out of memory")
    }
}

impl std::error::Error for OutOfMemory {}
