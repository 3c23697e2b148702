//! Only under `--cfg faults` (`npm run faults`): allocations fail where a test wants them to.
#![forbid(unsafe_code)]

use super::OutOfMemory;
use std::cell::Cell;

/// Without so much memory the process ends, as with any small object of Rust or V8: so does a new channel.
const SMALL: usize = 64;

thread_local! {
    /// Allocations of this thread before the first that fails, and how many fail then.
    static PLAN: Cell<(u32, u32)> = const { Cell::new((0, 0)) };
}

/// After `before` more blocks, this thread is refused `failures`. Returns how many of the last plan it has not been refused.
pub fn fail(before: u32, failures: u32) -> u32 {
    PLAN.replace((before, failures)).1
}

/// A block of `len` bytes is asked for, from the allocator or from a free list.
pub(super) fn check(len: usize) -> Result<(), OutOfMemory> {
    let (before, failures) = PLAN.get();
    match (before, failures) {
        (_, 0) => Ok(()),
        _ if len <= SMALL => Ok(()),
        (0, _) => {
            PLAN.set((0, failures - 1));
            Err(OutOfMemory)
        }
        _ => {
            PLAN.set((before - 1, failures));
            Ok(())
        }
    }
}
