//! The reading half of a lane.
#![forbid(unsafe_code)]

use super::frame::Frame;
use super::segment::ReadEnd;
use super::shared::Shared;
use crate::sync::Arc;

/// The reading half of a lane. Dropping it releases all unread frames and their attachments.
pub struct Consumer {
    /// `None` only inside `drop`.
    head: Option<ReadEnd>,
    /// Bytes consumed, a copy of the shared figure.
    consumed: u64,
    shared: Arc<Shared>,
}

impl Consumer {
    pub(super) fn new(head: ReadEnd, shared: Arc<Shared>) -> Self {
        Self {
            head: Some(head),
            consumed: 0,
            shared,
        }
    }

    /// Shows the published frames in order, from the first that is not consumed, until `visit` answers `false`
    /// (that frame counts as not visited) or there are no more. Frames published meanwhile are shown too.
    /// Consumes nothing: the next call starts at the same frame. Answers how many were visited.
    #[inline]
    pub fn peek(&mut self, mut visit: impl FnMut(Frame<'_>) -> bool) -> usize {
        let Some(head) = &self.head else { return 0 };
        let mut cursor = head.cursor();
        let mut visited = 0;
        while let Some(frame) = cursor.next() {
            if !visit(frame) {
                break;
            }
            visited += 1;
        }
        visited
    }

    /// Consumes the first `n` frames: their attachments are dropped, their memory is recycled and their sizes
    /// count as consumed.
    ///
    /// # Panics
    ///
    /// If fewer than `n` frames are published. What was there is consumed.
    #[inline]
    pub fn advance(&mut self, n: usize) {
        for _ in 0..n {
            match self.take_frame() {
                Some(size) => self.consumed += size,
                None => break_contract(),
            }
        }
        self.shared.set_consumed(self.consumed);
        // Leaves a segment that is done, so that the memory of a large frame is free now.
        self.is_empty();
    }

    /// Is there no frame to peek at? `false` holds until frames are consumed; `true` may be outdated.
    #[inline]
    pub fn is_empty(&mut self) -> bool {
        loop {
            if self.head.as_mut().is_some_and(ReadEnd::has_frame) {
                return false;
            }
            if !self.leave() {
                return true;
            }
        }
    }

    /// Is the producer closed or dropped? `true` is final and means that an empty lane, looked at after this
    /// call, stays empty; `false` may be outdated.
    #[inline]
    pub fn is_closed(&self) -> bool {
        self.shared.is_closed()
    }

    /// Bytes ever consumed, in the measure of [`super::Producer::accepted`].
    #[inline]
    pub fn consumed(&self) -> u64 {
        self.consumed
    }

    #[inline]
    fn take_frame(&mut self) -> Option<u64> {
        loop {
            if let Some(size) = self.head.as_mut()?.take_frame() {
                return Some(size);
            }
            if !self.leave() {
                return None;
            }
        }
    }

    /// Goes on to the next segment and recycles the emptied one. `false` if there is none yet, or frames have
    /// come meanwhile.
    #[cold]
    fn leave(&mut self) -> bool {
        let Some(head) = &mut self.head else {
            return false;
        };
        match head.leave() {
            Some(blank) => self.shared.recycle(blank),
            None => return head.has_frame(),
        }
        true
    }
}

#[cold]
fn break_contract() -> ! {
    panic!("advance over more frames than are published");
}

impl Drop for Consumer {
    fn drop(&mut self) {
        if let Some(mut head) = self.head.take() {
            self.consumed += head.drain();
            self.shared.set_consumed(self.consumed);
            self.shared.abandon(head);
        }
    }
}

impl std::fmt::Debug for Consumer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Consumer")
            .field("consumed", &self.consumed)
            .field("closed", &self.is_closed())
            .finish_non_exhaustive()
    }
}
