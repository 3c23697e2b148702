//! The way back of an emptied segment.

use super::{Blank, Segment};
use crate::sync::{AtomicPtr, Ordering};
use std::mem::ManuallyDrop;
use std::ptr::{self, NonNull};

/// A place for one blank segment, filled by one thread and emptied by another.
pub(in crate::lane) struct Slot {
    /// Null, or a segment that the slot owns. Any thread.
    segment: AtomicPtr<Segment>,
}

impl Slot {
    pub(in crate::lane) fn new() -> Self {
        Self {
            segment: AtomicPtr::new(ptr::null_mut()),
        }
    }

    /// Puts `blank` in; answers what was there.
    pub(in crate::lane) fn replace(&self, blank: Blank) -> Option<Blank> {
        let segment = ManuallyDrop::new(blank).segment;
        self.swap(segment.as_ptr())
    }

    /// Takes out what is there.
    pub(in crate::lane) fn take(&self) -> Option<Blank> {
        // Relaxed: only saves a swap; a null that is outdated costs one allocation.
        if self.segment.load(Ordering::Relaxed).is_null() {
            return None;
        }
        self.swap(ptr::null_mut())
    }

    fn swap(&self, segment: *mut Segment) -> Option<Blank> {
        // SPARE: release gives our segment away as we left it, acquire takes the other's. Who swaps a pointer
        // out owns it: each pointer is swapped out once.
        let segment = self.segment.swap(segment, Ordering::AcqRel);
        NonNull::new(segment).map(|segment| Blank { segment })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.take();
    }
}
