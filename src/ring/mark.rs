//! Positions in the ring, packed with a count into one atomic word.

#![forbid(unsafe_code)]

const CLOSED: u64 = 1 << 63;
const COUNT: u32 = (1 << 31) - 1;

/// `{ closed: 1, count: 31, position: 32 }`, high bits first.
///
/// - `position`: granules since the beginning, modulo 2^32. Its place in the data is what is left modulo the capacity,
///   a power of two.
/// - `count`: records, modulo 2^31. In `claimed` and `taken`: claims begun; in `published` and `released`: claims ended.
/// - `closed`: in `claimed` only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mark(pub(super) u64);

impl Mark {
    pub(super) fn position(self) -> u32 {
        self.0 as u32
    }

    pub(super) fn count(self) -> u32 {
        (self.0 >> 32) as u32 & COUNT
    }

    pub(super) fn is_closed(self) -> bool {
        self.0 & CLOSED != 0
    }

    /// Without the bit of who closes.
    pub(super) fn open(self) -> Mark {
        Mark(self.0 & !CLOSED)
    }

    /// The bit to be set by who closes.
    pub(super) const fn closed_bit() -> u64 {
        CLOSED
    }

    /// One more claim, of `span` granules. Not for a closed mark.
    pub(super) fn claim(self, span: u32) -> Mark {
        Mark::new(self.position().wrapping_add(span), self.count() + 1)
    }

    /// One more claim has ended, of those that `begun` counts. If it was the last one under way, the position is that
    /// of `begun`.
    pub(super) fn end(self, begun: Mark) -> Mark {
        let count = (self.count() + 1) & COUNT;
        let all = count == begun.count();
        let position = if all { begun } else { self }.position();
        Mark::new(position, count)
    }

    /// Granules from `earlier` to here.
    pub(super) fn since(self, earlier: Mark) -> u32 {
        self.position().wrapping_sub(earlier.position())
    }

    /// Records from `earlier` to here.
    pub(super) fn records_since(self, earlier: Mark) -> u32 {
        self.count().wrapping_sub(earlier.count()) & COUNT
    }

    fn new(position: u32, count: u32) -> Mark {
        Mark(u64::from(count & COUNT) << 32 | u64::from(position))
    }
}
