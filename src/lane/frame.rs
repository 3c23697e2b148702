//! What a frame looks like in a segment, and to its reader.
#![forbid(unsafe_code)]

use crate::landing::Attachment;

/// The fixed part of a frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FrameHeader {
    /// Meaning of the frame; the lane does not look at it.
    pub kind: u32,
    /// Bytes of the word area, a multiple of 8.
    pub words: u32,
    /// Bytes of the text area.
    pub text: u32,
    /// How many attachments travel with the frame.
    pub attachments: u32,
}

impl FrameHeader {
    /// Bytes that a header takes in a segment.
    pub const BYTES: usize = 16;
    /// The most bytes of words and text together, 1 GiB.
    pub const MAX_PAYLOAD: usize = 1 << 30;

    /// Bytes that the frame takes in its segment.
    #[inline]
    pub fn span(&self) -> usize {
        let list = if self.attachments == 0 { 0 } else { LIST_BYTES };
        self.list_offset() + list
    }

    /// Where the pointer to the attachment list is, from the start of the frame; a multiple of 8.
    #[inline]
    pub(super) fn list_offset(&self) -> usize {
        Self::BYTES + self.words as usize + padded(self.text as usize)
    }

    #[inline]
    pub(super) fn write(&self, to: &mut [u8; Self::BYTES]) {
        let fields = [self.kind, self.words, self.text, self.attachments];
        for (place, field) in to.as_chunks_mut::<4>().0.iter_mut().zip(fields) {
            *place = field.to_ne_bytes();
        }
    }

    #[inline]
    pub(super) fn read(from: &[u8; Self::BYTES]) -> Self {
        let (fields, _) = from.as_chunks::<4>();
        Self {
            kind: u32::from_ne_bytes(fields[0]),
            words: u32::from_ne_bytes(fields[1]),
            text: u32::from_ne_bytes(fields[2]),
            attachments: u32::from_ne_bytes(fields[3]),
        }
    }
}

/// Bytes behind the text for the pointer to the attachment list. Before commit they are the spare bytes that
/// the text's writer may use for a terminator.
pub(super) const LIST_BYTES: usize = 8;
/// Spare bytes behind the text area while it is written.
pub(super) const TEXT_SPARE: usize = 4;

const _: () = assert!(TEXT_SPARE <= LIST_BYTES && size_of::<*mut Attachment>() <= LIST_BYTES);

#[inline]
fn padded(text: usize) -> usize {
    text.next_multiple_of(8)
}

/// Bytes a segment must have free to write a frame of these areas; `None` above the limit.
#[inline]
pub(super) fn room_for(words: usize, text: usize) -> Option<usize> {
    if words > FrameHeader::MAX_PAYLOAD || text > FrameHeader::MAX_PAYLOAD - words {
        return None;
    }
    Some(FrameHeader::BYTES + words + padded(text) + LIST_BYTES)
}

/// A published frame, borrowed from the lane.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// The fixed part.
    pub header: FrameHeader,
    /// The word area, 8-byte aligned.
    pub words: &'a [u8],
    /// The text area.
    pub text: &'a [u8],
    /// What travels beside the frame. `Attachment::bytes` to keep (a reference count, no copy).
    pub attachments: &'a [Attachment],
    /// Bytes as accounted: [`FrameHeader::span`] and the length of each attachment.
    pub size: u64,
}

/// Bytes of a frame as accounted.
#[inline]
pub(super) fn accounted(header: &FrameHeader, attachments: &[Attachment]) -> u64 {
    let beside: usize = attachments.iter().map(Attachment::len).sum();
    (header.span() + beside) as u64
}
