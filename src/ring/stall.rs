//! Memory that somebody else has written to can say that a claim is under way which will never end. Who waits must not wait
//! for that: no claim takes seconds, since each is one native call, so marks that stand still for so long are wrong.

use std::cell::Cell;
use std::time::{Duration, Instant};

use super::{Mark, Ring, load};

/// Looks that have to find the same, and the time between two that count. Looks, and not time alone: after the process was
/// stopped for a while, the thread of a claim may run later than who looks.
const LOOKS: u32 = 20;
const APART: Duration = Duration::from_millis(250);

/// What one who waits has seen of claims under way.
#[derive(Default)]
pub struct Stall {
    seen: Cell<Option<([Mark; 4], Instant)>>,
    looks: Cell<u32>,
}

impl Stall {
    /// To be asked at `now` after nothing was found, as often as the caller likes. Is the memory corrupt?
    pub fn look(&self, ring: &Ring, now: Instant) -> bool {
        let Some(marks) = ring.under_way() else {
            self.seen.set(None);
            return false;
        };
        match self.seen.get() {
            Some((same, then)) if same == marks => {
                if now.saturating_duration_since(then) < APART {
                    return false;
                }
                self.looks.set(self.looks.get() + 1);
            }
            _ => self.looks.set(0),
        }
        self.seen.set(Some((marks, now)));
        self.looks.get() >= LOOKS
    }
}

impl Ring {
    /// All marks, if a claim is under way, or seems so.
    fn under_way(&self) -> Option<[Mark; 4]> {
        let header = self.header();
        let marks = [
            load(&header.claimed).open(),
            load(&header.published),
            load(&header.taken),
            load(&header.released),
        ];
        let [claimed, published, taken, released] = marks;
        (claimed != published || taken != released).then_some(marks)
    }
}
