//! `send`: the message in the transmit buffer goes into a lane.

use std::ptr;

use bytes::Bytes;
use napi::sys;

use super::entry::{OK, call};
use super::env::{EnvState, Port, Words};
use super::layout::{KIND_TEXT_ATTACHED, KIND_WIDE, SendStatus, tx};
use crate::channel::Gate;
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
    // Attachments first: reading them may run foreign code (only if called with a hostile array).
    let mut attachments = match attachments {
        None => Vec::new(),
        // SAFETY: the caller's clause.
        Some(array) => {
            // SAFETY: the caller's clause.
            match unsafe { copy_attachments(state.env, array, buffer.read(tx::ATTACHMENTS)) } {
                Ok(list) => list,
                Err(status) => return status,
            }
        }
    };
    let Ok(slot) = u32::try_from(buffer.read(tx::SLOT)) else {
        return SendStatus::Invalid;
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
    match unsafe { write_frame(state.env, port, buffer, text, &mut attachments) } {
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
    env: sys::napi_env,
    port: &mut Port,
    buffer: Words,
    text: Option<sys::napi_value>,
    attachments: &mut Vec<Bytes>,
) -> Result<(), SendStatus> {
    let end = usize::try_from(buffer.read(tx::END)).map_err(|_| SendStatus::Invalid)?;
    if end < tx::BASE || end > buffer.len || end % 2 != 0 {
        return Err(SendStatus::Invalid);
    }
    let wide = buffer.read(tx::WIDE) != 0;
    let units = usize::try_from(buffer.read(tx::TEXT)).map_err(|_| SendStatus::Invalid)?;
    let units = if text.is_some() { units } else { 0 };
    let text_bytes = units << u32::from(wide);
    let is_long = text_bytes > TEXT_IN_LANE;
    let mut kind = buffer.read(tx::KIND).cast_unsigned() & !(KIND_WIDE | KIND_TEXT_ATTACHED);
    kind |= if wide { KIND_WIDE } else { 0 } | if is_long { KIND_TEXT_ATTACHED } else { 0 };
    if let (Some(text), true) = (text, is_long) {
        let mut block = SlabPool::global()
            .take(text_bytes)
            .map_err(|_| SendStatus::TooLarge)?;
        // SAFETY: the caller's clause.
        unsafe { read_text(env, text, wide, units - 1, &mut block)? };
        // Where the terminator is now.
        let last = buffer.read(tx::LAST);
        if wide {
            block[text_bytes - 2..].copy_from_slice(&(last as u16).to_ne_bytes());
        } else {
            block[text_bytes - 1] = last as u8;
        }
        attachments.push(block.freeze());
    }
    let word_bytes = (end - tx::BASE) * 4;
    let in_lane = if is_long { 0 } else { text_bytes };
    let mut frame =
        port.half
            .producer
            .reserve(word_bytes, in_lane)
            .map_err(|error| match error {
                PushError::OutOfMemory | PushError::TooLarge => SendStatus::TooLarge,
            })?;
    // SAFETY: BASE <= end <= len (checked), and R2 of `env`: the buffer is valid for `len` words.
    let words =
        unsafe { std::slice::from_raw_parts(buffer.start.add(tx::BASE).cast::<u8>(), word_bytes) };
    frame.words_mut().copy_from_slice(words);
    if let (Some(text), false) = (text, is_long) {
        // SAFETY: the caller's clause.
        unsafe { read_text(env, text, wide, units, frame.text_mut())? };
    }
    frame.commit(kind, std::mem::take(attachments));
    Ok(())
}

/// Copy exactly `units` units of `text` into `target`, which has room for them and a terminator.
///
/// # Safety
/// `text` is a value of the running call.
unsafe fn read_text(
    env: sys::napi_env,
    text: sys::napi_value,
    wide: bool,
    units: usize,
    target: &mut [u8],
) -> Result<(), SendStatus> {
    debug_assert!(target.len() >= (units + 1) * if wide { 2 } else { 1 });
    let mut copied = 0;
    // SAFETY: `target` has room for `units` units and a terminator, which the size argument counts;
    // the lane aligns the text area for 16-bit units.
    let status = unsafe {
        let start = target.as_mut_ptr();
        if wide {
            sys::napi_get_value_string_utf16(env, text, start.cast(), units + 1, &raw mut copied)
        } else {
            sys::napi_get_value_string_latin1(env, text, start.cast(), units + 1, &raw mut copied)
        }
    };
    if status == OK && copied == units {
        Ok(())
    } else {
        Err(SendStatus::Invalid)
    }
}

/// Copy the contents of an array of ArrayBuffers into recycled memory.
///
/// # Safety
/// `array` is a value of the running call.
unsafe fn copy_attachments(
    env: sys::napi_env,
    array: sys::napi_value,
    count: i32,
) -> Result<Vec<Bytes>, SendStatus> {
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
        let mut block = SlabPool::global()
            .take(len)
            .map_err(|_| SendStatus::TooLarge)?;
        if len > 0 {
            // SAFETY: V8 gave `data` and `len` for a live buffer, and no JS runs before the copy ends.
            block.copy_from_slice(unsafe { std::slice::from_raw_parts(data.cast::<u8>(), len) });
        }
        list.push(block.freeze());
    }
    Ok(list)
}
