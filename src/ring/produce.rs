//! The side that writes.

use super::{Mark, RecordHeader, Ring, Word, end_claim, load};
use crate::layout::GRANULE;
use crate::sync::Ordering;
#[cfg(not(loom))]
use std::ptr::NonNull;

/// Why nothing was claimed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PushError {
    /// There is no room now.
    Full,
    /// The queue is closed.
    Closed,
    /// There will never be room.
    TooLarge,
    /// The header cannot be right.
    Corrupt,
}

/// Room for one record. Dropped without `commit` it becomes a record that consumers skip.
pub struct Claim<'a> {
    ring: &'a Ring,
    position: u32,
    bytes: u32,
    done: bool,
}

impl Ring {
    /// Room for a record with `bytes` bytes of payload.
    pub fn claim(&self, bytes: usize) -> Result<Claim<'_>, PushError> {
        if bytes > self.capacity() - GRANULE {
            return Err(PushError::TooLarge);
        }
        let record = RecordHeader {
            bytes: bytes as u32,
            kind: 0,
        };
        let (header, span, granules) = (self.header(), record.span(), self.granules());
        let mut begun = load(&header.claimed);
        for _ in 0..super::TRIES {
            if begun.is_closed() {
                return Err(PushError::Closed);
            }
            // Acquire: END. The reads of whoever had these granules are over.
            let room = |ahead: u32| granules.wrapping_add(ahead);
            let known = self.producing.since(begun).map(room);
            let used = match known {
                Some(room) if span <= room && room <= granules => granules - room,
                _ => begun.since(self.producing.look(&header.released)),
            };
            if used <= granules && span > granules - used {
                return Err(PushError::Full);
            }
            if used > granules {
                // `claimed` was overtaken, or R1 does not hold.
                let now = load(&header.claimed);
                if now == begun {
                    return Err(PushError::Corrupt);
                }
                begun = now;
                continue;
            }
            // AcqRel: a claim is visible to who finds its end (END).
            let next = begun.claim(span);
            match header.claimed.compare_exchange(
                begun.0,
                next.0,
                Ordering::AcqRel,
                Ordering::Acquire,
            ) {
                Ok(_) => {
                    self.producing.claimed(next);
                    return Ok(Claim {
                        ring: self,
                        position: begun.position(),
                        bytes: record.bytes,
                        done: false,
                    });
                }
                Err(current) => begun = Mark(current),
            }
        }
        Err(PushError::Corrupt)
    }
}

impl Claim<'_> {
    /// Copies a part of the payload.
    ///
    /// # Panics
    ///
    /// If it reaches beyond the payload.
    #[inline]
    pub fn write(&mut self, offset: usize, part: &[u8]) {
        self.check(offset, part.len());
        self.ring
            .memory
            .write(self.position, GRANULE + offset, part);
    }

    /// Where a part of the payload is, unless the memory ends in the middle of it. Scripts may write there at any time.
    ///
    /// # Panics
    ///
    /// If it reaches beyond the payload.
    #[cfg(not(loom))]
    pub fn address(&mut self, offset: usize, len: usize) -> Option<NonNull<u8>> {
        self.check(offset, len);
        self.ring
            .memory
            .address(self.position, GRANULE + offset, len)
    }

    fn check(&self, offset: usize, len: usize) {
        let end = offset.checked_add(len);
        assert!(end.is_some_and(|end| end <= self.bytes as usize));
    }

    /// The record is complete. Must those who wait for records be woken?
    pub fn commit(mut self, kind: u32) -> bool {
        self.finish(kind)
    }

    fn finish(&mut self, kind: u32) -> bool {
        self.done = true;
        let record = RecordHeader {
            bytes: self.bytes,
            kind,
        };
        let granule = self.ring.memory.granule(self.position);
        // Relaxed: the end of the claim makes it visible (END).
        granule.store(record.pack(), Ordering::Relaxed);
        let header = self.ring.header();
        end_claim(&header.claimed, &header.published) && self.ring.ring_items()
    }
}

impl Drop for Claim<'_> {
    fn drop(&mut self) {
        // Nobody is told here: the next one who publishes tells.
        if !self.done && self.finish(0) {
            self.ring.arm(Word::Items);
        }
    }
}
