//! The end of a segment that reads, and goes on to the next one.

use super::super::frame::{Frame, FrameHeader, accounted};
use super::{Blank, Segment, data};
use crate::landing::Attachment;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::ptr::{self, NonNull};

/// The one handle that reads a segment and the segments after it (R1). Dropping it frees all segments that are
/// sealed, with the attachments in them.
pub(in crate::lane) struct ReadEnd {
    segment: NonNull<Segment>,
    /// The first byte that is not consumed (R5).
    position: usize,
    /// A length that was published; at most that of the word, at least `position`.
    known: usize,
}

// SAFETY: a handle is bound to no thread: what the ends share goes through the word (R2, R3), and what frames
// carry is `Send` and `Sync`.
unsafe impl Send for ReadEnd {}

impl ReadEnd {
    /// The end of an empty segment; `split` makes the one there is (R1).
    pub(super) fn new(segment: NonNull<Segment>) -> Self {
        Self {
            segment,
            position: 0,
            known: 0,
        }
    }

    #[inline]
    fn header(&self) -> &Segment {
        // SAFETY: live while this handle is (R1).
        unsafe { self.segment.as_ref() }
    }

    /// Looks at the word if all known frames are consumed; is there one now?
    #[inline]
    pub(in crate::lane) fn has_frame(&mut self) -> bool {
        if self.position == self.known {
            self.known = self.header().published().length;
        }
        self.position < self.known
    }

    /// Reads on from here without consuming.
    #[inline]
    pub(in crate::lane) fn cursor(&self) -> Cursor<'_> {
        Cursor {
            segment: self.segment,
            position: self.position,
            known: self.known,
            lane: PhantomData,
        }
    }

    /// Consumes one frame and drops its attachments; answers its size as accounted. `None` at the end of what
    /// this segment has.
    #[inline]
    pub(in crate::lane) fn take_frame(&mut self) -> Option<u64> {
        if !self.has_frame() {
            return None;
        }
        // SAFETY: a frame starts here: at least its header is below the known length (R3, R5).
        let header = unsafe { read_header(self.segment, self.position) };
        let start = self.position;
        self.position += header.span();
        if header.attachments == 0 {
            return Some(header.span() as u64);
        }
        // SAFETY: `start` is where that header was read, and the position has moved past it: this is the one
        // time that the list is taken (R6).
        let list = unsafe { take_list(self.segment, start, &header) };
        Some(accounted(&header, &list))
    }

    /// Leaves an emptied segment for the next one; answers the emptied one. `None` if the segment has frames,
    /// may get some, or is the last.
    pub(in crate::lane) fn leave(&mut self) -> Option<Blank> {
        let published = self.header().published();
        if !published.sealed || self.position < published.length {
            return None;
        }
        // SAFETY: sealed, so `next` is ours (R4).
        let next = self
            .header()
            .next
            .with_mut(|next| unsafe { (*next).take() })?;
        let left = ManuallyDrop::new(std::mem::replace(self, next));
        // The seal was the writer's last access (R2) and the read end is given up here: nobody else is left.
        Some(Blank {
            segment: left.segment,
        })
    }

    /// Consumes every frame there is and frees every segment that can be left; answers the bytes consumed.
    ///
    /// Ends with the segment that is the last one now, so that a producer that goes on cannot keep it busy.
    pub(in crate::lane) fn drain(&mut self) -> u64 {
        let last = self.cursor().last();
        let mut size = 0;
        loop {
            while let Some(frame) = self.take_frame() {
                size += frame;
            }
            let done = self.segment == last;
            self.leave();
            if done {
                return size;
            }
        }
    }
}

impl Drop for ReadEnd {
    fn drop(&mut self) {
        self.drain();
        let published = self.header().published();
        debug_assert!(
            published.sealed,
            "a read end is dropped after the write end"
        );
        if published.sealed {
            // Drained, sealed and without a next one (else `drain` had left it): nobody else is left (R2).
            drop(Blank {
                segment: self.segment,
            });
        }
    }
}

/// Walks over published frames without consuming them.
pub(in crate::lane) struct Cursor<'a> {
    segment: NonNull<Segment>,
    position: usize,
    known: usize,
    lane: PhantomData<&'a ReadEnd>,
}

