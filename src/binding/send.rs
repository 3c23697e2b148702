//! `send`: the message in the transmit buffer goes into a lane.

use std::ptr;
use std::sync::Arc;

use bytes::Bytes;
use napi::sys;

use super::entry::{OK, call};
use super::env::EnvState;
use super::layout::{KIND_FLAGS, KIND_TEXT_ATTACHED, KIND_VALUE, KIND_WIDE, SendStatus, tx};
use super::port::Port;
use super::text::{LONGEST_SHORT, Text, read_text};
use super::words::Words;
use crate::channel::{Channel, Gate, Side};
use crate::group::{Member, Message, Posted};
use crate::landing::Attachment;
use crate::lane::PushError;
use crate::ring::TERMINATOR;
use crate::slab::{SlabBuf, SlabPool};

/// `send(text?, attachments?)`: the message in the transmit buffer goes into its port's lane.
/// The status is left in `tx[SLOT]`.
pub unsafe extern "C" fn send(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> sys::napi_value {
    let body = |state: &EnvState, argc: usize, argv: [sys::napi_value; 3]| {
        let buffer = state.transmit.get();
        if !buffer.start.is_null() {
            let slot = buffer.read(tx::SLOT);
            // Should the rest panic: a slot is no status.
            buffer.write(tx::SLOT, SendStatus::Invalid as i32);
            let text = (argc > 0).then_some(argv[0]);
            let attachments = (argc > 1).then_some(argv[1]);
            // SAFETY: values of this call.
            let status = unsafe { push(state, slot, buffer, text, attachments) };
            buffer.write(tx::SLOT, status as i32);
            buffer.write(tx::TOLD, state.told.take().cast_signed());
        }
        ptr::null_mut()
    };
    // SAFETY: this is an entry point.
    unsafe { call(env, info, body) }
}

/// # Safety
/// `text` and `attachments` are values of the running call.
unsafe fn push(
    state: &EnvState,
    slot: i32,
    buffer: Words,
    text: Option<sys::napi_value>,
    attachments: Option<sys::napi_value>,
) -> SendStatus {
    let Ok(slot) = u32::try_from(slot) else {
        return SendStatus::Invalid;
    };
    // Attachments first: reading them may run foreign code (only if called with a hostile array).
    let mut attachments = match attachments {
        None => Vec::new(),
        Some(array) => {
            let count = buffer.read(tx::ATTACHMENTS);
            // SAFETY: the caller's clause.
            match state.using_words(|| unsafe { copy_attachments(state, slot, array, count) }) {
                Ok(list) => list,
                Err(status) => return status,
            }
        }
    };
    let mut ports = state.ports.borrow_mut();
    let Some(Some(port)) = ports.get_mut(slot as usize) else {
        return SendStatus::Invalid;
    };
    if let Some(member) = &port.member {
        // SAFETY: the caller's clause.
        return match unsafe { broadcast(state, member, buffer, text, &mut attachments) } {
            Ok(()) => {
                state.sent();
                SendStatus::Sent
            }
            Err(status) => status,
        };
    }
    // Who forces has looked at the gate before, and counts on the frame wherever the reader has gone since.
    if buffer.read(tx::FORCE) == 0 {
        match port.lane_gate() {
            Gate::Open => {}
            Gate::Recall => return SendStatus::Recall,
            Gate::Closed | Gate::Over => return SendStatus::Closed,
        }
    }
    // SAFETY: the caller's clause.
    match unsafe { write_frame(state, port, buffer, text, &mut attachments) } {
        Ok(()) if buffer.read(tx::FORCE) == tx::QUIET => SendStatus::Sent,
        Ok(()) => {
            state.sent();
            after_push(state, port)
        }
        Err(status) => status,
    }
}

fn after_push(state: &EnvState, port: &mut Port) -> SendStatus {
    let channel = &port.channel;
    state.told.set(channel.bell(1 - port.side).ring());
    if channel.arm_drain(port.side, &port.half.producer) {
        SendStatus::Full
    } else {
        SendStatus::Sent
    }
}

/// What the transmit buffer says of a frame.
struct Outgoing<'a> {
    kind: u32,
    words: &'a [u8],
    /// The text in the lane.
    text: Text<'a>,
}

/// A text that is too long for the lane becomes the last attachment; a short one is copied to `short`.
///
/// # Safety
/// `text` is a value of the running call.
unsafe fn outgoing<'a>(
    env: sys::napi_env,
    buffer: Words,
    text: Option<sys::napi_value>,
    short: &'a mut [u16],
    attachments: &mut Vec<Attachment>,
) -> Result<Outgoing<'a>, SendStatus> {
    // SAFETY: no JS runs before the frame is written.
    let words = unsafe { buffer.message(buffer.read(tx::END)) }.ok_or(SendStatus::Invalid)?;
    let mut frame = Outgoing {
        kind: buffer.read(tx::KIND).cast_unsigned() & !KIND_FLAGS,
        words,
        text: Text::NONE,
    };
    let Some(value) = text else {
        return Ok(frame);
    };
    let (units, wide) = (buffer.read(tx::TEXT), buffer.read(tx::WIDE));
    // SAFETY: the caller's clause.
    let text = unsafe { Text::new(env, value, units, wide, short) }.ok_or(SendStatus::Invalid)?;
    frame.kind |= if text.wide { KIND_WIDE } else { 0 };
    match text.long() {
        Some((value, units)) if text.bytes > LONGEST_SHORT => {
            // SAFETY: the caller's clause.
            let block = unsafe { text_block(env, value, units, text.wide, buffer.read(tx::LAST))? };
            attachments.push(block.into());
            frame.kind |= KIND_TEXT_ATTACHED;
        }
        _ => frame.text = text,
    }
    Ok(frame)
}

