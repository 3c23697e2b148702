//! The end of a segment that writes.

use super::super::frame::FrameHeader;
use super::{HEADER, ReadEnd, SEALED, Segment, data};
use crate::landing::Attachment;
use crate::sync::Ordering;
use std::mem::ManuallyDrop;
use std::ptr::NonNull;

/// The one handle that writes into a segment (R1). Dropping it seals the segment as the last one.
pub(in crate::lane) struct WriteEnd {
    segment: NonNull<Segment>,
    /// Bytes published, a copy of the word's length.
    length: usize,
    /// Bytes of data; constant.
    capacity: usize,
}

// SAFETY: a handle is bound to no thread: what the ends share goes through the word (R2, R3), and what frames
// carry is `Send` and `Sync`.
unsafe impl Send for WriteEnd {}

impl WriteEnd {
    /// The end of an empty segment; `split` makes the one there is (R1).
    pub(super) fn new(segment: NonNull<Segment>, capacity: usize) -> Self {
        Self {
            segment,
            length: 0,
            capacity,
        }
    }

    #[inline]
    fn header(&self) -> &Segment {
        // SAFETY: live while this handle is (R1).
        unsafe { self.segment.as_ref() }
    }

    /// Bytes not yet published.
    #[inline]
    pub(in crate::lane) fn room(&self) -> usize {
        self.capacity - self.length
    }

    /// Bytes of the whole block.
    pub(in crate::lane) fn bytes(&self) -> usize {
        self.capacity + HEADER
    }

    /// The first `bytes` bytes after the last frame, 8-byte aligned, content arbitrary.
    ///
    /// # Panics
    ///
    /// If there is less room.
    #[inline]
    pub(in crate::lane) fn area(&mut self, bytes: usize) -> &mut [u8] {
        assert!(bytes <= self.room());
        self.header().shadow.write(self.length..self.length + bytes);
        // SAFETY: inside the data (checked), initialised (R7), ours (R3) and borrowed with the handle.
        unsafe {
            let start = data(self.segment).add(self.length);
            std::slice::from_raw_parts_mut(start.as_ptr(), bytes)
        }
    }

    /// Publishes the frame whose areas were written after the last one, with `list` as its attachments.
    ///
    /// # Panics
    ///
    /// If there is less room than the frame spans, or the list is not as long as the header says.
    #[inline]
    pub(in crate::lane) fn publish(&mut self, header: FrameHeader, list: Vec<Attachment>) {
        assert!(list.len() == header.attachments as usize);
        let span = header.span();
        debug_assert!(span.is_multiple_of(8), "the word's lowest bit is the seal");
        let area = self.area(span);
        if let Some(place) = area.first_chunk_mut() {
            header.write(place);
        }
        if !list.is_empty() {
            store_list(&mut area[header.list_offset()..], list);
        }
        self.length += span;
        // PUBLISH: release, so that the frame is visible before its length is.
        self.header().word.store(self.length, Ordering::Release);
    }

    /// Says that this segment is complete and `next` follows.
    pub(in crate::lane) fn seal(self, next: ReadEnd) {
        ManuallyDrop::new(self).finish(Some(next));
    }

    fn finish(&mut self, next: Option<ReadEnd>) {
        // SAFETY: ours until the seal (R4), and the old value is `None`.
        self.header().next.with_mut(|slot| unsafe { *slot = next });
        // PUBLISH: release, the last access (R2). `next` and all that was done to the segment are visible to
        // whoever sees the seal and frees it.
        self.header()
            .word
            .store(self.length | SEALED, Ordering::Release);
    }
}

impl Drop for WriteEnd {
    fn drop(&mut self) {
        self.finish(None);
    }
}

/// Moves the attachment list of a frame into its place (R6).
#[cold]
fn store_list(place: &mut [u8], list: Vec<Attachment>) {
    assert!(place.len() >= size_of::<*mut Attachment>());
    let list = Box::into_raw(list.into_boxed_slice()).cast::<Attachment>();
    // SAFETY: in bounds (asserted). Unaligned costs nothing here and needs no further reason.
    unsafe {
        place
            .as_mut_ptr()
            .cast::<*mut Attachment>()
            .write_unaligned(list)
    }
}
