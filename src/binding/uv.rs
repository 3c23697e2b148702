//! The few libuv functions we use, looked up in the host at run time (they are missing in Bun).

use std::ffi::{c_char, c_int, c_void};
use std::sync::OnceLock;

use super::waking::KIND;

/// Any libuv handle; its memory is ours and has `size` bytes.
pub type Handle = *mut c_void;
type Callback = unsafe extern "C" fn(Handle);
type HandleSize = unsafe extern "C" fn(c_int) -> usize;
#[cfg(target_os = "linux")]
type PollCallback = unsafe extern "C" fn(Handle, c_int, c_int);
#[cfg(target_os = "linux")]
type PollInit = unsafe extern "C" fn(*mut c_void, Handle, c_int) -> c_int;
#[cfg(target_os = "linux")]
type PollStart = unsafe extern "C" fn(Handle, c_int, Option<PollCallback>) -> c_int;
#[cfg(not(target_os = "linux"))]
type AsyncInit = unsafe extern "C" fn(*mut c_void, Handle, Option<Callback>) -> c_int;
type IdleInit = unsafe extern "C" fn(*mut c_void, Handle) -> c_int;
type OnHandle = unsafe extern "C" fn(Handle) -> c_int;
type WithCallback = unsafe extern "C" fn(Handle, Option<Callback>) -> c_int;
type Close = unsafe extern "C" fn(Handle, Option<Callback>);
type Plain = unsafe extern "C" fn(Handle);
type SetData = unsafe extern "C" fn(Handle, *mut c_void);
type GetData = unsafe extern "C" fn(Handle) -> *mut c_void;

pub const UV_IDLE: c_int = 6;
#[cfg(target_os = "linux")]
const UV_READABLE: c_int = 1;

/// Function table.
#[derive(Clone, Copy)]
pub struct Uv {
    handle_size: HandleSize,
    #[cfg(target_os = "linux")]
    poll_init: PollInit,
    #[cfg(target_os = "linux")]
    poll_start: PollStart,
    #[cfg(not(target_os = "linux"))]
    async_init: AsyncInit,
    #[cfg(not(target_os = "linux"))]
    async_send: OnHandle,
    idle_init: IdleInit,
    idle_start: WithCallback,
    idle_stop: OnHandle,
    close: Close,
    make_ref: Plain,
    unref: Plain,
    set_data: SetData,
    get_data: GetData,
}

/// Address of an exported function of the host; null if it has none of this name.
#[cfg(unix)]
pub fn symbol(name: &[u8]) -> *mut c_void {
    debug_assert_eq!(name.last(), Some(&0));
    // SAFETY: `name` ends with NUL (asserted); RTLD_DEFAULT searches the images already loaded.
    unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr().cast::<c_char>()) }
}

/// Address of an exported function of the host; null if it has none of this name.
#[cfg(windows)]
pub fn symbol(name: &[u8]) -> *mut c_void {
    unsafe extern "system" {
        fn GetModuleHandleW(name: *const u16) -> *mut c_void;
        fn GetProcAddress(module: *mut c_void, name: *const c_char) -> *mut c_void;
    }
    debug_assert_eq!(name.last(), Some(&0));
    // SAFETY: a null name gives the host's executable, and `name` ends with NUL (asserted).
    unsafe { GetProcAddress(GetModuleHandleW(std::ptr::null()), name.as_ptr().cast()) }
}

impl Uv {
    /// The table, if the host has all of it and `THREADPORT_NO_LIBUV` is not set.
    pub fn get() -> Option<Uv> {
        static TABLE: OnceLock<Option<Uv>> = OnceLock::new();
        *TABLE.get_or_init(|| {
            if std::env::var_os("THREADPORT_NO_LIBUV").is_some() {
                return None;
            }
            Uv::load()
        })
    }

    fn load() -> Option<Uv> {
        macro_rules! function {
            ($name:literal, $type:ty) => {{
                let address = symbol(concat!($name, "\0").as_bytes());
                if address.is_null() {
                    return None;
                }
                // SAFETY: libuv's ABI has been stable since 1.0; the field's type is its prototype.
                unsafe { std::mem::transmute::<*mut c_void, $type>(address) }
            }};
        }
        Some(Uv {
            handle_size: function!("uv_handle_size", HandleSize),
            #[cfg(target_os = "linux")]
            poll_init: function!("uv_poll_init", PollInit),
            #[cfg(target_os = "linux")]
            poll_start: function!("uv_poll_start", PollStart),
            #[cfg(not(target_os = "linux"))]
            async_init: function!("uv_async_init", AsyncInit),
            #[cfg(not(target_os = "linux"))]
            async_send: function!("uv_async_send", OnHandle),
            idle_init: function!("uv_idle_init", IdleInit),
            idle_start: function!("uv_idle_start", WithCallback),
            idle_stop: function!("uv_idle_stop", OnHandle),
            close: function!("uv_close", Close),
            make_ref: function!("uv_ref", Plain),
            unref: function!("uv_unref", Plain),
            set_data: function!("uv_handle_set_data", SetData),
            get_data: function!("uv_handle_get_data", GetData),
        })
    }

