//! What libuv and Node call: the loop has been woken, is idle, has closed a handle, comes to its end.

use std::ffi::{c_int, c_void};
use std::ptr;

use napi::sys;

use super::env::{EnvState, Handles};
use super::uv::{Handle, UV_IDLE, Uv};
use super::waking::{KIND, ThreadsafeWaker, UvWaker, WakeHandle};
use crate::wake::Waker;

/// Handles to wake the loop by, and the waker that uses them.
///
/// # Safety
/// Thread of `env`; `state` must be readable as an `EnvState` when the loop runs next.
pub unsafe fn open_handles(
    env: sys::napi_env,
    state: *mut c_void,
) -> Option<(Handles, Box<dyn Waker>)> {
    let mut event_loop = ptr::null_mut();
    // SAFETY: the caller's clause.
    let has_loop =
        unsafe { sys::napi_get_uv_event_loop(env, &raw mut event_loop) } == sys::Status::napi_ok;
    if let (Some(uv), true) = (Uv::get(), has_loop) {
        let event_loop = event_loop.cast::<c_void>();
        // SAFETY: the loop belongs to this thread and outlives the cleanup hook.
        if let Some(wake) = unsafe { WakeHandle::open(uv, event_loop, state) } {
            // SAFETY: as above.
            let idle = unsafe { uv.new_idle(event_loop, state) };
            return Some((Handles::Uv { uv, wake, idle }, Box::new(UvWaker(wake))));
        }
    }
    // SAFETY: the caller's clause.
    let function = unsafe { open_threadsafe(env, state)? };
    Some((
        Handles::Threadsafe(function),
        Box::new(ThreadsafeWaker(function)),
    ))
}

/// # Safety
/// As for `open_handles`.
unsafe fn open_threadsafe(
    env: sys::napi_env,
    state: *mut c_void,
) -> Option<sys::napi_threadsafe_function> {
    let name = "threadport";
    let (mut resource, mut function) = (ptr::null_mut(), ptr::null_mut());
    // SAFETY: the caller's clause; `name` is valid for its length.
    unsafe {
        sys::napi_create_string_utf8(
            env,
            name.as_ptr().cast(),
            name.len() as isize,
            &raw mut resource,
        );
        let status = sys::napi_create_threadsafe_function(
            env,
            ptr::null_mut(),
            ptr::null_mut(),
            resource,
            0,
            1,
            ptr::null_mut(),
            None,
            state,
            Some(on_threadsafe),
            &raw mut function,
        );
        if status != sys::Status::napi_ok {
            return None;
        }
        sys::napi_unref_threadsafe_function(env, function);
    }
    Some(function)
}

/// Run `f`; a panic stays inside (it would otherwise cross a C frame).
fn guarded(f: impl FnOnce()) {
    let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(f));
}

/// # Safety
/// libuv's: a live handle whose data is the state.
unsafe fn state_of<'a>(handle: Handle) -> Option<&'a EnvState> {
    // SAFETY: the caller's clause; the table exists, it made the handle.
    Some(unsafe { &*Uv::get()?.data(handle).cast::<EnvState>() })
}

#[cfg(target_os = "linux")]
pub unsafe extern "C" fn on_readable(handle: Handle, _status: c_int, _events: c_int) {
    guarded(|| {
        // SAFETY: called by libuv for our handle.
        unsafe { state_of(handle) }
            .into_iter()
            .for_each(EnvState::heard)
    });
}

#[cfg(not(target_os = "linux"))]
pub unsafe extern "C" fn on_async(handle: Handle) {
    guarded(|| {
        // SAFETY: called by libuv for our handle.
        unsafe { state_of(handle) }
            .into_iter()
            .for_each(EnvState::heard)
    });
}

pub unsafe extern "C" fn on_idle(handle: Handle) {
    guarded(|| {
        // SAFETY: called by libuv for our handle.
        unsafe { state_of(handle) }
            .into_iter()
            .for_each(EnvState::idle)
    });
}

pub unsafe extern "C" fn on_threadsafe(
    env: sys::napi_env,
    _function: sys::napi_value,
    state: *mut c_void,
    _data: *mut c_void,
) {
    if env.is_null() {
        return;
    }
    // SAFETY: the context given at creation; the state outlives the function (`shutdown`).
    guarded(|| unsafe { &*state.cast::<EnvState>() }.wake());
}

pub unsafe extern "C" fn on_cleanup(
    _hook: sys::napi_async_cleanup_hook_handle,
    state: *mut c_void,
) {
    // SAFETY: the share made in `start`.
    guarded(|| unsafe { &*state.cast::<EnvState>() }.shutdown());
}

/// # Safety
/// As for `state_of`, from a close callback of the handle.
unsafe fn on_closed(handle: Handle, kind: c_int) {
    // SAFETY: the caller's clause.
    let (Some(state), Some(uv)) = (unsafe { state_of(handle) }, Uv::get()) else {
        return;
    };
    // SAFETY: this is the close callback.
    unsafe { uv.free(handle, kind) };
    let left = state.open_handles.get() - 1;
    state.open_handles.set(left);
    if left == 0 {
        state.finish();
    }
}

pub unsafe extern "C" fn on_closed_wake(handle: Handle) {
    // SAFETY: called by libuv for our handle.
    guarded(|| unsafe { on_closed(handle, KIND) });
}

pub unsafe extern "C" fn on_closed_idle(handle: Handle) {
    // SAFETY: called by libuv for our handle.
    guarded(|| unsafe { on_closed(handle, UV_IDLE) });
}
