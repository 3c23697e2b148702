//! From JavaScript into a queue.

use std::ptr;

use napi::sys;

use super::entry::OK;
use super::layout::queue as at;
use super::listening::is_waited_anywhere;
use super::queue::{Arguments, Queue, Status, kind, tell};
use super::text::{LONGEST_SHORT, Text};
use super::words::Words;
use crate::ring::{Claim, Parts, TERMINATOR};
use crate::slab::SlabPool;

/// Memory of a buffer of JavaScript's, valid until JavaScript runs again.
#[derive(Clone, Copy)]
pub struct Area {
    pub start: *mut u8,
    pub len: usize,
}

impl Area {
    /// `len` bytes behind BASE, if there are so many.
    pub fn behind_base(words: Words, len: usize) -> Option<Area> {
        // SAFETY: R2 of `env`; the header is part of the words.
        let start = unsafe { words.start.add(at::BASE) }.cast();
        (len <= Area::room(words)).then_some(Area { start, len })
    }

    /// How many bytes are behind BASE.
    pub fn room(words: Words) -> usize {
        (words.len - at::BASE) * 4
    }

    /// The first `len` bytes, if there are so many.
    pub fn first(self, len: usize) -> Option<Area> {
        (len <= self.len).then_some(Area { len, ..self })
    }

    /// # Safety
    /// No JavaScript has run since the area was asked for (Q2).
    pub unsafe fn bytes<'a>(self) -> &'a [u8] {
        if self.len == 0 {
            return &[];
        }
        // SAFETY: V8 gave both for a live buffer.
        unsafe { std::slice::from_raw_parts(self.start, self.len) }
    }

    /// # Safety
    /// As for `bytes`, and it overlaps no other that is in use.
    pub unsafe fn bytes_mut<'a>(self) -> &'a mut [u8] {
        if self.len == 0 {
            return &mut [];
        }
        // SAFETY: V8 gave both for a live buffer.
        unsafe { std::slice::from_raw_parts_mut(self.start, self.len) }
    }
}

/// The memory of a Uint8Array.
pub fn view(env: sys::napi_env, value: sys::napi_value) -> Option<Area> {
    let (mut kind, mut len, mut data) = (0, 0, ptr::null_mut());
    // SAFETY: a value of the running call; the status is checked.
    let status = unsafe {
        sys::napi_get_typedarray_info(
            env,
            value,
            &raw mut kind,
            &raw mut len,
            &raw mut data,
            ptr::null_mut(),
            ptr::null_mut(),
        )
    };
    let start = data.cast::<u8>();
    (status == OK && kind == sys::TypedarrayType::uint8_array).then_some(Area { start, len })
}

/// The memory of each ArrayBuffer of an array. Reading the array may run foreign code (only if called with a hostile one), so
/// the memory is asked for afterwards.
pub fn areas(env: sys::napi_env, array: Option<sys::napi_value>, count: i32) -> Option<Vec<Area>> {
    let (Some(array), Ok(count)) = (array, u32::try_from(count)) else {
        return Some(Vec::new());
    };
    let mut values = Vec::new();
    for index in 0..count {
        let (mut value, mut is_buffer) = (ptr::null_mut(), false);
        // SAFETY: values of the running call; the status of each call is checked.
        let ok = unsafe {
            sys::napi_get_element(env, array, index, &raw mut value) == OK
                && sys::napi_is_arraybuffer(env, value, &raw mut is_buffer) == OK
        };
        // The count may be far beyond the array's end: the first that is none ends it.
        if !ok || !is_buffer {
            return None;
        }
        values.push(value);
    }
    let area = |value| {
        let (mut data, mut len) = (ptr::null_mut(), 0);
        // SAFETY: as above.
        let status =
            unsafe { sys::napi_get_arraybuffer_info(env, value, &raw mut data, &raw mut len) };
        let start = data.cast::<u8>();
        (status == OK).then_some(Area { start, len })
    };
    values.into_iter().map(area).collect()
}

