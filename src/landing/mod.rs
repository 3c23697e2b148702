//! Receive buffers that a reader posts ahead, for the writer to copy large payloads straight into.
//!
//! # Why
//!
//! By way of a block a payload is copied twice, the second time into memory that no cache has. With a landing the
//! only copy is the writer's, and the reader hands out the buffer as it is.
//!
//! ```text
//!   reader: post ------> queue of the direction -----> claim, fill: writer
//!     |  (keeps the memory alive)                              |
//!     |                                                        v
//!     +--- takes the buffer as it is  <-------- frame in the lane (Attachment::Landed)
//!     +--- or leaves: withdraw, settle, keep  (the frame goes to another reader)
//! ```
//!
//! # Contract
//! - The memory belongs to the reader, who keeps it alive and leaves it alone until the frame has come, or until
//!   [`Landings::withdraw`] and, for each landing, [`Landing::settle`] have returned.
//! - A writer writes only between `claim` and `fill`, in one go, and never waits there.
//! - What waits: `settle`, for the length of one copy of a writer.
//!
//! # Invariants
//! - L1: a landing is in the queue from `post` until `claim` or `withdraw` takes it out, under the lock: one of
//!   them has it.
//! - L2: who claims it sets `filled`, once, after its last write; `withdraw` sets it for those nobody has claimed.
//!
//! # Sync points
//! - F1 (`filled`): release store by the writer, acquire load by `settle`: the writer's last access to the memory
//!   happens before what the reader does with it next. A reader that has found the frame is ordered by the lane.

mod copy;

use std::ptr::NonNull;

use bytes::Bytes;

use crate::sync::{Arc, AtomicBool, Mutex, Ordering, Shadow, fence, lock, yield_now};

/// What travels beside a frame.
#[derive(Debug)]
pub enum Attachment {
    /// A block of its own.
    Block(Bytes),
    /// A buffer of the reader that was filled.
    Landed(Arc<Landing>),
}

impl Attachment {
    /// Its length in bytes.
    pub fn len(&self) -> usize {
        match self {
            Attachment::Block(bytes) => bytes.len(),
            Attachment::Landed(landing) => landing.len,
        }
    }

    /// Has it no bytes?
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The bytes, unless they are in the memory of a reader. A clone of a reference.
    pub fn bytes(&self) -> Option<Bytes> {
        match self {
            Attachment::Block(bytes) => Some(bytes.clone()),
            Attachment::Landed(landing) => lock(&landing.kept).clone(),
        }
    }
}

impl From<Bytes> for Attachment {
    fn from(bytes: Bytes) -> Attachment {
        Attachment::Block(bytes)
    }
}

/// One buffer of the reader.
#[derive(Debug)]
pub struct Landing {
    start: NonNull<u8>,
    len: usize,
    /// See L2.
    filled: AtomicBool,
    /// The content, once the reader has left.
    kept: Mutex<Option<Bytes>>,
    shadow: Shadow,
}

// SAFETY: the memory is written by the one who has claimed the landing (L1), and by nobody else until `filled`.
unsafe impl Send for Landing {}
// SAFETY: as above; the other fields are synchronised by themselves.
unsafe impl Sync for Landing {}

impl Landing {
    /// Reader, after `withdraw`: waits until no writer is at work on the memory. Is it in a frame that was not consumed
    /// (or about to be)? Then its content has to be kept.
    pub fn settle(this: &Arc<Landing>) -> bool {
        // Acquire: F1.
        while !this.filled.load(Ordering::Acquire) {
            yield_now();
        }
        !Landing::is_spent(this)
    }

    /// Reader, leaving: what the memory held, for the one who reads the frame.
    pub fn keep(&self, content: Bytes) {
        *lock(&self.kept) = Some(content);
    }

    /// Has nobody but the reader an interest in it: was its frame consumed, or never sent?
    pub fn is_spent(this: &Arc<Landing>) -> bool {
        // The reader's own share is one. Who makes a new one has one, so the count is not too low.
        let is_alone = Arc::strong_count(this) == 1;
        // Acquire: what the last of the others has written comes ahead of what is done with the memory now.
        fence(Ordering::Acquire);
        is_alone
    }

    /// Stands for an access of the reader to the memory.
    #[cfg(loom)]
    pub fn touch(&self) {
        self.shadow.write(0..self.len);
    }
}

/// The landings of one direction that are free.
#[derive(Debug, Default)]
pub struct Landings {
    queue: Mutex<Vec<Arc<Landing>>>,
}

impl Landings {
    /// Reader: one more buffer. It is to keep the answer, to find the buffer again.
    ///
    /// # Safety
    ///
    /// `start` is valid for writes of `len` bytes, and nobody reads or writes there but by this landing, until the
    /// frame with it has come or `withdraw` and [`Landing::settle`] have returned.
    pub unsafe fn post(&self, start: NonNull<u8>, len: usize) -> Arc<Landing> {
        let landing = Arc::new(Landing {
            start,
            len,
            filled: AtomicBool::new(false),
            kept: Mutex::new(None),
            shadow: Shadow::new(if cfg!(loom) { len } else { 0 }),
        });
        lock(&self.queue).push(Arc::clone(&landing));
        landing
    }

    /// Writer: the oldest buffer of exactly `len` bytes.
    pub fn claim(&self, len: usize) -> Option<Claim> {
        let mut queue = lock(&self.queue);
        let index = queue.iter().position(|landing| landing.len == len)?;
        Some(Claim(queue.remove(index)))
    }

    /// Reader: those that nobody has claimed are not to be had any more.
    pub fn withdraw(&self) {
        let unclaimed = std::mem::take(&mut *lock(&self.queue));
        for landing in unclaimed {
            // Relaxed: L2; only the reader itself looks at it.
            landing.filled.store(true, Ordering::Relaxed);
        }
    }
}

/// A buffer that a writer has for itself.
#[derive(Debug)]
pub struct Claim(Arc<Landing>);

impl Claim {
    /// Copies `source` into it.
    ///
    /// # Panics
    ///
    /// If it has another length.
    pub fn fill(self, source: &[u8]) -> Attachment {
        let landing = &self.0;
        assert!(source.len() == landing.len);
        landing.shadow.write(0..landing.len);
        // SAFETY: valid for writes of `len` bytes until `filled` (the clause of `post`), and ours alone (L1).
        unsafe { copy::to_cold_memory(landing.start, source) };
        Attachment::Landed(Arc::clone(landing))
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        // Release: F1. Our share goes after it: it may look as if a frame had the landing, not the other way round.
        self.0.filled.store(true, Ordering::Release);
    }
}
