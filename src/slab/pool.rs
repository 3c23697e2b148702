//! The process-wide free lists.
#![forbid(unsafe_code)]

use super::heap::give_freed_memory_back;
use super::{Block, OutOfMemory, SlabBuf};
use crate::sync::process::{AtomicUsize, LazyLock, Ordering};
use flume::{Receiver, Sender};

const SMALLEST_SHIFT: u32 = SlabPool::SMALLEST.trailing_zeros();
const CLASSES: usize = (SlabPool::LARGEST.trailing_zeros() - SMALLEST_SHIFT + 1) as usize;

/// Free lists of blocks, one bounded list for each power of two from 16 KiB to 64 MiB.
#[derive(Debug)]
pub struct SlabPool {
    classes: [FreeList; CLASSES],
    /// Bytes of the blocks that are in use, and the most since memory was last given back. Any thread; statistics.
    used: AtomicUsize,
    most: AtomicUsize,
    /// Bytes in all free lists together, or about to be. Any thread; at most [`SlabPool::MAX_CACHED`] plus
    /// what other threads are just trying to add. A quota, orders nothing.
    cached: AtomicUsize,
    /// How often a block was taken. Any thread; a clock.
    taken: AtomicUsize,
}

#[derive(Debug)]
struct FreeList {
    returned: Sender<Block>,
    free: Receiver<Block>,
    /// When a block of the class was taken last. Any thread; a heuristic.
    last: AtomicUsize,
}

static POOL: LazyLock<SlabPool> = LazyLock::new(SlabPool::new);

impl SlabPool {
    /// The smallest block that is kept, in bytes.
    pub const SMALLEST: usize = 16 << 10;
    /// The largest block that is kept, in bytes.
    pub const LARGEST: usize = 64 << 20;
    /// The most bytes kept in the free lists.
    pub const MAX_CACHED: usize = 64 << 20;

    /// More bytes in use than this are a flood, which is over when no more than that are.
    const FLOOD: usize = 256 << 20;
    const EBB: usize = 16 << 20;

    /// The pool of this process.
    pub fn global() -> &'static SlabPool {
        &POOL
    }

    fn new() -> Self {
        let list = |class: usize| {
            let (returned, free) = flume::bounded(Self::MAX_CACHED / (Self::SMALLEST << class));
            FreeList {
                returned,
                free,
                last: AtomicUsize::new(0),
            }
        };
        Self {
            classes: std::array::from_fn(list),
            used: AtomicUsize::new(0),
            most: AtomicUsize::new(0),
            cached: AtomicUsize::new(0),
            taken: AtomicUsize::new(0),
        }
    }

    /// An exclusive buffer of exactly `len` bytes. The content is arbitrary: zeros, or what an earlier user of
    /// the block left there.
    ///
    /// # Errors
    ///
    /// [`OutOfMemory`] if a fresh block was needed and could not be had.
    pub fn take(&self, len: usize) -> Result<SlabBuf, OutOfMemory> {
        Ok(SlabBuf::new(self.take_block(len)?, len))
    }

    /// Bytes in the free lists. Racy: blocks come and go while the caller looks at the answer.
    pub fn cached_bytes(&self) -> usize {
        // Relaxed: a statistic.
        self.cached.load(Ordering::Relaxed)
    }

    /// A block of at least `len` bytes; longer when the size is rounded up to a class.
    pub(crate) fn take_block(&self, len: usize) -> Result<Block, OutOfMemory> {
        #[cfg(faults)]
        super::faults::check(len)?;
        let Some(class) = class_for(len) else {
            return Block::allocate(len);
        };
        // Relaxed: a clock that may go wrong a little.
        let now = self.taken.fetch_add(1, Ordering::Relaxed);
        self.classes[class].last.store(now, Ordering::Relaxed);
        let block = match self.classes[class].free.try_recv() {
            Ok(block) => {
                // Relaxed: a quota; flume handed the block over.
                self.cached.fetch_sub(block.len(), Ordering::Relaxed);
                block
            }
            Err(_) => Block::allocate(Self::SMALLEST << class)?,
        };
        // Relaxed: statistics.
        let used = self.used.fetch_add(block.len(), Ordering::Relaxed) + block.len();
        if used > self.most.load(Ordering::Relaxed) {
            self.most.store(used, Ordering::Relaxed);
        }
        Ok(block)
    }

    /// `len` bytes are not used any more. Is that the end of a flood? Then what was freed should go back to the system.
    fn unused(&self, len: usize) -> bool {
        // Relaxed: statistics. One of two that end it at once gives the memory back.
        let used = self.used.fetch_sub(len, Ordering::Relaxed) - len;
        used <= Self::EBB
            && self.most.load(Ordering::Relaxed) >= Self::FLOOD
            && self.most.swap(used, Ordering::Relaxed) >= Self::FLOOD
    }

    /// Keeps `block` for the next taker, or frees it: not of a class, or the pool is full.
    pub(crate) fn give_back(&self, block: Block) {
        let len = block.len();
        let Some(class) = class_for(len).filter(|class| len == Self::SMALLEST << class) else {
            return;
        };
        let is_ebb = self.unused(len);
        // Relaxed: a quota. Counting first means that racing givers give up rather than exceed the limit.
        let before = self.cached.fetch_add(len, Ordering::Relaxed);
        let fits = before + len <= Self::MAX_CACHED || self.make_room(class);
        let kept = fits && self.classes[class].returned.try_send(block).is_ok();
        if !kept {
            self.cached.fetch_sub(len, Ordering::Relaxed);
        }
        if is_ebb {
            give_freed_memory_back();
        }
    }

    /// Frees blocks of classes that were last in use before `class` was, the oldest first, until no more is cached than may be.
    fn make_room(&self, class: usize) -> bool {
        // Relaxed: as above.
        let last = |list: &FreeList| list.last.load(Ordering::Relaxed);
        let own = last(&self.classes[class]);
        while self.cached.load(Ordering::Relaxed) > Self::MAX_CACHED {
            let older = self.classes.iter().filter(|list| last(list) < own);
            let oldest = older
                .filter(|list| !list.free.is_empty())
                .min_by_key(|list| last(list));
            let Some(block) = oldest.and_then(|list| list.free.try_recv().ok()) else {
                return false;
            };
            self.cached.fetch_sub(block.len(), Ordering::Relaxed);
        }
        true
    }
}

/// The class whose blocks have room for `len` bytes; none if such blocks are not kept.
fn class_for(len: usize) -> Option<usize> {
    if !(SlabPool::SMALLEST..=SlabPool::LARGEST).contains(&len) {
        return None;
    }
    Some((len.next_power_of_two().trailing_zeros() - SMALLEST_SHIFT) as usize)
}
