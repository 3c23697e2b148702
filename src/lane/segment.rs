//! Segments and the handles to them. All unsafe code of the lane; R1 to R7 are in the module header of `lane`.
//!
//! ```text
//!                 split                 seal (consumes the WriteEnd)      leave (consumes the ReadEnd)
//! Blank ------------------> WriteEnd ------------------------------+
//!   ^                  \--> ReadEnd  ------------------------------+----> Blank of the emptied segment
//!   |                                                                        + ReadEnd of the next one
//!   +------------------------------- recycled --------------------------------+
//! ```
//!
//! The handles make the protocol a matter of types: outside this file the lane is safe code.

use super::frame::{Frame, FrameHeader, accounted};
use crate::slab::{Block, OutOfMemory, SlabPool};
use crate::sync::{AtomicPtr, AtomicUsize, Ordering, Shadow, UnsafeCell};
use bytes::Bytes;
use std::marker::PhantomData;
use std::mem::ManuallyDrop;
use std::ptr::{self, NonNull};

/// The head of a segment; `capacity` bytes of data follow at [`HEADER`].
struct Segment {
    /// `{ length: all bits but the lowest (a multiple of 8), sealed: lowest bit }`. Written by the `WriteEnd`
    /// (R2); what others read may be outdated by later frames.
    word: AtomicUsize,
    /// The segment after this one. Written by the `WriteEnd` before the seal, read after it (R4).
    next: UnsafeCell<Option<ReadEnd>>,
    /// The allocation that this header and the data live in. Constant while the segment lives.
    block: ManuallyDrop<Block>,
    /// What loom sees of the data.
    shadow: Shadow,
}

/// The lowest bit of the word: the writer is done and `next` is set.
const SEALED: usize = 1;
/// Where the data starts, from the start of the block; a multiple of 8.
const HEADER: usize = size_of::<Segment>().next_multiple_of(64);

const _: () = assert!(align_of::<Segment>() <= Block::ALIGN);

/// The word of a segment, taken apart.
#[derive(Clone, Copy)]
struct Published {
    length: usize,
    sealed: bool,
}

impl Segment {
    #[inline]
    fn published(&self) -> Published {
        // PUBLISH: acquire, so that the frames below the length and `next` behind a seal are visible.
        let word = self.word.load(Ordering::Acquire);
        Published {
            length: word & !SEALED,
            sealed: word & SEALED != 0,
        }
    }
}

/// Start of the data of `segment`.
#[inline]
fn data(segment: NonNull<Segment>) -> NonNull<u8> {
    // SAFETY: a segment's block is at least HEADER bytes long (`Blank::allocate`), and the pointer was made
    // from the block's, so it may reach all of it.
    unsafe { segment.cast::<u8>().add(HEADER) }
}

/// A segment that nobody else has a handle to (R1). Dropping it frees or pools the memory.
pub(super) struct Blank {
    segment: NonNull<Segment>,
}

/// The one handle that writes into a segment (R1). Dropping it seals the segment as the last one.
pub(super) struct WriteEnd {
    segment: NonNull<Segment>,
    /// Bytes published, a copy of the word's length.
    length: usize,
    /// Bytes of data; constant.
    capacity: usize,
}

/// The one handle that reads a segment and the segments after it (R1). Dropping it frees all segments that are
/// sealed, with the attachments in them.
pub(super) struct ReadEnd {
    segment: NonNull<Segment>,
    /// The first byte that is not consumed (R5).
    position: usize,
    /// A length that was published; at most that of the word, at least `position`.
    known: usize,
}

// SAFETY: the handles are bound to no thread: what they share goes through the word (R2, R3), and `Bytes` is
// `Send` and `Sync`.
unsafe impl Send for Blank {}
// SAFETY: as for `Blank`.
unsafe impl Send for WriteEnd {}
// SAFETY: as for `Blank`.
unsafe impl Send for ReadEnd {}

impl Blank {
    /// Bytes of a block that its header takes.
    pub(super) const OVERHEAD: usize = HEADER;

    /// A segment in a block of at least `bytes` bytes, [`Self::OVERHEAD`] included.
    pub(super) fn allocate(bytes: usize) -> Result<Self, OutOfMemory> {
        let block = SlabPool::global().take_block(bytes.max(HEADER))?;
        let segment = block.start().cast::<Segment>();
        let header = Segment {
            word: AtomicUsize::new(0),
            next: UnsafeCell::new(None),
            shadow: Shadow::new(block.len() - HEADER),
            block: ManuallyDrop::new(block),
        };
        // SAFETY: the block is exclusive, aligned (asserted above) and has room for the header.
        unsafe { segment.write(header) };
        Ok(Self { segment })
    }

    /// A segment without room for frames, the start of a lane.
    pub(super) fn root() -> Self {
        match Self::allocate(HEADER) {
            Ok(root) => root,
            Err(OutOfMemory) => {
                std::alloc::handle_alloc_error(std::alloc::Layout::new::<Segment>())
            }
        }
    }

    /// Bytes of the whole block.
    pub(super) fn bytes(&self) -> usize {
        // SAFETY: live (R1); the field is constant.
        unsafe { self.segment.as_ref() }.block.len()
    }

