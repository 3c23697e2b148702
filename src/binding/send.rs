//! `send`: the message in the transmit buffer goes into a lane.

use std::ptr;

use std::sync::Arc;

use bytes::Bytes;
use napi::sys;

use super::entry::{OK, call};
use super::env::{EnvState, Words};
use super::layout::{KIND_TEXT_ATTACHED, KIND_WIDE, SendStatus, tx};
use super::port::Port;
use crate::channel::{Channel, Gate, Side};
use crate::landing::Attachment;
use crate::lane::PushError;
use crate::slab::SlabPool;

/// `send(text?, attachments?)`: the message in the transmit buffer goes into its port's lane.
/// The status is left in `tx[SLOT]`.
pub unsafe extern "C" fn send(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> sys::napi_value {
    let _ = std::panic::catch_unwind(|| {
        // SAFETY: this is an entry point.
        let Some((state, argc, argv)) = (unsafe { call(env, info) }) else {
            return;
        };
        let buffer = state.transmit.get();
        if buffer.start.is_null() {
            return;
        }
        let text = (argc > 0).then_some(argv[0]);
        let attachments = (argc > 1).then_some(argv[1]);
        // SAFETY: values of this call.
        let status = unsafe { push(state, buffer, text, attachments) };
        buffer.write(tx::SLOT, status as i32);
    });
    ptr::null_mut()
}

/// # Safety
/// `text` and `attachments` are values of the running call.
unsafe fn push(
    state: &EnvState,
    buffer: Words,
    text: Option<sys::napi_value>,
    attachments: Option<sys::napi_value>,
) -> SendStatus {
    let Ok(slot) = u32::try_from(buffer.read(tx::SLOT)) else {
        return SendStatus::Invalid;
    };
    // Attachments first: reading them may run foreign code (only if called with a hostile array).
    let mut attachments = match attachments {
        None => Vec::new(),
        Some(array) => {
            let count = buffer.read(tx::ATTACHMENTS);
            // SAFETY: the caller's clause.
            match unsafe { copy_attachments(state, slot, array, count) } {
                Ok(list) => list,
                Err(status) => return status,
            }
        }
    };
    let mut ports = state.ports.borrow_mut();
    let Some(Some(port)) = ports.get_mut(slot as usize) else {
        return SendStatus::Invalid;
    };
    match port.channel.gate(port.side) {
        Gate::Open => {}
        Gate::Recall => return SendStatus::Recall,
        Gate::Closed if buffer.read(tx::FORCE) == 0 => return SendStatus::Closed,
        Gate::Closed => {}
    }
    // SAFETY: the caller's clause.
    match unsafe { write_frame(state, port, buffer, text, &mut attachments) } {
        Ok(()) if buffer.read(tx::FORCE) == tx::QUIET => SendStatus::Sent,
        Ok(()) => {
            state.sent();
            after_push(port)
        }
        Err(status) => status,
    }
}

fn after_push(port: &mut Port) -> SendStatus {
    let channel = &port.channel;
    channel.bell(1 - port.side).ring();
    if channel.arm_drain(port.side, &port.half.producer) {
        SendStatus::Full
    } else {
        SendStatus::Sent
    }
}

/// Longest text, in bytes, that is written into the lane itself. A longer one travels in a recycled
/// block: a lane's segment of that size would be fresh memory each time, and touching it costs more
/// than the copy.
const TEXT_IN_LANE: usize = 32 << 10;

/// # Safety
/// `text` is a value of the running call.
unsafe fn write_frame(
    state: &EnvState,
    port: &mut Port,
    buffer: Words,
    text: Option<sys::napi_value>,
    attachments: &mut Vec<Attachment>,
) -> Result<(), SendStatus> {
    let end = usize::try_from(buffer.read(tx::END)).map_err(|_| SendStatus::Invalid)?;
    if end < tx::BASE || end > buffer.len || end % 2 != 0 {
        return Err(SendStatus::Invalid);
    }
    let word_bytes = (end - tx::BASE) * 4;
    // SAFETY: BASE <= end <= len (checked), and R2 of `env`: the buffer is valid for `len` words.
    let words =
        unsafe { std::slice::from_raw_parts(buffer.start.add(tx::BASE).cast::<u8>(), word_bytes) };
    let mut short = state.short_text.borrow_mut();
    // SAFETY: the caller's clause.
    let (text, units, wide) = unsafe { examine(state.env, buffer, text, &mut *short)? };
    let mut kind = buffer.read(tx::KIND).cast_unsigned() & !(KIND_WIDE | KIND_TEXT_ATTACHED);
    kind |= if wide { KIND_WIDE } else { 0 };
    let mut text_bytes = units << u32::from(wide);
    if let (Text::Long(text), true) = (&text, text_bytes > TEXT_IN_LANE) {
        // SAFETY: the caller's clause.
        let block = unsafe { text_block(state.env, *text, wide, units, buffer.read(tx::LAST))? };
        attachments.push(block.into());
        kind |= KIND_TEXT_ATTACHED;
        text_bytes = 0;
    }
    let mut frame = port
        .half
        .producer
        .reserve(word_bytes, text_bytes)
        .map_err(|(PushError::OutOfMemory | PushError::TooLarge)| SendStatus::TooLarge)?;
    frame.words_mut().copy_from_slice(words);
    match text {
        Text::Short(units) if wide => {
            for (to, unit) in frame.text_mut().as_chunks_mut().0.iter_mut().zip(units) {
                *to = unit.to_ne_bytes();
            }
        }
        Text::Short(units) => {
            for (to, unit) in frame.text_mut().iter_mut().zip(units) {
                *to = *unit as u8;
            }
        }
        Text::Long(_) if kind & KIND_TEXT_ATTACHED != 0 => {}
        // SAFETY: the caller's clause; the lane aligns the text area, and leaves room for a terminator.
        Text::Long(text) => unsafe {
            read_text(state.env, text, wide, units, frame.text_mut().as_mut_ptr())?;
        },
    }
    frame.commit(kind, std::mem::take(attachments));
    Ok(())
}

/// The text of a message.
enum Text<'a> {
    /// Its units, already copied.
    Short(&'a [u16]),
    /// The value.
    Long(sys::napi_value),
}

/// The text, its length in units, and whether it has a unit above 0xff. One of unknown width is copied to `short`.
///
/// # Safety
/// `text` is a value of the running call.
unsafe fn examine<'a>(
    env: sys::napi_env,
    buffer: Words,
    text: Option<sys::napi_value>,
    short: &'a mut [u16],
) -> Result<(Text<'a>, usize, bool), SendStatus> {
    let Some(text) = text else {
        return Ok((Text::Short(&[]), 0, false));
    };
    let units = usize::try_from(buffer.read(tx::TEXT)).map_err(|_| SendStatus::Invalid)?;
    let wide = buffer.read(tx::WIDE);
    if wide != tx::UNKNOWN {
        return Ok((Text::Long(text), units, wide != 0));
    }
    let target = short.get_mut(..=units).ok_or(SendStatus::Invalid)?;
    // SAFETY: the caller's clause; there is room for `units` units and the terminator.
    unsafe { read_text(env, text, true, units, target.as_mut_ptr().cast())? };
    let copy = &target[..units];
    let wide = copy.iter().fold(0, |all, unit| all | unit) > 0xff;
    Ok((Text::Short(copy), units, wide))
}

