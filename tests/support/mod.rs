//! Frames whose content follows from a seed, and attachments that count themselves.
// Each test binary uses its part of this.
#![allow(dead_code)]

use bytes::Bytes;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use threadport::landing::Attachment;
use threadport::lane::{Frame, FrameHeader, Producer, PushError};

/// What to push: everything else follows from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipe {
    /// Kind of the frame and seed of its content.
    pub seed: u32,
    /// Words of 8 bytes.
    pub words: usize,
    /// Bytes of text that are reserved.
    pub text: usize,
    /// Length of each attachment.
    pub attachments: Vec<usize>,
}

impl Recipe {
    pub fn new(seed: u32, words: usize, text: usize) -> Self {
        Self {
            seed,
            words,
            text,
            attachments: Vec::new(),
        }
    }

    fn header(&self) -> FrameHeader {
        FrameHeader {
            kind: self.seed,
            words: (self.words * 8) as u32,
            text: self.text as u32,
            attachments: self.attachments.len() as u32,
        }
    }

    /// Bytes as the lane accounts them.
    pub fn size(&self) -> u64 {
        (self.header().span() + self.attachments.iter().sum::<usize>()) as u64
    }

    /// Writes and commits the frame.
    pub fn push(&self, producer: &mut Producer, live: &Live) -> Result<(), PushError> {
        let mut frame = producer.reserve(self.words * 8, self.text)?;
        assert!(frame.words_mut().as_ptr().cast::<u64>().is_aligned());
        assert_eq!(frame.words_mut().len(), self.words * 8);
        assert_eq!(frame.text_mut().len(), self.text + 4);
        fill(frame.words_mut(), self.seed);
        fill(frame.text_mut(), self.seed ^ 1);
        let attachments: Vec<Attachment> = self
            .attachments
            .iter()
            .map(|&len| live.bytes(len, self.seed).into())
            .collect();
        frame.commit(self.seed, attachments);
        Ok(())
    }

    /// Checks every byte of `frame`.
    pub fn check(&self, frame: &Frame<'_>) {
        assert_eq!(frame.header, self.header());
        assert_eq!(frame.size, self.size());
        assert!(frame.words.as_ptr().cast::<u64>().is_aligned());
        assert_eq!(frame.words.len(), self.words * 8);
        assert_eq!(frame.text.len(), self.text);
        assert!(follows(frame.words, self.seed));
        assert!(follows(frame.text, self.seed ^ 1));
        let lengths: Vec<usize> = frame.attachments.iter().map(Attachment::len).collect();
        assert_eq!(lengths, self.attachments);
        let mut contents = frame.attachments.iter().filter_map(Attachment::bytes);
        assert!(contents.all(|a| follows(&a, self.seed)));
    }
}

fn byte(seed: u32, index: usize) -> u8 {
    (seed.wrapping_mul(0x9E37_79B1) >> 13) as u8 ^ (index as u8).wrapping_mul(31)
}

/// Fills `bytes` with what follows from `seed`.
pub fn fill(bytes: &mut [u8], seed: u32) {
    for (index, place) in bytes.iter_mut().enumerate() {
        *place = byte(seed, index);
    }
}

/// Are these the bytes that follow from `seed`?
pub fn follows(bytes: &[u8], seed: u32) -> bool {
    bytes
        .iter()
        .enumerate()
        .all(|(index, &value)| value == byte(seed, index))
}

/// Counts attachments that are not released yet.
#[derive(Clone, Default)]
pub struct Live(Arc<AtomicUsize>);

struct Owner(Vec<u8>, Live);

impl AsRef<[u8]> for Owner {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        self.1.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Live {
    /// A counted attachment.
    pub fn bytes(&self, len: usize, seed: u32) -> Bytes {
        let mut content = vec![0; len];
        fill(&mut content, seed);
        self.0.fetch_add(1, Ordering::SeqCst);
        Bytes::from_owner(Owner(content, self.clone()))
    }

    /// How many are alive.
    pub fn count(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }
}
