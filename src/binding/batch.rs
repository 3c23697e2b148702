//! Copies frames into a receive buffer and makes the JS values that go with them.

use std::ptr;

use bytes::Bytes;
use napi::sys;

use super::env::EnvState;
use super::external::external_string;
use super::layout::{FRAME_HEADER_WORDS, KIND_FLAGS, KIND_TEXT_ATTACHED, KIND_WIDE, rx};
use super::port::Port;
use super::words::Words;
use crate::landing::Attachment;
use crate::lane::Frame;
use crate::slab::expect_large_buffers;

/// Copy the frames of `slot` that fit into the buffer. Returns their joined text (null: they have
/// none), or `None` if there are no frames.
pub fn fill(state: &EnvState, buffer: Words, slot: u32) -> Option<sys::napi_value> {
    let mut ports = state.ports.borrow_mut();
    let port = ports.get_mut(slot as usize)?.as_mut()?;
    let mut arena = state.arena.borrow_mut();
    let mut batch = Batch::new(state, buffer, &mut arena);
    let attachments = batch.read(port);
    buffer.write(rx::FRAMES, batch.frames);
    buffer.write(rx::NEEDED, batch.needed);
    buffer.write(rx::MORE, i32::from(batch.more));
    buffer.write(
        rx::ATTACHMENTS,
        i32::try_from(attachments).unwrap_or(i32::MAX),
    );
    if batch.frames > 0 {
        return Some(batch.text());
    }
    (batch.needed > 0).then(ptr::null_mut)
}

/// Longest joined text of a batch, in bytes. A substring keeps its whole text alive in V8.
const TEXT_PAGE: usize = 16 << 10;

/// Frames on their way into a receive buffer.
struct Batch<'a> {
    buffer: Words,
    position: usize,
    arena: &'a mut Vec<u8>,
    wide: bool,
    /// A text above TEXT_PAGE, made straight from the lane's memory; the batch has no other.
    long: sys::napi_value,
    frames: i32,
    more: bool,
    needed: i32,
    state: &'a EnvState,
}

impl<'a> Batch<'a> {
    fn new(state: &'a EnvState, buffer: Words, arena: &'a mut Vec<u8>) -> Self {
        arena.clear();
        Batch {
            buffer,
            position: rx::BASE,
            arena,
            wide: false,
            long: ptr::null_mut(),
            frames: 0,
            more: false,
            needed: 0,
            state,
        }
    }

    /// Read as many frames as fit. A frame with attachments travels alone; returns how many it has.
    fn read(&mut self, port: &mut Port) -> usize {
        let mut attachments = 0;
        let mut alone = false;
        port.half.consumer.peek(|frame| {
            // The visit after one that took attachments only tells that there is more.
            let fits = !alone && (frame.attachments.is_empty() || self.frames == 0);
            self.more = !(fits && self.push(&frame));
            if !self.more && !frame.attachments.is_empty() {
                alone = true;
                attachments = binary(&frame).len();
            }
            !self.more
        });
        attachments
    }

    fn push(&mut self, frame: &Frame<'_>) -> bool {
        let words = FRAME_HEADER_WORDS + frame.words.len() / 4;
        if self.position + words > self.buffer.len {
            if self.frames == 0 {
                self.needed = i32::try_from((rx::BASE + words) * 4).unwrap_or(i32::MAX);
            }
            return false;
        }
        let wide = frame.header.kind & KIND_WIDE != 0;
        let text = text_of(frame);
        let block = attached_text(frame);
        if !text.is_empty() && !self.push_text(text, block, wide) {
            return false;
        }
        let units = text.len() >> u32::from(wide);
        let kind = frame.header.kind & !KIND_FLAGS;
        let header = [self.position + words, kind as usize, units, 0];
        for (offset, value) in header.into_iter().enumerate() {
            self.put(self.position + offset, value);
        }
        // SAFETY: position + words <= len (checked above), R2 of `env`.
        unsafe {
            let target = self
                .buffer
                .start
                .add(self.position + FRAME_HEADER_WORDS)
                .cast::<u8>();
            ptr::copy_nonoverlapping(frame.words.as_ptr(), target, frame.words.len());
        }
        self.position += words;
        self.frames += 1;
        true
    }

