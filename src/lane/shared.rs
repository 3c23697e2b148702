//! What the two halves of a lane share beside the segments.
#![forbid(unsafe_code)]

use super::segment::{Blank, ReadEnd, Slot};
use crate::slab::SlabPool;
use crate::sync::{AtomicBool, AtomicU64, CachePadded, Mutex, Ordering, lock};

/// Shared by [`super::Producer`] and [`super::Consumer`].
pub(super) struct Shared {
    /// Bytes consumed. Written by the consumer only; others read it late.
    consumed: CachePadded<AtomicU64>,
    /// No more frames. Written once, by the producer.
    closed: AtomicBool,
    /// The consumer is dropped. Written once, by the consumer.
    gone: AtomicBool,
    /// Emptied small segments on their way back, the latest first. Two, so that a consumer that falls behind
    /// by a segment and catches up costs no allocation.
    spare: [Slot; 2],
    /// The dropped consumer's end of the chain. Freed with the lane, after both halves.
    abandoned: Mutex<Option<ReadEnd>>,
}

impl Shared {
    pub(super) fn new() -> Self {
        Self {
            consumed: CachePadded::new(AtomicU64::new(0)),
            closed: AtomicBool::new(false),
            gone: AtomicBool::new(false),
            spare: [Slot::new(), Slot::new()],
            abandoned: Mutex::new(None),
        }
    }

    pub(super) fn consumed(&self) -> u64 {
        // CONSUMED: relaxed, a statistic.
        self.consumed.load(Ordering::Relaxed)
    }

    #[inline]
    pub(super) fn set_consumed(&self, bytes: u64) {
        // CONSUMED: relaxed, a statistic.
        self.consumed.store(bytes, Ordering::Relaxed);
    }

    pub(super) fn close(&self) {
        // CLOSED: release, after the last PUBLISH.
        self.closed.store(true, Ordering::Release);
    }

    pub(super) fn is_closed(&self) -> bool {
        // CLOSED: acquire, so that a look at the lane after this finds the last frame.
        self.closed.load(Ordering::Acquire)
    }

    /// The consumer is dropped and leaves its end here.
    pub(super) fn abandon(&self, end: ReadEnd) {
        *lock(&self.abandoned) = Some(end);
        // GONE: release, after the end is in place. (The lock orders that too; the flag is sound without it.)
        self.gone.store(true, Ordering::Release);
    }

    pub(super) fn is_gone(&self) -> bool {
        // GONE: acquire, so that the abandoned end is found.
        self.gone.load(Ordering::Acquire)
    }

    /// Frees what was sent to a consumer that is gone.
    #[cold]
    pub(super) fn discard_abandoned(&self) {
        if let Some(end) = lock(&self.abandoned).as_mut() {
            end.drain();
        }
    }

    /// The consumer is done with a segment: keep it for the producer if it is small, else pool it.
    pub(super) fn recycle(&self, blank: Blank) {
        if blank.capacity() == 0 || blank.bytes() >= SlabPool::SMALLEST {
            return;
        }
        if let Some(older) = self.spare[0].replace(blank) {
            self.spare[1].replace(older);
        }
    }

    /// A recycled segment of at least `bytes` bytes. Smaller ones are freed: the lane has outgrown them.
    pub(super) fn take_spare(&self, bytes: usize) -> Option<Blank> {
        self.spare
            .iter()
            .find_map(|slot| slot.take().filter(|blank| blank.bytes() >= bytes))
    }
}
