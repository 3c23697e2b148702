//! Functions that run for each message or batch are written by hand over `napi::sys`: a generated
//! wrapper costs more than their work. Their data pointer is the [`EnvState`]; numbers travel in the
//! shared buffers, so `send()` of a message without text has no arguments, and neither returns a number.

use std::ffi::c_void;
use std::ptr;
use std::rc::Rc;

use napi::sys;

use super::env::EnvState;

/// The status of a call that did what was asked.
pub const OK: sys::napi_status = sys::Status::napi_ok;

/// Make a JS function over one of the entry points. The state must outlive the environment's JS,
/// which the cleanup hook's share of it guarantees.
pub fn entry(
    state: &Rc<EnvState>,
    name: &str,
    callback: sys::napi_callback,
) -> Option<sys::napi_value> {
    let data = Rc::as_ptr(state).cast_mut().cast::<c_void>();
    function(state.env, name, callback, data)
}

/// A JS function with this data pointer.
pub fn function(
    env: sys::napi_env,
    name: &str,
    callback: sys::napi_callback,
    data: *mut c_void,
) -> Option<sys::napi_value> {
    let mut function = ptr::null_mut();
    // SAFETY: thread of the environment; `name` is valid for its length.
    let status = unsafe {
        sys::napi_create_function(
            env,
            name.as_ptr().cast(),
            name.len() as isize,
            callback,
            data,
            &raw mut function,
        )
    };
    (status == OK).then_some(function)
}

/// Runs `body` with the state and the arguments (up to N, missing ones undefined, and how many there are) of a call. A panic
/// stays inside and gives undefined, as a call that is not ours does.
///
/// # Safety
/// Called from an entry point made by [`entry`], with that call's `env` and `info`.
pub unsafe fn call<const N: usize>(
    env: sys::napi_env,
    info: sys::napi_callback_info,
    body: impl FnOnce(&EnvState, usize, [sys::napi_value; N]) -> sys::napi_value,
) -> sys::napi_value {
    // SAFETY: the caller's clause.
    unsafe { call_with(env, info, body) }
}

/// As `call`, for entry points with other data.
///
/// # Safety
/// Called with the `env` and `info` of a call of a function whose data pointer is null or leads to a live `T`.
pub unsafe fn call_with<T, const N: usize>(
    env: sys::napi_env,
    info: sys::napi_callback_info,
    body: impl FnOnce(&T, usize, [sys::napi_value; N]) -> sys::napi_value,
) -> sys::napi_value {
    let run = || {
        let mut argc = N;
        let mut argv = [ptr::null_mut(); N];
        let mut data = ptr::null_mut();
        // SAFETY: the caller's clause.
        let status = unsafe {
            sys::napi_get_cb_info(
                env,
                info,
                &raw mut argc,
                argv.as_mut_ptr(),
                ptr::null_mut(),
                &raw mut data,
            )
        };
        if status != OK || data.is_null() {
            return ptr::null_mut();
        }
        // SAFETY: the caller's clause.
        body(unsafe { &*data.cast::<T>() }, argc, argv)
    };
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).unwrap_or(ptr::null_mut())
}
