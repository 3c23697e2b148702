//! `op(code, slot, value)`: the small questions and orders that come with stock messages and with ports that travel.
//! A generated method costs eight times as much.

use std::ptr;
use std::sync::Arc;

use napi::sys;

use super::batch::attachment_size;
use super::entry::{OK, call};
use super::env::EnvState;
use super::layout::{KIND_CARRIER, KIND_VOID, tx};
use super::listening::word_of;
use super::port::Port;
use super::take::advance;
use crate::channel::{Gate, Half, may_data_bring_queues, note_queues_in_data};
use crate::lane::PushError;
use crate::wake::Told;

/// `lib/messaging/thread.ts` has the same numbers.
mod code {
    pub const GATE: i32 = 0;
    pub const STOCK_BEGIN: i32 = 1;
    pub const STOCK_END: i32 = 2;
    pub const STOCK_FAILED: i32 = 3;
    pub const STOCK_RECEIVED: i32 = 4;
    pub const HAS_FRAMES: i32 = 5;
    pub const ADVANCE: i32 = 6;
    pub const SCHEDULE: i32 = 7;
    pub const HAS_CARGO: i32 = 8;
    pub const CARRY: i32 = 9;
    pub const VOID: i32 = 10;
    pub const AWAITED: i32 = 11;
    pub const VOID_TAKEN: i32 = 12;
    pub const ATTACHMENT_SIZE: i32 = 13;
    pub const STOCK_SENT: i32 = 14;
    pub const SET_STOCK_SENT: i32 = 15;
    pub const PEER_STOCK_SENT: i32 = 16;
    pub const OPEN_GATE: i32 = 17;
    pub const IS_PEER_ADOPTED: i32 = 18;
    pub const MEET_PEER: i32 = 19;
    pub const BUFFERED: i32 = 20;
    pub const LANE_BUFFERED: i32 = 21;
    pub const SET_HIGH_WATER_MARK: i32 = 22;
    pub const CLOSE: i32 = 23;
    pub const SET_RECEIVED: i32 = 24;
    pub const DETACH: i32 = 25;
    pub const STAGE: i32 = 26;
    pub const LOAD: i32 = 27;
    pub const UNLOAD: i32 = 28;
    pub const UNLOADED: i32 = 29;
    pub const CARRIED: i32 = 30;
    pub const BEGAN_NATIVE: i32 = 31;
    pub const BROADCAST_BEGIN: i32 = 32;
    pub const BROADCAST_END: i32 = 33;
    pub const PIN: i32 = 34;
    pub const LISTEN: i32 = 35;
    pub const WAIT: i32 = 36;
    pub const SPIN: i32 = 37;
    pub const TAKE_WORD: i32 = 38;
    pub const GIVE_WORD: i32 = 39;
    pub const WAIT_ANYWHERE: i32 = 40;
    pub const WANT_BARRIER: i32 = 41;
    pub const TAKE_BARRIER: i32 = 42;
    pub const END_GATE: i32 = 43;
    pub const CLOSE_GATE: i32 = 44;
    pub const SEND_QUEUES: i32 = 45;
    pub const DATA_QUEUES: i32 = 46;
    pub const BARRIER_BEGIN: i32 = 47;
    pub const BARRIER_RECEIVED: i32 = 48;
    pub const HOLD: i32 = 49;
    pub const GIVE_UP_OLD: i32 = 50;
    pub const GIVE_UP: i32 = 51;
    pub const KEEP_HELD: i32 = 52;
    pub const TAKE_HELD: i32 = 53;
    pub const GUARDS: i32 = 54;
    pub const WAKE_UP: i32 = 55;
    pub const END_POST: i32 = 56;
    pub const IS_PEER_COUNTING: i32 = 57;
}

/// Returns a number; 0 where there is nothing to tell or no such port.
pub unsafe extern "C" fn op(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    let body = |state: &EnvState, argc: usize, argv: [sys::napi_value; 3]| {
        let (mut code, mut slot, mut value) = (0, 0, 0.0);
        // SAFETY: values of this call, as many as there are (checked first).
        let ok = argc >= 3
            && unsafe {
                sys::napi_get_value_int32(env, argv[0], &raw mut code) == OK
                    && sys::napi_get_value_uint32(env, argv[1], &raw mut slot) == OK
                    && sys::napi_get_value_double(env, argv[2], &raw mut value) == OK
            };
        let answer = if ok {
            run(state, code, slot, value)
        } else {
            0.0
        };
        if code == code::CARRIED {
            state.sent();
        }
        let mut result = ptr::null_mut();
        // SAFETY: thread of the environment.
        unsafe { sys::napi_create_double(env, answer, &raw mut result) };
        result
    };
    // SAFETY: this is an entry point.
    unsafe { call(env, info, body) }
}

