//! The writing half of a lane.
#![forbid(unsafe_code)]

use super::frame::{FrameHeader, TEXT_SPARE, accounted, room_for};
use super::segment::{Blank, WriteEnd};
use super::shared::Shared;
use crate::landing::Attachment;
use crate::slab::OutOfMemory;
use crate::sync::Arc;

/// Sizes of segments in bytes, header included. Tiny under loom, so that two frames cross a boundary.
#[cfg(not(loom))]
mod sizes {
    /// The first segment with room.
    pub(super) const FIRST: usize = 1 << 10;
    /// The least of the later ones.
    pub(super) const STEADY: usize = 4 << 10;
    /// The most, but for a frame that needs more.
    pub(super) const LARGEST: usize = 128 << 10;
    /// What frames leave for small ones that say something of them, should memory run out (see `reserve_last`).
    pub(super) const LAST: usize = 128;
}
#[cfg(loom)]
mod sizes {
    pub(super) const FIRST: usize = super::Blank::OVERHEAD + 64;
    pub(super) const STEADY: usize = FIRST;
    pub(super) const LARGEST: usize = FIRST;
    pub(super) const LAST: usize = 0;
}

/// Why a frame could not be reserved. The lane is as before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PushError {
    /// The allocator has no room for another segment.
    OutOfMemory,
    /// Words and text together exceed [`FrameHeader::MAX_PAYLOAD`].
    TooLarge,
}

impl std::fmt::Display for PushError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::OutOfMemory => "out of memory",
            Self::TooLarge => "the message is larger than 1 GiB",
        })
    }
}

impl std::error::Error for PushError {}

impl From<OutOfMemory> for PushError {
    fn from(_: OutOfMemory) -> Self {
        Self::OutOfMemory
    }
}

/// The writing half of a lane. Dropping it closes the lane; what was committed is still delivered.
pub struct Producer {
    tail: WriteEnd,
    /// Bytes ever accepted.
    accepted: u64,
    /// `close` was called: nothing is published any more.
    closed: bool,
    shared: Arc<Shared>,
}

impl Producer {
    pub(super) fn new(tail: WriteEnd, shared: Arc<Shared>) -> Self {
        Self {
            tail,
            accepted: 0,
            closed: false,
            shared,
        }
    }