/// The bytes of a Uint8Array, or END bytes behind BASE.
pub fn bytes(queue: &Queue, words: Words, arguments: Arguments) -> Result<(), Status> {
    let area = match arguments[0] {
        Some(value) => view(queue.state.env, value),
        None => usize::try_from(words.read(at::END))
            .ok()
            .and_then(|len| Area::behind_base(words, len)),
    };
    let area = area.ok_or(Status::Invalid)?;
    let mut claim = queue.ring.claim(area.len)?;
    // SAFETY: Q2.
    claim.write(0, unsafe { area.bytes() });
    finish(words, claim, kind::BYTES);
    Ok(())
}

fn finish(words: Words, claim: Claim<'_>, kind: u32) {
    let wakes = claim.commit(kind);
    let wakes_more = wakes && is_waited_anywhere();
    tell(words, i32::from(wakes) + i32::from(wakes_more));
}

/// The message in the words, with its text and its buffers.
pub fn message(queue: &Queue, words: Words, [text, array]: Arguments) -> Result<(), Status> {
    let env = queue.state.env;
    let areas = areas(env, array, words.read(at::BLOBS)).ok_or(Status::Invalid)?;
    // SAFETY: Q2.
    let source = unsafe { words.message(words.read(at::END)) }.ok_or(Status::Invalid)?;
    let mut short = queue.state.short_text.borrow_mut();
    let text = match text {
        Some(value) => {
            let (units, wide) = (words.read(at::TEXT), words.read(at::WIDE));
            // SAFETY: the value of the call.
            unsafe { Text::new(env, value, units, wide, &mut *short) }.ok_or(Status::Invalid)?
        }
        None => Text::NONE,
    };
    let parts = Parts {
        words: source.len(),
        text: text.bytes,
        wide: text.wide,
        blobs: areas.len(),
    };
    let end = parts.end(areas.iter().map(|area| area.len));
    let mut claim = queue.ring.claim(end)?;
    claim.write(0, &parts.pack());
    for (index, area) in areas.iter().enumerate() {
        let size = (area.len as u32).to_ne_bytes();
        claim.write(Parts::HEADER + 4 * index, &size);
    }
    claim.write(parts.words_at(), source);
    write_text(queue, &mut claim, parts, &text)?;
    let mut from = parts.blobs_at();
    for area in areas {
        // SAFETY: Q2.
        claim.write(from, unsafe { area.bytes() });
        from = Parts::after_blob(from, area.len);
    }
    finish(words, claim, kind::MESSAGE);
    Ok(())
}

/// Copies the text, straight from V8 where its place is in one piece.
fn write_text(
    queue: &Queue,
    claim: &mut Claim<'_>,
    parts: Parts,
    text: &Text<'_>,
) -> Result<(), Status> {
    if text.bytes == 0 {
        // It has no room, not even for a terminator.
        return Ok(());
    }
    let (env, at) = (queue.state.env, parts.text_at());
    let room = text.bytes + TERMINATOR;
    let written = if let Some(place) = claim.address(at, room) {
        // SAFETY: the value of the call; there is room for a terminator, and the place is aligned for more than a unit.
        unsafe { text.write(env, place.as_ptr()) }
    } else if room > LONGEST_SHORT {
        let mut block = SlabPool::global()
            .take(room)
            .map_err(|_| Status::TooLarge)?;
        // SAFETY: as above, and blocks are aligned for more than a unit.
        let written = unsafe { text.write(env, block.as_mut_ptr()) };
        // What is left of the block's last user is nobody's business.
        written.ok_or(Status::Invalid)?;
        claim.write(at, &block[..text.bytes]);
        written
    } else {
        let mut arena = queue.state.arena.borrow_mut();
        arena.clear();
        arena.resize(room, 0);
        // SAFETY: as above; allocators align for more than a unit.
        let written = unsafe { text.write(env, arena.as_mut_ptr()) };
        claim.write(at, &arena[..text.bytes]);
        written
    };
    written.ok_or(Status::Invalid)
}
