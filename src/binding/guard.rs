//! `guard(f, self, ...)`: calls `f` on `self` with up to two arguments, and knows afterwards that it is over, however it ended. Returns
//! what `f` does, or `f` itself where Node does not let it be called: a thread that is terminated runs on for a moment.
//!
//! V8 can end what runs without running a `finally` (`TerminateExecution`: timeouts of node:vm, Ctrl-C in the REPL), and
//! the thread goes on. Native frames are passed through all the same, so `lib/messaging/step.ts` learns here of steps that
//! were cut short.

use std::ptr;

use napi::sys;

use super::entry::{OK, call};
use super::env::{EnvState, Handles};
use super::waking::ThreadsafeWaker;
use crate::wake::Waker;

pub unsafe extern "C" fn guard(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> sys::napi_value {
    let body = |state: &EnvState, argc: usize, argv: [sys::napi_value; 4]| {
        // It counts all there are.
        let (Some(given), mut result) = (argc.min(4).checked_sub(2), ptr::null_mut()) else {
            return ptr::null_mut();
        };
        state.guards.set(state.guards.get() + 1);
        // SAFETY: thread of the environment, values of this call. What is no function is refused.
        let status = unsafe {
            let given_at = argv.as_ptr().add(2);
            sys::napi_call_function(env, argv[1], argv[0], given, given_at, &raw mut result)
        };
        state.guards.set(state.guards.get() - 1);
        if status == OK {
            return result;
        }
        // Nobody may come back to it otherwise.
        state.wake_up();
        let mut has_thrown = true;
        // SAFETY: thread of the environment.
        unsafe { sys::napi_is_exception_pending(env, &raw mut has_thrown) };
        if has_thrown { ptr::null_mut() } else { argv[0] }
    };
    // SAFETY: this is an entry point.
    unsafe { call(env, info, body) }
}

impl EnvState {
    /// JS is called in a turn of the loop, as for news.
    pub fn wake_up(&self) {
        match *self.handles.borrow() {
            // SAFETY: R1, loop thread.
            Handles::Uv { wake, .. } => unsafe { wake.wake() },
            Handles::Threadsafe(function) => ThreadsafeWaker(function).wake(),
            Handles::None => {}
        }
    }
}
