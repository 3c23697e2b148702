//! Strings over recycled memory: V8 reads a long text where it is instead of copying it into fresh pages,
//! which cost more than everything else about the message. Hosts without these functions get a copy, and a host
//! that does not allow external memory (Electron) makes one itself.

use std::cell::Cell;
use std::ffi::c_void;
use std::ptr;
use std::rc::Rc;
use std::sync::OnceLock;

use bytes::Bytes;
use napi::sys;

use super::entry::OK;
use super::env::EnvState;
use super::uv::symbol;

/// `node_api_create_external_string_latin1` and `..._utf16`; they differ in the type of the text only.
type Create = unsafe extern "C" fn(
    sys::napi_env,
    *const c_void,
    usize,
    sys::napi_finalize,
    *mut c_void,
    *mut sys::napi_value,
    *mut bool,
) -> sys::napi_status;

struct Functions {
    latin1: Option<Create>,
    utf16: Option<Create>,
}

fn functions() -> &'static Functions {
    static FUNCTIONS: OnceLock<Functions> = OnceLock::new();
    FUNCTIONS.get_or_init(|| Functions {
        latin1: function(b"node_api_create_external_string_latin1\0"),
        utf16: function(b"node_api_create_external_string_utf16\0"),
    })
}

/// `None` if the host has none, or `THREADPORT_NO_EXTERNAL` is set.
fn function(name: &[u8]) -> Option<Create> {
    if std::env::var_os("THREADPORT_NO_EXTERNAL").is_some() {
        return None;
    }
    let address = symbol(name);
    // SAFETY: Node-API's prototype of the functions with these names, stable since Node 20.
    (!address.is_null()).then(|| unsafe { std::mem::transmute::<*mut c_void, Create>(address) })
}

/// What a string keeps alive, and where it says that it is gone.
struct Held {
    text: Bytes,
    released: Rc<Cell<i64>>,
}

/// V8 has let go of the string, on the thread that made it. No JS may run here, and none does.
unsafe extern "C" fn release(_env: sys::napi_env, _text: *mut c_void, hint: *mut c_void) {
    // SAFETY: the box made in `external_string`, given to exactly one string.
    let held = unsafe { Box::from_raw(hint.cast::<Held>()) };
    let bytes = i64::try_from(held.text.len()).unwrap_or(0);
    held.released.set(held.released.get() + bytes);
}

/// Tell V8 what its strings hold, so that it collects in time: then the blocks come back while their
/// pages are still warm. `released` cannot be told where it happens, in the middle of a collection.
fn report(env: sys::napi_env, text: &Bytes, released: &Cell<i64>) {
    let change = i64::try_from(text.len()).unwrap_or(0) - released.replace(0);
    let mut total = 0;
    // SAFETY: thread of the environment.
    unsafe { sys::napi_adjust_external_memory(env, change, &raw mut total) };
}

/// Whether this host may make a string over memory.
pub fn has_external_strings(wide: bool) -> bool {
    create(wide).is_some()
}

fn create(wide: bool) -> Option<Create> {
    if wide {
        functions().utf16
    } else {
        functions().latin1
    }
}

/// A string over `text`, which it keeps alive; null if the host cannot make one.
pub fn external_string(state: &EnvState, text: &Bytes, wide: bool) -> sys::napi_value {
    let env = state.env;
    let Some(create) = create(wide) else {
        return ptr::null_mut();
    };
    let (mut value, mut copied) = (ptr::null_mut(), false);
    let hint = Box::into_raw(Box::new(Held {
        text: text.clone(),
        released: Rc::clone(&state.released),
    }))
    .cast::<c_void>();
    let units = text.len() >> u32::from(wide);
    // SAFETY: thread of the environment; the text lives until `release`, which is called once: now if
    // the host has made a copy, else when the string is collected.
    let status = unsafe {
        create(
            env,
            text.as_ptr().cast(),
            units,
            Some(release),
            hint,
            &raw mut value,
            &raw mut copied,
        )
    };
    if status == OK {
        report(env, text, &state.released);
        return value;
    }
    // SAFETY: no string was made, so nobody else has the box.
    drop(unsafe { Box::from_raw(hint.cast::<Held>()) });
    ptr::null_mut()
}

/// A string over Latin-1 text that is there for as long as the process; a copy if the host cannot make one; null if
/// an exception is pending.
pub fn static_string(env: sys::napi_env, text: &'static [u8]) -> sys::napi_value {
    let mut value = ptr::null_mut();
    let start = text.as_ptr();
    if let Some(create) = create(false) {
        let mut copied = false;
        // SAFETY: thread of the environment; the text is never freed, so nobody needs to be told of the end.
        let status = unsafe {
            create(
                env,
                start.cast(),
                text.len(),
                None,
                ptr::null_mut(),
                &raw mut value,
                &raw mut copied,
            )
        };
        if status == OK {
            return value;
        }
    }
    let len = isize::try_from(text.len()).unwrap_or(0);
    // SAFETY: thread of the environment; text and length are of one slice.
    unsafe { sys::napi_create_string_latin1(env, start.cast(), len, &raw mut value) };
    value
}