fn block(bytes: usize) -> Result<SlabBuf, SendStatus> {
    let pool = SlabPool::global();
    pool.take(bytes).map_err(|_| SendStatus::TooLarge)
}

/// A text in a block of its own, which has no room for a terminator: the last unit is put in its place.
///
/// # Safety
/// `text` is a value of the running call.
unsafe fn text_block(
    env: sys::napi_env,
    text: sys::napi_value,
    units: usize,
    wide: bool,
    last: i32,
) -> Result<Bytes, SendStatus> {
    let bytes = units << u32::from(wide);
    let mut block = block(bytes)?;
    // SAFETY: the caller's clause; the block takes `units` units, and is aligned for them.
    unsafe { read_text(env, text, wide, units - 1, block.as_mut_ptr()) }
        .ok_or(SendStatus::Invalid)?;
    if wide {
        block[bytes - 2..].copy_from_slice(&(last as u16).to_ne_bytes());
    } else {
        block[bytes - 1] = last as u8;
    }
    Ok(block.freeze())
}

/// # Safety
/// `text` is a value of the running call.
unsafe fn write_frame(
    state: &EnvState,
    port: &mut Port,
    buffer: Words,
    text: Option<sys::napi_value>,
    attachments: &mut Vec<Attachment>,
) -> Result<(), SendStatus> {
    let mut short = state.short_text.borrow_mut();
    // SAFETY: the caller's clause.
    let outgoing = unsafe { outgoing(state.env, buffer, text, &mut *short, attachments)? };
    let (producer, words) = (&mut port.half.producer, outgoing.words.len());
    let reserved = if outgoing.kind & !KIND_FLAGS == KIND_VALUE {
        producer.reserve(words, outgoing.text.bytes)
    } else {
        producer.reserve_last(words, outgoing.text.bytes)
    };
    let mut frame =
        reserved.map_err(|(PushError::OutOfMemory | PushError::TooLarge)| SendStatus::TooLarge)?;
    frame.words_mut().copy_from_slice(outgoing.words);
    // SAFETY: the caller's clause; the lane aligns a text area, and leaves room for a terminator.
    let written = unsafe {
        outgoing
            .text
            .write(state.env, frame.text_mut().as_mut_ptr())
    };
    written.ok_or(SendStatus::Invalid)?;
    frame.commit(outgoing.kind, std::mem::take(attachments));
    Ok(())
}

/// To the other members of a group.
///
/// # Safety
/// `text` is a value of the running call.
unsafe fn broadcast(
    state: &EnvState,
    member: &Member,
    buffer: Words,
    text: Option<sys::napi_value>,
    attachments: &mut Vec<Attachment>,
) -> Result<(), SendStatus> {
    let mut short = state.short_text.borrow_mut();
    // SAFETY: the caller's clause.
    let outgoing = unsafe { outgoing(state.env, buffer, text, &mut *short, attachments)? };
    // V8 is asked for the text here, before the group is locked.
    let mut scratch = state.arena.borrow_mut();
    scratch.clear();
    scratch.resize(outgoing.text.bytes + TERMINATOR, 0);
    // SAFETY: the caller's clause; the scratch has room for a terminator, and allocators align for more than a unit.
    let written = unsafe { outgoing.text.write(state.env, scratch.as_mut_ptr()) };
    written.ok_or(SendStatus::Invalid)?;
    // One copy for all: no reader has been asked for a buffer of its own.
    let shared: Vec<Bytes> = attachments.iter().filter_map(Attachment::bytes).collect();
    let message = Message {
        kind: outgoing.kind,
        words: outgoing.words,
        text: &scratch[..outgoing.text.bytes],
        attachments: &shared,
    };
    match member.post(&message) {
        Posted::Sent => Ok(()),
        Posted::Stock => Err(SendStatus::Closed),
        Posted::NoMemory => Err(SendStatus::TooLarge),
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
    let direction = state
        .with_port(slot, Port::lands_in)
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
        let claim = |(channel, side): &(Arc<Channel>, Side)| channel.landings(*side).claim(len);
        if let Some(claim) = direction.as_ref().and_then(claim) {
            list.push(claim.fill(content));
            continue;
        }
        let mut block = block(len)?;
        block.copy_from_slice(content);
        list.push(block.freeze().into());
    }
    Ok(list)
}
