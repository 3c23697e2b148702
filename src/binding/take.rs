//! `take`: the next batch of a port goes into a receive buffer.

use std::ptr;

use napi::sys;

use super::batch::fill;
use super::entry::{OK, call};
use super::env::EnvState;
use super::layout::rx;
use super::port::Port;
use super::words::Words;
use crate::channel::Gate;

/// `take(buffer)`: the next batch of frames goes into the receive buffer with that number. Returns
/// the joined text of the batch, or undefined. Attachments are asked for one by one (`op`,
/// `copy_attachment`): what makes an array here would run setters on `Array.prototype`.
pub unsafe extern "C" fn take(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> sys::napi_value {
    let body = |state: &EnvState, argc: usize, argv: [sys::napi_value; 3]| {
        let mut number = 0;
        // SAFETY: a value of this call.
        if argc == 0 || unsafe { sys::napi_get_value_uint32(env, argv[0], &raw mut number) } != OK {
            return ptr::null_mut();
        }
        let Some(buffer) = state.receive.borrow().get(number as usize).copied() else {
            return ptr::null_mut();
        };
        settle(state, buffer);
        for word in [
            rx::FRAMES,
            rx::NEEDED,
            rx::ATTACHMENTS,
            rx::EVENTS,
            rx::MORE,
        ] {
            buffer.write(word, 0);
        }
        match u32::try_from(buffer.read(rx::SLOT)) {
            Ok(slot) => visit(state, buffer, slot).unwrap_or(ptr::null_mut()),
            Err(_) => next(state, buffer),
        }
    };
    // SAFETY: this is an entry point.
    unsafe { call(env, info, body) }
}

/// Remove what JS has delivered.
fn settle(state: &EnvState, buffer: Words) {
    let delivered = usize::try_from(buffer.read(rx::ADVANCE)).unwrap_or(0);
    if let (Ok(slot), 1..) = (u32::try_from(buffer.read(rx::SETTLE)), delivered) {
        state.with_port(slot, |port| advance(port, delivered));
    }
    buffer.write(rx::ADVANCE, 0);
}

/// Read from one port. `None` if there is no such port or nothing to tell.
fn visit(state: &EnvState, buffer: Words, slot: u32) -> Option<sys::napi_value> {
    let settled = state.settle_offer(slot);
    if settled == Some(true) {
        buffer.write(rx::EVENTS, rx::EVENT_MOVED);
        return Some(ptr::null_mut());
    }
    let is_watched = state.is_watched(slot);
    let events = state.with_port(slot, |port| {
        if !is_watched {
            port.channel.bell(port.side).answer();
        }
        let is_drained = port.channel.take_drained(port.side, &port.half.producer);
        events(port, is_drained)
    })?;
    let refused = settled.map_or(0, |_| rx::EVENT_REFUSED);
    let events = events | refused;
    buffer.write(rx::EVENTS, events);
    let text = fill(state, buffer, slot);
    text.or_else(|| (events != 0).then(ptr::null_mut))
}

/// Remove delivered frames, and tell the producer if that brought it below its mark.
pub fn advance(port: &mut Port, delivered: usize) {
    if delivered == 0 {
        return;
    }
    let consumer = &mut port.half.consumer;
    consumer.advance(delivered);
    if let Some(posted) = &mut port.posted {
        posted.sweep();
    }
    port.channel
        .disarm_drain(1 - port.side, consumer.consumed());
}

/// The next port with something to tell.
fn next(state: &EnvState, buffer: Words) -> sys::napi_value {
    state.look();
    while let Some(slot) = state.reactor.next() {
        state.note_visit(slot);
        // JS asked to come back to this port (`schedule`), or it has news.
        let values = visit(state, buffer, slot);
        if values.is_some() || state.with_port(slot, |_| ()).is_some() {
            buffer.write(rx::SLOT, slot.cast_signed());
            return values.unwrap_or(ptr::null_mut());
        }
    }
    buffer.write(rx::SLOT, -1);
    ptr::null_mut()
}

/// What JavaScript has to be told of beside frames.
pub fn events(port: &Port, is_drained: bool) -> i32 {
    let is = |is: bool, event: i32| if is { event } else { 0 };
    is(is_drained, rx::EVENT_DRAIN)
        | is(
            port.channel.gate(port.side) == Gate::Recall,
            rx::EVENT_RECALL,
        )
        | is(port.half.consumer.is_closed(), rx::EVENT_CLOSED)
}