fn run(state: &EnvState, code: i32, slot: u32, value: f64) -> f64 {
    match code {
        code::MEET_PEER => f64::from(state.meet_peer(slot)),
        code::CLOSE => {
            let told = state.remove(slot).map_or(0, Port::close);
            tell(state, told);
            0.0
        }
        code::DETACH => state.detach(slot, value as u32).map_or(-1.0, f64::from),
        code::SCHEDULE => {
            // Not by the bell, which may be left unanswered (`watching.rs`).
            if state.with_port(slot, |_| ()).is_some() {
                state.reactor.post(slot);
            }
            0.0
        }
        code::STAGE => {
            let mut staged = state.staged.borrow_mut();
            staged.truncate(slot as usize);
            staged.push(value);
            0.0
        }
        code::LOAD => {
            let tickets = state.staged.take().into_iter();
            let ports = tickets.map(|ticket| state.redeem(ticket)).collect();
            let channel = state.with_port(slot, |port| (Arc::clone(&port.channel), port.side));
            if let Some((channel, side)) = channel {
                channel.load_cargo(side, value, ports);
            }
            0.0
        }
        code::UNLOAD => state.unload(slot, value),
        code::KEEP_HELD => {
            state.keep_held(slot, value);
            0.0
        }
        code::GUARDS => f64::from(state.guards.get()),
        code::WAKE_UP => {
            state.wake_up();
            0.0
        }
        code::TAKE_HELD => state.take_held(slot).map_or(-1.0, f64::from),
        code::TAKE_WORD => f64::from(state.listening.take_word()),
        code::GIVE_WORD => {
            state.listening.give_word(value as u16);
            0.0
        }
        code::WAIT_ANYWHERE => {
            state.listening.wait_anywhere(value > 0.0);
            0.0
        }
        code::HOLD => {
            state.hold((value as i32).signum());
            0.0
        }
        code::GIVE_UP_OLD => state.give_up_old() as f64,
        code::BEGAN_NATIVE..=code::PIN => broadcast(state, code, slot, value),
        code::UNLOADED => state
            .unloaded
            .borrow()
            .get(value as usize)
            .copied()
            .unwrap_or(-1.0),
        code::SEND_QUEUES => send_queues(state, slot, value as u64),
        code::DATA_QUEUES => flag(may_data_bring_queues()),
        _ => state
            .with_port(slot, |port| answer(state, port, code, value))
            .unwrap_or(0.0),
    }
}

/// What goes by this port brings queues, up to stock message `until`. No port: what a worker is given.
fn send_queues(state: &EnvState, slot: u32, until: u64) -> f64 {
    state
        .with_port(slot, |port| port.channel.set_queues_until(port.side, until))
        .unwrap_or_else(note_queues_in_data);
    0.0
}

/// Of the group of a member.
fn broadcast(state: &EnvState, code: i32, slot: u32, value: f64) -> f64 {
    let ask = |port: &mut Port| {
        let member = port.member.as_ref()?;
        match code {
            code::BEGAN_NATIVE => return Some(flag(member.began_native)),
            code::BROADCAST_BEGIN => member.begin_stock(),
            code::BROADCAST_END => member.end_stock(value != 0.0),
            _ => member.pin(),
        }
        None
    };
    state.with_port(slot, ask).flatten().unwrap_or(0.0)
}

