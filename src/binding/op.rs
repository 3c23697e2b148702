//! `op(code, slot, value)`: the small questions that come with a message that travels by the stock port.

use std::ptr;

use napi::sys;

use super::entry::{OK, call};
use super::env::{EnvState, Port};
use super::take::advance;

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
}

/// Returns a small number; 0 where there is nothing to tell or no such port.
pub unsafe extern "C" fn op(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    std::panic::catch_unwind(|| {
        // SAFETY: this is an entry point.
        let Some((state, argc, argv)) = (unsafe { call(env, info) }) else {
            return ptr::null_mut();
        };
        let (mut code, mut slot, mut value) = (0, 0, 0.0);
        // SAFETY: values of this call, as many as there are (checked first).
        let ok = argc >= 3
            && unsafe {
                sys::napi_get_value_int32(env, argv[0], &raw mut code) == OK
                    && sys::napi_get_value_uint32(env, argv[1], &raw mut slot) == OK
                    && sys::napi_get_value_double(env, argv[2], &raw mut value) == OK
            };
        let answer = if ok { run(state, code, slot, value) } else { 0 };
        let mut result = ptr::null_mut();
        // SAFETY: thread of the environment.
        unsafe { sys::napi_create_int32(env, answer, &raw mut result) };
        result
    })
    .unwrap_or(ptr::null_mut())
}

fn run(state: &EnvState, code: i32, slot: u32, value: f64) -> i32 {
    state
        .with_port(slot, |port| answer(port, code, value))
        .unwrap_or(0)
}

fn answer(port: &mut Port, code: i32, value: f64) -> i32 {
    let Port {
        channel,
        side,
        half,
        ..
    } = port;
    let side = *side;
    match code {
        code::GATE => return channel.gate(side) as i32,
        code::STOCK_BEGIN => channel.stock_begin(side),
        code::STOCK_END => {
            channel.stock_end(side, true, value as u64);
            channel.arm_drain(side, &half.producer);
        }
        code::STOCK_FAILED => channel.stock_end(side, false, 0),
        code::STOCK_RECEIVED => channel.stock_received(1 - side),
        code::HAS_FRAMES => return i32::from(!half.consumer.is_empty()),
        code::ADVANCE => advance(port, value as usize),
        code::SCHEDULE => channel.bell(side).ring(),
        code::HAS_CARGO => return i32::from(channel.has_cargo(1 - side)),
        _ => {}
    }
    0
}