impl<'a> Cursor<'a> {
    /// The next frame, if one is published.
    #[inline]
    pub(in crate::lane) fn next(&mut self) -> Option<Frame<'a>> {
        if self.position == self.known && !self.refresh() {
            return None;
        }
        // SAFETY: a frame starts here (R3, R5), and the segment stays while the `ReadEnd` is borrowed: it is
        // that one's or comes after it, and only `&mut ReadEnd` leaves segments and takes frames.
        let frame = unsafe { read_frame(self.segment, self.position) };
        self.position += frame.header.span();
        Some(frame)
    }

    /// Is there a frame behind the known ones, here or in the segments that follow?
    fn refresh(&mut self) -> bool {
        loop {
            // SAFETY: live while the `ReadEnd` is borrowed, as in `next`.
            let header = unsafe { self.segment.as_ref() };
            let published = header.published();
            self.known = published.length;
            if self.position < self.known {
                return true;
            }
            if !published.sealed || !self.enter_next(header) {
                return false;
            }
        }
    }

    /// The last segment of the chain.
    fn last(mut self) -> NonNull<Segment> {
        loop {
            // SAFETY: live while the `ReadEnd` is borrowed, as in `next`.
            let header = unsafe { self.segment.as_ref() };
            if !header.published().sealed || !self.enter_next(header) {
                return self.segment;
            }
        }
    }

    /// Moves on to the segment after the sealed segment `header`, if there is one.
    fn enter_next(&mut self, header: &Segment) -> bool {
        // SAFETY: sealed, so `next` is constant until the borrowed `ReadEnd` leaves the segment (R4).
        let next = header
            .next
            .with(|next| unsafe { (*next).as_ref().map(|next| next.segment) });
        if let Some(segment) = next {
            (self.segment, self.position, self.known) = (segment, 0, 0);
        }
        next.is_some()
    }
}

/// Reads the header of the frame at `position`.
///
/// # Safety
///
/// A published, unconsumed frame starts at `position` of the live `segment` (R3, R5).
#[inline]
unsafe fn read_header(segment: NonNull<Segment>, position: usize) -> FrameHeader {
    // SAFETY: the caller says that the segment is live and a header is there.
    unsafe {
        let shadow = &segment.as_ref().shadow;
        shadow.read(position..position + FrameHeader::BYTES);
        let start = data(segment).add(position);
        FrameHeader::read(start.cast().as_ref())
    }
}

/// Reads the frame at `position`.
///
/// # Safety
///
/// As for [`read_header`], and the frame stays unconsumed for `'a`.
#[inline]
unsafe fn read_frame<'a>(segment: NonNull<Segment>, position: usize) -> Frame<'a> {
    // SAFETY: as the caller says.
    let header = unsafe { read_header(segment, position) };
    // SAFETY: `publish` checked that the whole frame is inside the data, and nobody writes there (R3).
    unsafe {
        segment
            .as_ref()
            .shadow
            .read(position..position + header.span());
        let words = data(segment).add(position + FrameHeader::BYTES);
        let text = words.add(header.words as usize);
        let attachments = match header.attachments {
            0 => &[],
            count => {
                let list = read_list(segment, position, &header);
                std::slice::from_raw_parts(list, count as usize)
            }
        };
        Frame {
            words: std::slice::from_raw_parts(words.as_ptr(), header.words as usize),
            text: std::slice::from_raw_parts(text.as_ptr(), header.text as usize),
            attachments,
            size: accounted(&header, attachments),
            header,
        }
    }
}

/// Reads where the attachment list of the frame at `position` is.
///
/// # Safety
///
/// As for [`read_header`], which gave `header`; it counts at least one attachment.
unsafe fn read_list(
    segment: NonNull<Segment>,
    position: usize,
    header: &FrameHeader,
) -> *mut Attachment {
    // SAFETY: `publish` put the pointer there, inside the frame.
    unsafe {
        let place = data(segment).add(position + header.list_offset());
        place.cast::<*mut Attachment>().read_unaligned()
    }
}

/// Takes the attachment list of the frame at `position`.
///
/// # Safety
///
/// As for [`read_list`]; once for each frame (R6).
#[cold]
unsafe fn take_list(
    segment: NonNull<Segment>,
    position: usize,
    header: &FrameHeader,
) -> Box<[Attachment]> {
    // SAFETY: `store_list` made the pointer from a box of that length, and it is taken once.
    unsafe {
        let list = read_list(segment, position, header);
        Box::from_raw(ptr::slice_from_raw_parts_mut(
            list,
            header.attachments as usize,
        ))
    }
}
