//! The payload of a message: what a codec made of a value.
//!
//! ```text
//!  words: u32, text: u32, blobs: u32, 0      bytes of the words; of the text, bit 31: UTF-16; number of buffers
//!  u32 * blobs                               their sizes; padded to 8, as each part
//!  words
//!  text                                      and room for the terminator that Node-API writes
//!  blob *
//! ```

#![forbid(unsafe_code)]

/// Bytes behind a text for the terminator that Node-API writes.
pub const TERMINATOR: usize = 2;

const WIDE: u32 = 1 << 31;

/// The first part, and where the others are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parts {
    /// Bytes of the words.
    pub words: usize,
    /// Bytes of the text, without a terminator.
    pub text: usize,
    /// Is the text UTF-16, or Latin-1?
    pub wide: bool,
    /// How many buffers there are.
    pub blobs: usize,
}

const fn padded(bytes: usize) -> usize {
    bytes.next_multiple_of(8)
}

impl Parts {
    /// Bytes of the first part, which has these numbers.
    pub const HEADER: usize = 16;

    /// The first part.
    pub fn pack(self) -> [u8; Parts::HEADER] {
        let text = self.text as u32 | if self.wide { WIDE } else { 0 };
        let mut bytes = [0; Parts::HEADER];
        for (place, word) in
            bytes
                .as_chunks_mut()
                .0
                .iter_mut()
                .zip([self.words as u32, text, self.blobs as u32])
        {
            *place = word.to_ne_bytes();
        }
        bytes
    }

    /// What stands in a record of `bytes` bytes; `None` if that cannot be. The sizes of the blobs are not looked at.
    pub fn unpack(header: [u8; Parts::HEADER], bytes: usize) -> Option<Parts> {
        let word = |index: usize| u32::from_ne_bytes(header.as_chunks().0[index]);
        let parts = Parts {
            words: word(0) as usize,
            text: (word(1) & !WIDE) as usize,
            wide: word(1) & WIDE != 0,
            blobs: word(2) as usize,
        };
        // Each number is below 2^32, so that nothing overflows before it is compared.
        let fits = parts.words.max(parts.text) <= bytes
            && parts.blobs <= bytes / 4
            && parts.blobs_at() <= bytes;
        let even = parts.words.is_multiple_of(8) && (!parts.wide || parts.text.is_multiple_of(2));
        (fits && even).then_some(parts)
    }

    /// Where the words begin.
    pub fn words_at(self) -> usize {
        Parts::HEADER + padded(4 * self.blobs)
    }

    /// Where the text begins.
    pub fn text_at(self) -> usize {
        self.words_at() + self.words
    }

    /// Where the buffers begin.
    pub fn blobs_at(self) -> usize {
        self.text_at() + self.text_room()
    }

    fn text_room(self) -> usize {
        if self.text == 0 {
            0
        } else {
            padded(self.text + TERMINATOR)
        }
    }

    /// The end of the record, with blobs of these sizes.
    pub fn end(self, sizes: impl Iterator<Item = usize>) -> usize {
        sizes.fold(self.blobs_at(), Parts::after_blob)
    }

    /// The end of a blob of `bytes` bytes that begins at `from`.
    pub fn after_blob(from: usize, bytes: usize) -> usize {
        from.saturating_add(padded(bytes))
    }
}