    /// Bytes for frames.
    pub(super) fn capacity(&self) -> usize {
        self.bytes() - HEADER
    }

    /// The two ends of this segment, empty.
    pub(super) fn split(self) -> (WriteEnd, ReadEnd) {
        let capacity = self.capacity();
        let segment = ManuallyDrop::new(self).segment;
        // SAFETY: live, and ours alone (R1).
        let header = unsafe { segment.as_ref() };
        // Relaxed: the reader learns of this segment through a later PUBLISH.
        header.word.store(0, Ordering::Relaxed);
        let write = WriteEnd {
            segment,
            length: 0,
            capacity,
        };
        let read = ReadEnd {
            segment,
            position: 0,
            known: 0,
        };
        (write, read)
    }
}

impl Drop for Blank {
    fn drop(&mut self) {
        // SAFETY: live, and ours alone (R1); the block is taken out once, here, and the header not used again.
        let block = unsafe {
            let block = ptr::read(&raw const (*self.segment.as_ptr()).block);
            ptr::drop_in_place(self.segment.as_ptr());
            // R7: a header has padding, a block must not.
            ptr::write_bytes(self.segment.as_ptr().cast::<u8>(), 0, HEADER);
            block
        };
        SlabPool::global().give_back(ManuallyDrop::into_inner(block));
    }
}

impl WriteEnd {
    #[inline]
    fn header(&self) -> &Segment {
        // SAFETY: live while this handle is (R1).
        unsafe { self.segment.as_ref() }
    }

    /// Bytes not yet published.
    #[inline]
    pub(super) fn room(&self) -> usize {
        self.capacity - self.length
    }

    /// Bytes of the whole block.
    pub(super) fn bytes(&self) -> usize {
        self.capacity + HEADER
    }

    /// The first `bytes` bytes after the last frame, 8-byte aligned, content arbitrary.
    ///
    /// # Panics
    ///
    /// If there is less room.
    #[inline]
    pub(super) fn area(&mut self, bytes: usize) -> &mut [u8] {
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
    pub(super) fn publish(&mut self, header: FrameHeader, list: Vec<Bytes>) {
        assert!(list.len() == header.attachments as usize);
        let span = header.span();
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
    pub(super) fn seal(self, next: ReadEnd) {
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
fn store_list(place: &mut [u8], list: Vec<Bytes>) {
    assert!(place.len() >= size_of::<*mut Bytes>());
    let list = Box::into_raw(list.into_boxed_slice()).cast::<Bytes>();
    // SAFETY: in bounds (asserted). Unaligned costs nothing here and needs no further reason.
    unsafe {
        place
            .as_mut_ptr()
            .cast::<*mut Bytes>()
            .write_unaligned(list)
    }
}

impl ReadEnd {
    #[inline]
    fn header(&self) -> &Segment {
        // SAFETY: live while this handle is (R1).
        unsafe { self.segment.as_ref() }
    }

    /// Looks at the word if all known frames are consumed; is there one now?
    #[inline]
    pub(super) fn has_frame(&mut self) -> bool {
        if self.position == self.known {
            self.known = self.header().published().length;
        }
        self.position < self.known
    }

    /// Reads on from here without consuming.
    #[inline]
    pub(super) fn cursor(&self) -> Cursor<'_> {
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
    pub(super) fn take_frame(&mut self) -> Option<u64> {
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
    pub(super) fn leave(&mut self) -> Option<Blank> {
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
    pub(super) fn drain(&mut self) -> u64 {
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
pub(super) struct Cursor<'a> {
    segment: NonNull<Segment>,
    position: usize,
    known: usize,
    lane: PhantomData<&'a ReadEnd>,
}

impl<'a> Cursor<'a> {
    /// The next frame, if one is published.
    #[inline]
    pub(super) fn next(&mut self) -> Option<Frame<'a>> {
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
) -> *mut Bytes {
    // SAFETY: `publish` put the pointer there, inside the frame.
    unsafe {
        let place = data(segment).add(position + header.list_offset());
        place.cast::<*mut Bytes>().read_unaligned()
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
) -> Box<[Bytes]> {
    // SAFETY: `store_list` made the pointer from a box of that length, and it is taken once.
    unsafe {
        let list = read_list(segment, position, header);
        Box::from_raw(ptr::slice_from_raw_parts_mut(
            list,
            header.attachments as usize,
        ))
    }
}

/// A place for one blank segment, filled by one thread and emptied by another.
pub(super) struct Slot {
    /// Null, or a segment that the slot owns. Any thread.
    segment: AtomicPtr<Segment>,
}

impl Slot {
    pub(super) fn new() -> Self {
        Self {
            segment: AtomicPtr::new(ptr::null_mut()),
        }
    }

    /// Puts `blank` in; answers what was there.
    pub(super) fn replace(&self, blank: Blank) -> Option<Blank> {
        let segment = ManuallyDrop::new(blank).segment;
        self.swap(segment.as_ptr())
    }

    /// Takes out what is there.
    pub(super) fn take(&self) -> Option<Blank> {
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
