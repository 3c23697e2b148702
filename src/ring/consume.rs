//! The side that reads.

use super::{Mark, RecordHeader, Ring, Word, end_claim, load};
use crate::layout::GRANULE;
use crate::sync::Ordering;
#[cfg(not(loom))]
use std::ptr::NonNull;

/// Why nothing was taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PopError {
    /// There is no record now.
    Empty,
    /// There will be none: the queue is closed, and all was taken.
    Ended,
    /// The caller did not want the record.
    Refused,
    /// The header, or that of the record, cannot be right.
    Corrupt,
}

/// A record as it looks before it is taken. If another consumer takes it meanwhile this may be nonsense: then it does
/// not count.
pub struct Peek<'a> {
    ring: &'a Ring,
    position: u32,
    /// What it is.
    pub record: RecordHeader,
}

/// A record that the caller has for itself. Dropping it makes room.
pub struct Taken<'a> {
    ring: &'a Ring,
    position: u32,
    record: RecordHeader,
    done: bool,
}

impl Ring {
    /// Takes the oldest record if `wants` it.
    pub fn take(&self, mut wants: impl FnMut(&Peek<'_>) -> bool) -> Result<Taken<'_>, PopError> {
        let header = self.header();
        let mut begun = load(&header.taken);
        for _ in 0..super::TRIES {
            // Acquire: END. What was written up to there is complete.
            let there = match self.consuming.since(begun) {
                Some(there) if (1..=self.granules()).contains(&there) => there,
                _ => self.consuming.look(&header.published).since(begun),
            };
            if there == 0 {
                return Err(self.nothing_at(begun));
            }
            let record = self.record_at(begun);
            let plausible = there <= self.granules()
                && record.bytes as usize <= self.capacity()
                && record.span() <= there;
            let peek = Peek {
                ring: self,
                position: begun.position(),
                record,
            };
            // What is skipped is wanted: somebody has to.
            if !plausible || !(record.kind == 0 || wants(&peek)) {
                // Acquire: what was read before must not be of a later time.
                let now = load(&header.taken);
                if now != begun {
                    begun = now;
                    continue;
                }
                return Err(if plausible {
                    PopError::Refused
                } else {
                    PopError::Corrupt
                });
            }
            // AcqRel: a claim is visible to who finds its end (END).
            let next = begun.claim(record.span());
            begun = match header.taken.compare_exchange(
                begun.0,
                next.0,
                Ordering::AcqRel,
                Ordering::Acquire,
            ) {
                Ok(_) => {
                    self.consuming.claimed(next);
                    let taken = Taken {
                        ring: self,
                        position: begun.position(),
                        record,
                        done: false,
                    };
                    if record.kind != 0 {
                        return Ok(taken);
                    }
                    drop(taken);
                    next
                }
                Err(current) => Mark(current),
            };
        }
        Err(PopError::Corrupt)
    }

    /// What the first granule at the mark says.
    fn record_at(&self, mark: Mark) -> RecordHeader {
        let granule = self.memory.granule(mark.position());
        // Relaxed: `published` was acquired; what is stale does not count (R2).
        RecordHeader::unpack(granule.load(Ordering::Relaxed))
    }

    /// Nothing is published beyond `taken`.
    fn nothing_at(&self, taken: Mark) -> PopError {
        let claimed = load(&self.header().claimed);
        // What was claimed before the close is still to come.
        if claimed.is_closed() && claimed.position() == taken.position() {
            PopError::Ended
        } else {
            PopError::Empty
        }
    }
}

impl Peek<'_> {
    /// Copies a part of the payload.
    ///
    /// # Panics
    ///
    /// If there are more bytes than the capacity.
    pub fn read(&self, offset: usize, part: &mut [u8]) {
        self.ring.memory.read(self.position, GRANULE + offset, part);
    }
}

impl Taken<'_> {
    /// What it is.
    pub fn record(&self) -> RecordHeader {
        self.record
    }

    /// Copies a part of the payload.
    ///
    /// # Panics
    ///
    /// If it reaches beyond the payload.
    #[inline]
    pub fn read(&self, offset: usize, part: &mut [u8]) {
        self.check(offset, part.len());
        self.ring.memory.read(self.position, GRANULE + offset, part);
    }

    /// Where a part of the payload is, unless the memory ends in the middle of it. Scripts may write there at any time.
    ///
    /// # Panics
    ///
    /// If it reaches beyond the payload.
    #[cfg(not(loom))]
    pub fn address(&self, offset: usize, len: usize) -> Option<NonNull<u8>> {
        self.check(offset, len);
        self.ring
            .memory
            .address(self.position, GRANULE + offset, len)
    }

    fn check(&self, offset: usize, len: usize) {
        let end = offset.checked_add(len);
        assert!(end.is_some_and(|end| end <= self.record.bytes as usize));
    }

    /// The content was read. Must those who wait for room be woken?
    pub fn release(mut self) -> bool {
        self.finish()
    }

    fn finish(&mut self) -> bool {
        self.done = true;
        let header = self.ring.header();
        end_claim(&header.taken, &header.released) && self.ring.ring_space()
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        // Nobody is told here: the next one who releases tells.
        if !self.done && self.finish() {
            self.ring.arm(Word::Space);
        }
    }
}