fn answer(state: &EnvState, port: &mut Port, code: i32, value: f64) -> f64 {
    match code {
        code::ADVANCE => advance(port, value as usize),
        code::CARRY => return f64::from(carry(state, port, value != 0.0)),
        code::ATTACHMENT_SIZE => return f64::from(attachment_size(port, value as usize)),
        _ => {}
    }
    let Port {
        channel,
        side,
        half,
        member,
        ..
    } = port;
    let side = *side;
    match code {
        code::GATE => return f64::from(channel.gate(side) as i32),
        code::STOCK_BEGIN => channel.stock_begin(side),
        code::STOCK_END | code::CARRIED => {
            channel.stock_end(side, true, value as u64);
            let bell = channel.bell(1 - side);
            tell(
                state,
                if code == code::CARRIED {
                    bell.ring()
                } else {
                    bell.tell()
                },
            );
            return flag(channel.arm_drain(side, &half.producer));
        }
        code::END_POST => {
            let (size, bits) = (value / 16.0, value as u64 % 16);
            if bits & 8 != 0 {
                channel.stock_begin(side);
            }
            if bits & 7 != 0 {
                // Should even the last room be taken, the reader finds out when the channel is closed.
                let _ = push_last(half, (bits & 7) as u32);
            }
            channel.stock_end(side, true, size as u64);
            tell(state, channel.bell(1 - side).ring());
            return flag(channel.arm_drain(side, &half.producer));
        }
        code::STOCK_FAILED => channel.stock_end(side, false, 0),
        code::STOCK_RECEIVED => {
            channel.stock_received(1 - side);
            if !channel.is_adopted(1 - side) && value >= channel.stock_counts(1 - side).1 as f64 {
                channel.give_up_all(1 - side);
            }
            let queues = flag(channel.may_bring_queues(1 - side, value as u64));
            return f64::from(channel.voids(1 - side)) * 2.0 + queues;
        }
        code::HAS_FRAMES => return flag(!half.consumer.is_empty()),
        code::HAS_CARGO => return flag(channel.has_cargo(1 - side, value)),
        code::VOID => {
            // Should even the last room be taken, the reader finds out when the channel is closed.
            let _ = push_last(half, KIND_VOID);
            channel.add_void(side);
            channel.stock_end(side, false, 0);
            tell(state, channel.bell(1 - side).ring());
            return flag(channel.arm_drain(side, &half.producer));
        }
        code::AWAITED => {
            // The counts first: a message that is posted after a void must not be seen without it.
            let (begun, ended) = channel.stock_counts(1 - side);
            // A thread that was ended in the middle of a post will not end it.
            let posted = begun == ended || ended as f64 > value || half.consumer.is_closed();
            return f64::from(channel.voids(1 - side)) * 2.0 + flag(posted);
        }
        code::GIVE_UP => channel.give_up(1 - side),
        code::VOID_TAKEN => channel.take_void(1 - side),
        code::STOCK_SENT => return channel.stock_counts(side).1 as f64,
        code::SET_STOCK_SENT => channel.set_stock_count(side, value as u64),
        code::PEER_STOCK_SENT => {
            let (begun, ended) = channel.stock_counts(1 - side);
            let ended_count = ended as f64;
            return if begun == ended {
                ended_count
            } else {
                -ended_count - 1.0
            };
        }
        code::OPEN_GATE => channel.set_gate(1 - side, Gate::Open),
        code::IS_PEER_COUNTING => {
            // Before the counts, which are final then.
            if !half.consumer.is_closed() {
                return flag(channel.is_adopted(1 - side));
            }
            let (begun, ended) = channel.stock_counts(1 - side);
            return flag(begun == ended);
        }
        code::IS_PEER_ADOPTED => return flag(channel.is_adopted(1 - side)),
        code::BUFFERED => return channel.buffered(side, &half.producer) as f64,
        code::LANE_BUFFERED => return half.producer.buffered() as f64,
        code::SET_HIGH_WATER_MARK => {
            return flag(channel.set_high_water_mark(side, &half.producer, value as u64));
        }
        code::SET_RECEIVED => half.baggage.received = value,
        code::WANT_BARRIER => channel.want_barrier(1 - side),
        code::BARRIER_BEGIN => channel.barrier_begin(side),
        code::BARRIER_RECEIVED => channel.barrier_received(1 - side),
        code::TAKE_BARRIER => return flag(channel.take_barrier(side)),
        code::CLOSE_GATE => channel.set_gate(1 - side, Gate::Closed),
        code::END_GATE => {
            channel.set_gate(1 - side, Gate::Over);
            *member = None;
        }
        code::LISTEN => channel.bell(side).listen(word_of(value)),
        code::WAIT => channel.bell(side).wait(word_of(value)),
        code::SPIN => {
            let bell = channel.bell(side);
            // It may be left unanswered (`watching.rs`).
            bell.answer();
            state.port_spin.run(
                state.has_sent.get(),
                || i32::from(bell.is_rung()),
                || half.consumer.is_empty() && !half.consumer.is_closed(),
            );
            return flag(!half.consumer.is_empty());
        }
        _ => {}
    }
    0.0
}

/// JavaScript is to change these words.
fn tell(state: &EnvState, told: Told) {
    let buffer = state.transmit.get();
    if !buffer.start.is_null() {
        buffer.write(tx::TOLD, told.cast_signed());
    }
}

fn flag(is: bool) -> f64 {
    f64::from(u8::from(is))
}

/// An answer of CARRY, beside the gates.
const REST: i32 = 4;
const NO_MEMORY: i32 = -1;

/// A stock message is about to be posted, with a frame ahead of it. The bell rings now, so that the reader is on its way,
/// and after the post (CARRIED, VOID), should it be there already. Nothing happens unless the gate is open (or `force`).
/// Returns the gate, or REST if messages have come like this one for so long that the lane is to be left, or NO_MEMORY for the frame.
fn carry(state: &EnvState, port: &mut Port, force: bool) -> i32 {
    let gate = port.lane_gate();
    if gate != Gate::Open && !force {
        return gate as i32;
    }
    if !force && port.carriers.is_over(&port.half.producer) {
        return REST;
    }
    let (channel, side) = (&port.channel, port.side);
    channel.stock_begin(side);
    let before = port.half.producer.accepted();
    let Ok(frame) = port.half.producer.reserve(0, 0) else {
        channel.stock_end(side, false, 0);
        return NO_MEMORY;
    };
    frame.commit(KIND_CARRIER, Vec::new());
    port.carriers.add(before, &port.half.producer);
    tell(state, channel.bell(1 - side).ring());
    Gate::Open as i32
}

pub(super) fn push_last(half: &mut Half, kind: u32) -> Result<(), PushError> {
    half.producer.reserve_last(0, 0)?.commit(kind, Vec::new());
    Ok(())
}
