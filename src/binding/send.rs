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
use crate::group::{Member, Message, Posted};
use crate::landing::Attachment;
use crate::lane::PushError;
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
            let text = (argc > 0).then_some(argv[0]);
            let attachments = (argc > 1).then_some(argv[1]);
            // SAFETY: values of this call.
            let status = unsafe { push(state, buffer, text, attachments) };
            buffer.write(tx::SLOT, status as i32);
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
            Gate::Closed => return SendStatus::Closed,
        }
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
/// Bytes behind a text for the terminator that Node-API writes.
pub const TERMINATOR: usize = 2;

/// What the transmit buffer says of a frame.
struct Outgoing<'a> {
    kind: u32,
    words: &'a [u8],
    text: Text<'a>,
    /// Bytes of the text in the lane.
    text_bytes: usize,
    wide: bool,
}

/// A text that goes into the lane itself.
enum Text<'a> {
    /// Its units, already copied.
    Short(&'a [u16]),
    /// The value, and its length in units.
    Long(sys::napi_value, usize),
}

impl Outgoing<'_> {
    /// # Safety
    /// In the call that made it. `target` has room for the text and a terminator, and is aligned for its units.
    unsafe fn write_text(&self, env: sys::napi_env, target: &mut [u8]) -> Result<(), SendStatus> {
        match self.text {
            Text::Short(units) if self.wide => {
                for (to, unit) in target.as_chunks_mut().0.iter_mut().zip(units) {
                    *to = unit.to_ne_bytes();
                }
                Ok(())
            }
            Text::Short(units) => {
                for (to, unit) in target.iter_mut().zip(units) {
                    *to = *unit as u8;
                }
                Ok(())
            }
            // SAFETY: the caller's clause.
            Text::Long(text, units) => unsafe {
                read_text(env, text, self.wide, units, target.as_mut_ptr())
            },
        }
    }
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
    let end = usize::try_from(buffer.read(tx::END)).map_err(|_| SendStatus::Invalid)?;
    if end < tx::BASE || end > buffer.len || end % 2 != 0 {
        return Err(SendStatus::Invalid);
    }
    let word_bytes = (end - tx::BASE) * 4;
    // SAFETY: BASE <= end <= len (checked), and R2 of `env`: the buffer is valid for `len` words, and no JS
    // runs before the frame is written.
    let words =
        unsafe { std::slice::from_raw_parts(buffer.start.add(tx::BASE).cast::<u8>(), word_bytes) };
    let mut frame = Outgoing {
        kind: buffer.read(tx::KIND).cast_unsigned() & !(KIND_WIDE | KIND_TEXT_ATTACHED),
        words,
        text: Text::Short(&[]),
        text_bytes: 0,
        wide: false,
    };
    let Some(text) = text else {
        return Ok(frame);
    };
    let units = usize::try_from(buffer.read(tx::TEXT)).map_err(|_| SendStatus::Invalid)?;
    match buffer.read(tx::WIDE) {
        tx::UNKNOWN => {
            let target = short.get_mut(..=units).ok_or(SendStatus::Invalid)?;
            // SAFETY: the caller's clause; there is room for `units` units and the terminator.
            unsafe { read_text(env, text, true, units, target.as_mut_ptr().cast())? };
            let copy = &target[..units];
            frame.wide = copy.iter().fold(0, |all, unit| all | unit) > 0xff;
            frame.text = Text::Short(copy);
        }
        wide => {
            frame.wide = wide != 0;
            frame.text = Text::Long(text, units);
        }
    }
    frame.kind |= if frame.wide { KIND_WIDE } else { 0 };
    frame.text_bytes = units << u32::from(frame.wide);
    if frame.text_bytes > TEXT_IN_LANE {
        // SAFETY: the caller's clause.
        let block = unsafe { text_block(env, text, units, frame.wide, buffer.read(tx::LAST))? };
        attachments.push(block.into());
        frame.kind |= KIND_TEXT_ATTACHED;
        frame.text = Text::Short(&[]);
        frame.text_bytes = 0;
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
    unsafe { read_text(env, text, wide, units - 1, block.as_mut_ptr())? };
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
    let mut frame = port
        .half
        .producer
        .reserve(outgoing.words.len(), outgoing.text_bytes)
        .map_err(|(PushError::OutOfMemory | PushError::TooLarge)| SendStatus::TooLarge)?;
    frame.words_mut().copy_from_slice(outgoing.words);
    // SAFETY: the caller's clause; the lane aligns a text area, and leaves room for a terminator.
    unsafe { outgoing.write_text(state.env, frame.text_mut())? };
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
    scratch.resize(outgoing.text_bytes + TERMINATOR, 0);
    // SAFETY: the caller's clause; the scratch has room for a terminator, and allocators align for more than a unit.
    unsafe { outgoing.write_text(state.env, &mut scratch)? };
    // One copy for all: no reader has been asked for a buffer of its own.
    let shared: Vec<Bytes> = attachments.iter().filter_map(Attachment::bytes).collect();
    let message = Message {
        kind: outgoing.kind,
        words: outgoing.words,
        text: &scratch[..outgoing.text_bytes],
        attachments: &shared,
    };
    match member.post(&message) {
        Posted::Sent => Ok(()),
        Posted::Stock => Err(SendStatus::Closed),
        Posted::NoMemory => Err(SendStatus::TooLarge),
    }
}

/// Copy exactly `units` units of `text`, and a terminator.
///
/// # Safety
/// `text` is a value of the running call. `target` has room for `units + 1` units, and is aligned for them.
pub unsafe fn read_text(
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
