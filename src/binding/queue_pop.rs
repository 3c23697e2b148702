//! From a queue to JavaScript.

use std::ptr;

use napi::sys;

use super::batch::new_string;
use super::external::{external_string, has_external_strings};
use super::layout::queue as at;
use super::queue::{Arguments, Queue, Status, kind, tell};
use super::queue_push::{Area, areas, view};
use super::words::Words;
use crate::ring::{Parts, Peek, Taken};
use crate::slab::SlabPool;

/// From so many bytes on V8 gives a text pages of its own, up to Node 24 fresh ones each time. A shorter one that is soon
/// dropped lies in memory that is in the cache: a recycled block would take up to three times as long.
const LARGE: usize = 128 << 10;

/// Into a Uint8Array of exactly the record's size, or behind BASE without one. END is the size.
pub fn bytes(queue: &Queue, words: Words, arguments: Arguments) -> Result<(), Status> {
    let Some(value) = arguments[0] else {
        let most = at::SMALL_BYTES.min(Area::room(words));
        let place = Area::behind_base(words, most).ok_or(Status::Invalid)?;
        return take_bytes(queue, words, place, |bytes| bytes <= most);
    };
    let target = view(queue.state.env, value).ok_or(Status::Invalid)?;
    take_bytes(queue, words, target, |bytes| bytes == target.len)
}

/// Into the start of a Uint8Array, if it is long enough. END is the size.
pub fn into(queue: &Queue, words: Words, arguments: Arguments) -> Result<(), Status> {
    let target = arguments[0].and_then(|value| view(queue.state.env, value));
    let target = target.ok_or(Status::Invalid)?;
    take_bytes(queue, words, target, |bytes| bytes <= target.len)
}

fn take_bytes(
    queue: &Queue,
    words: Words,
    target: Area,
    fits: impl Fn(usize) -> bool,
) -> Result<(), Status> {
    let taken = queue.ring.take(|peek| {
        let bytes = peek.record.bytes as usize;
        words.write(at::END, bytes as i32);
        fits(bytes)
    })?;
    let bytes = taken.record().bytes as usize;
    words.write(at::END, bytes as i32);
    // Another consumer may have taken the one that was looked at.
    let area = target.first(bytes).ok_or(Status::Corrupt)?;
    // SAFETY: Q2; nothing else is in use.
    taken.read(0, unsafe { area.bytes_mut() });
    let is_bytes = taken.record().kind == kind::BYTES;
    tell(words, i32::from(taken.release()));
    is_bytes.then_some(()).ok_or(Status::Corrupt)
}

/// Words behind BASE, up to END; the text is the answer, null for none. Buffers are copied into those of the array.
pub fn message(
    queue: &Queue,
    words: Words,
    arguments: Arguments,
) -> Result<sys::napi_value, Status> {
    let count = words.read(at::BLOBS);
    let areas = areas(queue.state.env, arguments[0], count).ok_or(Status::Invalid)?;
    let taken = queue.ring.take(|peek| fits(peek, words, &areas))?;
    let text = copy(queue, words, &areas, &taken);
    tell(words, i32::from(taken.release()));
    text
}

/// Is there room for the record? If not, the words say for what. What makes no sense is taken, to be found corrupt.
fn fits(peek: &Peek<'_>, words: Words, areas: &[Area]) -> bool {
    let mut header = [0; Parts::HEADER];
    peek.read(0, &mut header);
    let Some(parts) = Parts::unpack(header, peek.record.bytes as usize) else {
        return true;
    };
    let needed = at::BASE + (parts.words / 4).max(parts.blobs);
    if needed > words.len {
        words.write(at::TEXT, 1);
        words.write(at::END, needed as i32);
        return false;
    }
    if parts.blobs == 0 {
        return true;
    }
    let mut sizes = vec![0; 4 * parts.blobs];
    peek.read(Parts::HEADER, &mut sizes);
    let sizes = sizes
        .as_chunks()
        .0
        .iter()
        .map(|size| u32::from_ne_bytes(*size));
    let there = areas.iter().map(|area| area.len as u32);
    if sizes.clone().eq(there) {
        return true;
    }
    // What cannot be in the record is not asked for.
    if sizes.clone().any(|size| size > peek.record.bytes) {
        return true;
    }
    words.write(at::TEXT, 2);
    words.write(at::BLOBS, parts.blobs as i32);
    for (index, size) in sizes.enumerate() {
        // SAFETY: R2 of `env`; BASE + blobs <= len (checked above).
        unsafe { words.start.add(at::BASE + index).write(size.cast_signed()) };
    }
    false
}

fn copy(
    queue: &Queue,
    words: Words,
    areas: &[Area],
    taken: &Taken<'_>,
) -> Result<sys::napi_value, Status> {
    let bytes = taken.record().bytes as usize;
    if taken.record().kind != kind::MESSAGE || bytes < Parts::HEADER {
        return Err(Status::Corrupt);
    }
    let mut header = [0; Parts::HEADER];
    taken.read(0, &mut header);
    let parts = Parts::unpack(header, bytes).ok_or(Status::Corrupt)?;
    // Buffers for a message that another consumer has taken since.
    let areas = if parts.blobs == 0 { &[] } else { areas };
    let end = parts.end(areas.iter().map(|area| area.len));
    if parts.blobs != areas.len() || end > bytes {
        return Err(Status::Corrupt);
    }
    let target = Area::behind_base(words, parts.words).ok_or(Status::Corrupt)?;
    // SAFETY: Q2; nothing else is in use.
    taken.read(parts.words_at(), unsafe { target.bytes_mut() });
    words.write(at::END, (at::BASE + parts.words / 4) as i32);
    let mut from = parts.blobs_at();
    for area in areas {
        // SAFETY: Q2. An array with one buffer twice: they are used one after the other.
        taken.read(from, unsafe { area.bytes_mut() });
        from = Parts::after_blob(from, area.len);
    }
    text(queue, taken, parts)
}

fn text(queue: &Queue, taken: &Taken<'_>, parts: Parts) -> Result<sys::napi_value, Status> {
    let Parts { text, wide, .. } = parts;
    if text == 0 {
        return Ok(ptr::null_mut());
    }
    if text >= LARGE
        && let Some(value) = recycled(queue, taken, parts)
    {
        return Ok(value);
    }
    let env = queue.state.env;
    let value = match taken.address(parts.text_at(), text) {
        Some(place) => {
            // SAFETY: inside the memory (`address`), which stays (Q1). A script that writes there meanwhile gets another text.
            let units = unsafe { std::slice::from_raw_parts(place.as_ptr(), text) };
            new_string(env, units, wide)
        }
        None => {
            let mut arena = queue.state.arena.borrow_mut();
            arena.resize(text, 0);
            taken.read(parts.text_at(), &mut arena[..text]);
            new_string(env, &arena[..text], wide)
        }
    };
    if value.is_null() {
        Err(Status::Corrupt)
    } else {
        Ok(value)
    }
}

/// A string over a recycled block: one copy, also of a text that lies around the ring's end. None if there can be none.
fn recycled(queue: &Queue, taken: &Taken<'_>, parts: Parts) -> Option<sys::napi_value> {
    if !has_external_strings(parts.wide) {
        return None;
    }
    let mut block = SlabPool::global().take(parts.text).ok()?;
    taken.read(parts.text_at(), &mut block);
    let value = external_string(&queue.state, &block.freeze(), parts.wide);
    (!value.is_null()).then_some(value)
}