    /// Room for a frame: exclusive access to its word area and its text area, content arbitrary. Nothing is
    /// visible to the consumer until [`Reserved::commit`].
    ///
    /// # Errors
    ///
    /// [`PushError::TooLarge`] above 1 GiB, [`PushError::OutOfMemory`] if a segment could not be allocated.
    ///
    /// # Panics
    ///
    /// If `words` is not a multiple of 8.
    #[inline]
    pub fn reserve(&mut self, words: usize, text: usize) -> Result<Reserved<'_>, PushError> {
        let need = room_for(words, text).ok_or(PushError::TooLarge)? + sizes::LAST;
        self.reserve_room(words, text, need)
    }

    /// `reserve` for a small frame about what came before it, such as that it will not follow. A few of these have room behind
    /// any frame, whether or not there is memory.
    pub fn reserve_last(&mut self, words: usize, text: usize) -> Result<Reserved<'_>, PushError> {
        let need = room_for(words, text).ok_or(PushError::TooLarge)?;
        self.reserve_room(words, text, need)
    }

    #[inline]
    fn reserve_room(
        &mut self,
        words: usize,
        text: usize,
        need: usize,
    ) -> Result<Reserved<'_>, PushError> {
        assert!(
            words.is_multiple_of(8),
            "the word area is made of 8-byte words"
        );
        if need > self.tail.room() {
            self.extend(need)?;
        }
        let (words, text) = (words as u32, text as u32);
        Ok(Reserved {
            producer: self,
            words,
            text,
        })
    }

    /// Bytes ever accepted: frames ([`FrameHeader::span`]) and attachments.
    #[inline]
    pub fn accepted(&self) -> u64 {
        self.accepted
    }

    /// Bytes accepted and not yet consumed; 0 when the consumer is gone.
    ///
    /// Racy in one direction: the consumer may have consumed more by now, so the true figure is this or less.
    /// In particular 0 means that the lane is empty, and stays so until the next commit; anything else may be outdated.
    #[inline]
    pub fn buffered(&self) -> u64 {
        if self.shared.is_gone() {
            return 0;
        }
        self.accepted.saturating_sub(self.shared.consumed())
    }

    /// Was the consumer dropped? `true` is final; `false` may be outdated.
    #[inline]
    pub fn is_consumer_gone(&self) -> bool {
        self.shared.is_gone()
    }

    /// No more frames: the consumer sees the lane closed after the last one. Frames committed from now on are
    /// discarded. Calling it again does nothing; dropping the producer does the same.
    pub fn close(&mut self) {
        self.closed = true;
        self.shared.close();
    }

    /// Appends a segment with at least `need` bytes of room.
    #[cold]
    fn extend(&mut self, need: usize) -> Result<(), OutOfMemory> {
        let bytes = self.next_size().max(need + Blank::OVERHEAD);
        let blank = match self.shared.take_spare(bytes) {
            Some(blank) => blank,
            None => Blank::allocate(bytes)?,
        };
        let (write, read) = blank.split();
        std::mem::replace(&mut self.tail, write).seal(read);
        if self.shared.is_gone() {
            self.shared.discard_abandoned();
        }
        Ok(())
    }

    /// Bytes for the next segment: by the backlog, at most twice the last one.
    fn next_size(&self) -> usize {
        let backlog = usize::try_from(self.buffered()).unwrap_or(usize::MAX);
        let wanted = backlog.min(sizes::LARGEST).next_power_of_two() * 2;
        let doubled = (self.tail.bytes() * 2).clamp(sizes::FIRST, sizes::LARGEST);
        wanted.clamp(sizes::STEADY.min(doubled), doubled)
    }

    #[inline]
    fn publish(&mut self, header: FrameHeader, attachments: Vec<Attachment>) {
        if self.closed {
            return;
        }
        let carries = !attachments.is_empty();
        self.accepted += accounted(&header, &attachments);
        self.tail.publish(header, attachments);
        if carries || self.tail.bytes() > sizes::LARGEST {
            self.release_large();
        }
    }

    /// After a large frame: see to it that its memory does not wait for the next push to be free.
    #[cold]
    fn release_large(&mut self) {
        if self.shared.is_gone() {
            self.shared.discard_abandoned();
        }
        if self.tail.bytes() > sizes::LARGEST {
            // Best effort: without memory for a successor, the next push seals the segment.
            let _ = self.extend(0);
        }
    }
}

impl Drop for Producer {
    fn drop(&mut self) {
        self.shared.close();
    }
}

impl std::fmt::Debug for Producer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Producer")
            .field("accepted", &self.accepted)
            .field("buffered", &self.buffered())
            .finish_non_exhaustive()
    }
}

/// A frame being written. Dropping it without [`Reserved::commit`] publishes nothing.
#[derive(Debug)]
pub struct Reserved<'a> {
    producer: &'a mut Producer,
    /// Bytes of the word area.
    words: u32,
    /// Bytes of the text area.
    text: u32,
}

impl Reserved<'_> {
    /// The word area, 8-byte aligned.
    #[inline]
    pub fn words_mut(&mut self) -> &mut [u8] {
        self.areas_mut().0
    }

    /// The text area, with 4 spare bytes behind it for a terminator; those are not sent.
    #[inline]
    pub fn text_mut(&mut self) -> &mut [u8] {
        self.areas_mut().1
    }

    /// Both areas at once: words, and text with its spare bytes.
    #[inline]
    pub fn areas_mut(&mut self) -> (&mut [u8], &mut [u8]) {
        let words = self.words as usize;
        let bytes = FrameHeader::BYTES + words + self.text as usize + TEXT_SPARE;
        let frame = self.producer.tail.area(bytes);
        frame[FrameHeader::BYTES..].split_at_mut(words)
    }

    /// Publishes the frame. `attachments` travel beside it and are
    /// owned by the lane from here on, even if the lane is closed or its consumer gone.
    #[inline]
    pub fn commit(self, kind: u32, attachments: Vec<Attachment>) {
        let header = FrameHeader {
            kind,
            words: self.words,
            text: self.text,
            attachments: attachments.len() as u32,
        };
        self.producer.publish(header, attachments);
    }
}