/// A text in a block of its own. That has no room for a terminator: the last unit takes its place afterwards.
///
/// # Safety
/// `text` is a value of the running call, with at least one unit.
unsafe fn text_block(
    env: sys::napi_env,
    text: sys::napi_value,
    wide: bool,
    units: usize,
    last: i32,
) -> Result<Bytes, SendStatus> {
    let bytes = units << u32::from(wide);
    let mut block = SlabPool::global()
        .take(bytes)
        .map_err(|_| SendStatus::TooLarge)?;
    // SAFETY: the caller's clause; the block takes `units` units.
    unsafe { read_text(env, text, wide, units - 1, block.as_mut_ptr())? };
    if wide {
        block[bytes - 2..].copy_from_slice(&(last as u16).to_ne_bytes());
    } else {
        block[bytes - 1] = last as u8;
    }
    Ok(block.freeze())
}

/// Copy exactly `units` units of `text`, and a terminator.
///
/// # Safety
/// `text` is a value of the running call. `target` has room for `units + 1` units, and is aligned for them.
unsafe fn read_text(
    env: sys::napi_env,
    text: sys::napi_value,
    wide: bool,
    units: usize,
    target: *mut u8,
) -> Result<(), SendStatus> {
    let mut copied = 0;
    // SAFETY: the caller's clause; the size argument counts the terminator.
    let status = unsafe {
        if wide {
            sys::napi_get_value_string_utf16(env, text, target.cast(), units + 1, &raw mut copied)
        } else {
            sys::napi_get_value_string_latin1(env, text, target.cast(), units + 1, &raw mut copied)
        }
    };
    if status == OK && copied == units {
        Ok(())
    } else {
        Err(SendStatus::Invalid)
    }
}

/// Copy the contents of an array of ArrayBuffers, into buffers that the reader has posted or into recycled memory.
///
/// # Safety
/// `array` is a value of the running call.
unsafe fn copy_attachments(
    state: &EnvState,
    slot: u32,
    array: sys::napi_value,
    count: i32,
) -> Result<Vec<Attachment>, SendStatus> {
    let env = state.env;
    let channel = state
        .with_port(slot, |port| (Arc::clone(&port.channel), port.side))
        .ok_or(SendStatus::Invalid)?;
    let count = u32::try_from(count).map_err(|_| SendStatus::Invalid)?;
    let mut list = Vec::new();
    for index in 0..count {
        let (mut element, mut data, mut len) = (ptr::null_mut(), ptr::null_mut(), 0);
        // SAFETY: the caller's clause; the status of each call is checked.
        let ok = unsafe {
            sys::napi_get_element(env, array, index, &raw mut element) == OK
                && sys::napi_get_arraybuffer_info(env, element, &raw mut data, &raw mut len) == OK
        };
        if !ok {
            return Err(SendStatus::Invalid);
        }
        let content = if len == 0 {
            &[]
        } else {
            // SAFETY: V8 gave `data` and `len` for a live buffer, and no JS runs before the copy ends.
            unsafe { std::slice::from_raw_parts(data.cast::<u8>(), len) }
        };
        list.push(attachment(&channel, content)?);
    }
    Ok(list)
}

/// A copy for the reader of the direction that starts at the given side.
fn attachment(
    (channel, side): &(Arc<Channel>, Side),
    content: &[u8],
) -> Result<Attachment, SendStatus> {
    // A closed gate: nobody reads the lane, or not for long.
    if channel.gate(*side) == Gate::Open
        && let Some(claim) = channel.landings(*side).claim(content.len())
    {
        return Ok(claim.fill(content));
    }
    let mut block = SlabPool::global()
        .take(content.len())
        .map_err(|_| SendStatus::TooLarge)?;
    block.copy_from_slice(content);
    Ok(block.freeze().into())
}