    fn push_text(&mut self, text: &[u8], block: Option<&Bytes>, wide: bool) -> bool {
        if !self.long.is_null() {
            return false;
        }
        if self.arena.is_empty() && text.len() > TEXT_PAGE {
            if let Some(block) = block {
                self.long = external_string(self.state, block, wide);
            }
            if self.long.is_null() {
                self.long = new_string(self.state.env, text, wide);
            }
            return !self.long.is_null();
        }
        let fits = self.arena.is_empty()
            || (wide == self.wide && self.arena.len() + text.len() <= TEXT_PAGE);
        if fits {
            self.wide = wide;
            self.arena.extend_from_slice(text);
        }
        fits
    }

    fn put(&self, index: usize, value: usize) {
        debug_assert!(index < self.buffer.len);
        // SAFETY: callers have checked the index against the length.
        unsafe { self.buffer.start.add(index).write(value as i32) };
    }

    fn text(&self) -> sys::napi_value {
        if self.arena.is_empty() {
            self.long
        } else {
            new_string(self.state.env, self.arena, self.wide)
        }
    }
}

/// Null if V8 has no room for it.
pub fn new_string(env: sys::napi_env, text: &[u8], wide: bool) -> sys::napi_value {
    let mut value = ptr::null_mut();
    let start = text.as_ptr();
    debug_assert!(!wide || start.addr().is_multiple_of(2));
    // SAFETY: `text` is valid for its length. Lanes align texts and the allocator aligns vectors for
    // 16-bit units.
    unsafe {
        if wide {
            sys::napi_create_string_utf16(
                env,
                start.cast(),
                (text.len() / 2) as isize,
                &raw mut value,
            );
        } else {
            sys::napi_create_string_latin1(env, start.cast(), text.len() as isize, &raw mut value);
        }
    }
    value
}

/// The block that holds the text of a frame, if it is not in the lane.
fn attached_text<'a>(frame: &Frame<'a>) -> Option<&'a Bytes> {
    match frame.attachments.last() {
        Some(Attachment::Block(text)) if frame.header.kind & KIND_TEXT_ATTACHED != 0 => Some(text),
        _ => None,
    }
}

/// The text of a frame, wherever it is.
fn text_of<'a>(frame: &Frame<'a>) -> &'a [u8] {
    attached_text(frame).map_or(frame.text, |text| text)
}

/// The attachments of a frame that are not its text.
pub fn binary<'a>(frame: &Frame<'a>) -> &'a [Attachment] {
    match frame.attachments.split_last() {
        Some((_, binary)) if frame.header.kind & KIND_TEXT_ATTACHED != 0 => binary,
        _ => frame.attachments,
    }
}

/// Bytes of attachment `index` of the first frame in the lane.
pub fn attachment_size(port: &mut Port, index: usize) -> i32 {
    let mut size = 0;
    port.half.consumer.peek(|frame| {
        size = binary(&frame).get(index).map_or(0, Attachment::len);
        false
    });
    i32::try_from(size).unwrap_or(0)
}

/// Copy attachment `index` of the first frame in the lane to `target`. False unless the sizes agree.
pub fn copy_attachment(port: &mut Port, index: usize, target: &mut [u8]) -> bool {
    expect_large_buffers();
    let mut copied = false;
    port.half.consumer.peek(|frame| {
        let bytes = binary(&frame).get(index).and_then(Attachment::bytes);
        if let Some(bytes) = bytes.filter(|bytes| bytes.len() == target.len()) {
            target.copy_from_slice(&bytes);
            copied = true;
        }
        false
    });
    copied
}
