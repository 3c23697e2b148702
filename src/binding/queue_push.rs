//! From JavaScript into a queue.

use std::ptr;

use napi::sys;

use super::entry::OK;
use super::env::Words;
use super::layout::{queue as at, tx};
use super::queue::{Arguments, Queue, Status, kind};
use super::queue_text::Parts;
use super::send::{TERMINATOR, read_text};
use crate::ring::Claim;

/// Memory of a buffer of JavaScript's, valid until JavaScript runs again.
#[derive(Clone, Copy)]
pub struct Area {
    pub start: *mut u8,
    pub len: usize,
}

impl Area {
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
        let mut value = ptr::null_mut();
        // SAFETY: a value of the running call; the status is checked.
        if unsafe { sys::napi_get_element(env, array, index, &raw mut value) } != OK {
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
        Some(value) => view(queue.state.env, value).ok_or(Status::Invalid)?,
        None => Area {
            // SAFETY: R2 of `env`; the header is part of the words.
            start: unsafe { words.start.add(at::BASE) }.cast(),
            len: usize::try_from(words.read(at::END)).map_err(|_| Status::Invalid)?,
        },
    };
    if arguments[0].is_none() && area.len > (words.len - at::BASE) * 4 {
        return Err(Status::Invalid);
    }
    let mut claim = queue.ring.claim(area.len)?;
    // SAFETY: Q2; the words are shorter than they are (checked).
    claim.write(0, unsafe { area.bytes() });
    finish(words, claim, kind::BYTES);
    Ok(())
}

fn finish(words: Words, claim: Claim<'_>, kind: u32) {
    words.write(at::WAKE, i32::from(claim.commit(kind)));
}

/// What the words say of a message.
struct Outgoing {
    end: usize,
    parts: Parts,
    /// The text is in the thread's `short_text`.
    is_short: bool,
}

/// The message in the words, with its text and its buffers.
pub fn message(queue: &Queue, words: Words, arguments: Arguments) -> Result<(), Status> {
    let [text, array] = arguments;
    let areas = areas(queue.state.env, array, words.read(at::BLOBS)).ok_or(Status::Invalid)?;
    let outgoing = outgoing(queue, words, text, areas.len())?;
    let parts = outgoing.parts;
    let end = areas.iter().fold(parts.blobs_at(), |end, area| {
        Parts::after_blob(end, area.len)
    });
    let mut claim = queue.ring.claim(end)?;
    claim.write(0, &parts.pack());
    for (index, area) in areas.iter().enumerate() {
        claim.write(
            super::queue_text::HEADER + 4 * index,
            &(area.len as u32).to_ne_bytes(),
        );
    }
    let source = Area {
        // SAFETY: R2 of `env`; BASE <= end <= len (checked in `outgoing`).
        start: unsafe { words.start.add(at::BASE) }.cast(),
        len: (outgoing.end - at::BASE) * 4,
    };
    // SAFETY: Q2.
    claim.write(parts.words_at(), unsafe { source.bytes() });
    if let Some(text) = text {
        write_text(queue, &mut claim, text, &outgoing)?;
    }
    let mut from = parts.blobs_at();
    for area in areas {
        // SAFETY: Q2.
        claim.write(from, unsafe { area.bytes() });
        from = Parts::after_blob(from, area.len);
    }
    finish(words, claim, kind::MESSAGE);
    Ok(())
}

fn outgoing(
    queue: &Queue,
    words: Words,
    text: Option<sys::napi_value>,
    blobs: usize,
) -> Result<Outgoing, Status> {
    let size = |index| usize::try_from(words.read(index)).map_err(|_| Status::Invalid);
    let end = size(at::END)?;
    if end < at::BASE || end > words.len || end % 2 != 0 {
        return Err(Status::Invalid);
    }
    let mut outgoing = Outgoing {
        end,
        parts: Parts {
            words: (end - at::BASE) * 4,
            text: 0,
            wide: false,
            blobs,
        },
        is_short: false,
    };
    let Some(text) = text else {
        return Ok(outgoing);
    };
    let units = size(at::TEXT)?;
    outgoing.parts.wide = match words.read(at::WIDE) {
        tx::UNKNOWN => {
            let mut short = queue.state.short_text.borrow_mut();
            let target = short.get_mut(..=units).ok_or(Status::Invalid)?;
            // SAFETY: the value of the call; there is room for `units` units and the terminator.
            unsafe {
                read_text(
                    queue.state.env,
                    text,
                    true,
                    units,
                    target.as_mut_ptr().cast(),
                )
            }
            .map_err(|_| Status::Invalid)?;
            outgoing.is_short = true;
            target[..units].iter().fold(0, |all, unit| all | unit) > 0xff
        }
        wide => wide != 0,
    };
    outgoing.parts.text = units << u32::from(outgoing.parts.wide);
    Ok(outgoing)
}

/// Copies the text, straight from V8 where its place is in one piece.
fn write_text(
    queue: &Queue,
    claim: &mut Claim<'_>,
    text: sys::napi_value,
    outgoing: &Outgoing,
) -> Result<(), Status> {
    let Parts {
        text: bytes, wide, ..
    } = outgoing.parts;
    let (at, units) = (outgoing.parts.text_at(), bytes >> u32::from(wide));
    let mut arena = queue.state.arena.borrow_mut();
    arena.clear();
    if outgoing.is_short {
        let short = queue.state.short_text.borrow();
        match wide {
            true => arena.extend(short[..units].iter().flat_map(|unit| unit.to_ne_bytes())),
            false => arena.extend(short[..units].iter().map(|unit| *unit as u8)),
        }
        claim.write(at, &arena);
        return Ok(());
    }
    let room = bytes + TERMINATOR;
    let place = claim.address(at, room);
    let target = match place {
        Some(place) => place.as_ptr(),
        None => {
            arena.resize(room, 0);
            arena.as_mut_ptr()
        }
    };
    // SAFETY: the value of the call; there is room for a terminator, and both places are aligned for more than a unit.
    unsafe { read_text(queue.state.env, text, wide, units, target) }
        .map_err(|_| Status::Invalid)?;
    if place.is_none() {
        claim.write(at, &arena[..bytes]);
    }
    Ok(())
}
