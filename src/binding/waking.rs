//! The handle by which other threads wake a loop.
//!
//! Whatever wakes one `uv_async_t`, libuv looks at all of its loop, and each stock port is one: with 10,000 open ports a
//! wake-up takes a tenth of a millisecond. A descriptor of our own is found at once. Where there is no eventfd,
//! `uv_async_t` it is.

use std::ffi::{c_int, c_void};
use std::ptr;

use napi::sys;

use super::uv::{Handle, Uv};
use crate::wake::Waker;

/// Kind of the handle, for its size.
pub const KIND: c_int = if cfg!(target_os = "linux") {
    8 // UV_POLL
} else {
    1 // UV_ASYNC
};

/// An open handle.
#[derive(Clone, Copy)]
pub struct WakeHandle {
    #[cfg(not(target_os = "linux"))]
    uv: Uv,
    pub handle: Handle,
    #[cfg(target_os = "linux")]
    fd: c_int,
}

// SAFETY: other threads only call `wake`, which is for any thread.
unsafe impl Send for WakeHandle {}
// SAFETY: as above.
unsafe impl Sync for WakeHandle {}

#[cfg(target_os = "linux")]
impl WakeHandle {
    /// An unreferenced handle; `on_wake` runs on the loop after `wake`.
    ///
    /// # Safety
    /// `event_loop` is the loop of the calling thread and outlives the handle.
    pub unsafe fn open(uv: Uv, event_loop: *mut c_void, data: *mut c_void) -> Option<Self> {
        // SAFETY: no memory is involved.
        let fd = unsafe { libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK) };
        if fd < 0 {
            return None;
        }
        // SAFETY: the caller's clause, and a descriptor that nobody else has.
        let handle = unsafe { uv.new_poll(event_loop, fd, super::hooks::on_readable, data) };
        if handle.is_none() {
            // SAFETY: opened above.
            unsafe { libc::close(fd) };
        }
        Some(Self {
            handle: handle?,
            fd,
        })
    }

    /// Any thread.
    ///
    /// # Safety
    /// Not after `close`.
    pub unsafe fn wake(self) {
        let one = 1u64;
        // SAFETY: the caller's clause; an eventfd takes eight bytes, and a full one is awake.
        unsafe { libc::write(self.fd, (&raw const one).cast(), 8) };
    }

    /// The loop has heard it.
    ///
    /// # Safety
    /// Not after `close`.
    pub unsafe fn hear(self) {
        let mut count = 0u64;
        // SAFETY: the caller's clause; an eventfd gives eight bytes.
        unsafe { libc::read(self.fd, (&raw mut count).cast(), 8) };
    }

    /// # Safety
    /// Loop thread, once, after `uv_close` of the handle: that has taken the descriptor out of the loop.
    pub unsafe fn close(self) {
        // SAFETY: the caller's clause.
        unsafe { libc::close(self.fd) };
    }
}

#[cfg(not(target_os = "linux"))]
impl WakeHandle {
    /// An unreferenced handle; `on_wake` runs on the loop after `wake`.
    ///
    /// # Safety
    /// `event_loop` is the loop of the calling thread and outlives the handle.
    pub unsafe fn open(uv: Uv, event_loop: *mut c_void, data: *mut c_void) -> Option<Self> {
        // SAFETY: the caller's clause.
        let handle = unsafe { uv.new_async(event_loop, super::hooks::on_async, data) };
        Some(Self {
            uv,
            handle: handle?,
        })
    }

    /// Any thread.
    ///
    /// # Safety
    /// Not after `uv_close` of the handle.
    pub unsafe fn wake(self) {
        // SAFETY: the caller's clause.
        unsafe { self.uv.send(self.handle) };
    }

    /// # Safety
    /// Any time.
    pub unsafe fn hear(self) {}

    /// # Safety
    /// Any time.
    pub unsafe fn close(self) {}
}

pub struct UvWaker(pub WakeHandle);

impl Waker for UvWaker {
    fn wake(&self) {
        // SAFETY: the reactor calls this only while it is alive, and it is killed before the
        // handle is closed (`shutdown`).
        unsafe { self.0.wake() };
    }
}

pub struct ThreadsafeWaker(pub sys::napi_threadsafe_function);

// SAFETY: threadsafe functions may be called from any thread.
unsafe impl Send for ThreadsafeWaker {}
// SAFETY: as above.
unsafe impl Sync for ThreadsafeWaker {}

impl Waker for ThreadsafeWaker {
    fn wake(&self) {
        // SAFETY: as for UvWaker: not called after the reactor was killed.
        unsafe {
            sys::napi_call_threadsafe_function(
                self.0,
                ptr::null_mut(),
                sys::ThreadsafeFunctionCallMode::nonblocking,
            )
        };
    }
}