    fn allocate(&self, kind: c_int) -> Handle {
        // SAFETY: a query without side effects.
        let size = unsafe { (self.handle_size)(kind) };
        let words = size.div_ceil(8);
        Box::into_raw(vec![0u64; words].into_boxed_slice()).cast::<c_void>()
    }

    /// Free a handle that libuv has closed.
    ///
    /// # Safety
    /// `handle` is of that kind, was made here, and its close callback has run (or it was never initialised).
    pub unsafe fn free(&self, handle: Handle, kind: c_int) {
        // SAFETY: a query without side effects.
        let size = unsafe { (self.handle_size)(kind) };
        let slice = std::ptr::slice_from_raw_parts_mut(handle.cast::<u64>(), size.div_ceil(8));
        // SAFETY: the caller's clause; `allocate` made exactly this slice.
        drop(unsafe { Box::from_raw(slice) });
    }

    /// A handle that tells when `fd` can be read; unreferenced.
    ///
    /// # Safety
    /// `event_loop` is the loop of the calling thread and outlives the handle; `fd` stays open until it is closed.
    #[cfg(target_os = "linux")]
    pub unsafe fn new_poll(
        &self,
        event_loop: *mut c_void,
        fd: c_int,
        callback: PollCallback,
        data: *mut c_void,
    ) -> Option<Handle> {
        let handle = self.allocate(KIND);
        // SAFETY: the memory has the size libuv asked for; the rest is the caller's clause. Starting an initialised
        // handle cannot fail.
        unsafe {
            if (self.poll_init)(event_loop, handle, fd) != 0 {
                self.free(handle, KIND);
                return None;
            }
            (self.set_data)(handle, data);
            (self.poll_start)(handle, UV_READABLE, Some(callback));
            (self.unref)(handle);
        }
        Some(handle)
    }

    /// A handle that wakes `event_loop` from any thread; unreferenced.
    ///
    /// # Safety
    /// `event_loop` is the loop of the calling thread and outlives the handle.
    #[cfg(not(target_os = "linux"))]
    pub unsafe fn new_async(
        &self,
        event_loop: *mut c_void,
        callback: Callback,
        data: *mut c_void,
    ) -> Option<Handle> {
        let handle = self.allocate(KIND);
        // SAFETY: the memory has the size libuv asked for; the loop is the caller's clause.
        unsafe {
            if (self.async_init)(event_loop, handle, Some(callback)) != 0 {
                self.free(handle, KIND);
                return None;
            }
            (self.set_data)(handle, data);
            (self.unref)(handle);
        }
        Some(handle)
    }

    /// A stopped, unreferenced idle handle.
    ///
    /// # Safety
    /// `event_loop` is the loop of the calling thread and outlives the handle.
    pub unsafe fn new_idle(&self, event_loop: *mut c_void, data: *mut c_void) -> Handle {
        let handle = self.allocate(UV_IDLE);
        // SAFETY: the memory has the size libuv asked for; uv_idle_init cannot fail.
        unsafe {
            (self.idle_init)(event_loop, handle);
            (self.set_data)(handle, data);
            (self.unref)(handle);
        }
        handle
    }

    /// Wake the loop of `handle`. Any thread.
    ///
    /// # Safety
    /// `handle` is an async handle that has not been closed.
    #[cfg(not(target_os = "linux"))]
    pub unsafe fn send(&self, handle: Handle) {
        // SAFETY: the caller's clause; uv_async_send is the one thread-safe call.
        unsafe { (self.async_send)(handle) };
    }

    /// Run `callback` in each iteration of the loop, which then does not sleep.
    ///
    /// # Safety
    /// Loop thread; `handle` is an idle handle that has not been closed.
    pub unsafe fn idle_start(&self, handle: Handle, callback: Callback) {
        // SAFETY: the caller's clause.
        unsafe { (self.idle_start)(handle, Some(callback)) };
    }

    /// Undo `idle_start`.
    ///
    /// # Safety
    /// As for `idle_start`.
    pub unsafe fn idle_stop(&self, handle: Handle) {
        // SAFETY: the caller's clause.
        unsafe { (self.idle_stop)(handle) };
    }

    /// Should `handle` keep its loop alive?
    ///
    /// # Safety
    /// Loop thread; `handle` has not been closed.
    pub unsafe fn set_ref(&self, handle: Handle, referenced: bool) {
        // SAFETY: the caller's clause.
        unsafe {
            if referenced {
                (self.make_ref)(handle)
            } else {
                (self.unref)(handle)
            }
        };
    }

    /// Close; `callback` runs on the loop afterwards.
    ///
    /// # Safety
    /// Loop thread; called once a handle.
    pub unsafe fn close(&self, handle: Handle, callback: Callback) {
        // SAFETY: the caller's clause.
        unsafe { (self.close)(handle, Some(callback)) };
    }

    /// The data pointer given at creation.
    ///
    /// # Safety
    /// `handle` has not been freed.
    pub unsafe fn data(&self, handle: Handle) -> *mut c_void {
        // SAFETY: the caller's clause.
        unsafe { (self.get_data)(handle) }
    }
}
