//! Buffers that the ports of this thread post ahead: the peer copies large attachments straight into them, and they
//! are handed out as they are (`landing`).
//!
//! # Invariants
//! - P1: a buffer is made here, and no JS can reach it before a frame in the lane has its landing, which is after
//!   the last write to it. So it cannot be detached while a writer may be at work.
//! - P2: a strong reference keeps it alive until then, or until `Posted` is dropped, which waits for writers.

use std::cell::Cell;
use std::ptr::{self, NonNull};
use std::rc::Rc;
use std::sync::Arc;

use napi::sys;

use super::batch::binary;
use super::entry::{OK, call};
use super::env::EnvState;
use super::port::Port;
use crate::channel::{Channel, Side};
use crate::landing::{Attachment, Landing};
use crate::slab::SlabPool;

/// Sizes of buffers that are posted. Below, the copy costs less than the buffer; above, a failed allocation would
/// end the process (Node makes them, and does not ask).
const SIZES: std::ops::RangeInclusive<usize> = (16 << 10)..=(1 << 20);
/// Most buffers of a port.
const MOST: usize = 64;
/// Most bytes of all ports of a thread.
const MOST_BYTES: usize = 8 << 20;

/// After going to sleep that often without reading one of them, a thread gives them up.
const IDLE: u32 = 64;

/// What a port has posted: free buffers, and those in frames that are not consumed.
pub struct Posted {
    env: sys::napi_env,
    channel: Arc<Channel>,
    /// The port's side; the peer writes.
    side: Side,
    buffers: Vec<Buffer>,
    /// How many of them JS has; they go when their frames are consumed.
    handed: usize,
    /// Bytes of the last attachment that came.
    last: usize,
    total: Rc<Cell<usize>>,
}

struct Buffer {
    landing: Arc<Landing>,
    array: sys::napi_ref,
    len: usize,
    handed: bool,
}

impl Posted {
    fn new(state: &EnvState, port: &Port) -> Box<Posted> {
        Box::new(Posted {
            env: state.env,
            channel: Arc::clone(&port.channel),
            side: port.side,
            buffers: Vec::new(),
            handed: 0,
            last: 0,
            total: Rc::clone(&state.posted_bytes),
        })
    }

    /// The buffer of `landing`, if it is one of ours.
    fn array(&mut self, landing: *const Landing) -> Option<sys::napi_value> {
        let is_it = |buffer: &&mut Buffer| ptr::eq(Arc::as_ptr(&buffer.landing), landing);
        let buffer = self.buffers.iter_mut().find(is_it)?;
        if !std::mem::replace(&mut buffer.handed, true) {
            self.handed += 1;
        }
        let mut array = ptr::null_mut();
        // SAFETY: thread of the environment, our own reference.
        unsafe { sys::napi_get_reference_value(self.env, buffer.array, &raw mut array) };
        (!array.is_null()).then_some(array)
    }

    /// An attachment of `len` bytes has come, in one of the buffers or not: it is followed by one like it, probably.
    fn expect(&mut self, len: usize, landed: bool) {
        let again = std::mem::replace(&mut self.last, len) == len;
        if !(landed || again && SIZES.contains(&len)) {
            return;
        }
        if self.buffers.len() < MOST && self.total.get() + len <= MOST_BYTES {
            self.post(len);
        } else if !landed {
            // What is free is of no use to the peer.
            self.withdraw();
        }
    }

    /// Let go of what is free.
    fn withdraw(&mut self) {
        self.channel.landings(1 - self.side).withdraw();
        let (env, total) = (self.env, &self.total);
        self.buffers.retain(|buffer| {
            let is_free = !buffer.handed && Landing::is_spent(&buffer.landing);
            if is_free {
                buffer.release(env, total);
            }
            !is_free
        });
    }

    fn post(&mut self, len: usize) -> Option<()> {
        let (array, start) = uninitialized(self.env, len)?;
        let mut reference = ptr::null_mut();
        // SAFETY: thread of the environment, a value of this call.
        let status = unsafe { sys::napi_create_reference(self.env, array, 1, &raw mut reference) };
        if status != OK {
            return None;
        }
        // SAFETY: P1, P2.
        let landing = unsafe { self.channel.landings(1 - self.side).post(start, len) };
        self.total.set(self.total.get() + len);
        self.buffers.push(Buffer {
            landing,
            array: reference,
            len,
            handed: false,
        });
        Some(())
    }

    /// Frames were consumed: let go of the buffers that came with them.
    pub fn sweep(&mut self) {
        let mut index = 0;
        while self.handed > 0 && index < self.buffers.len() {
            let buffer = &self.buffers[index];
            if buffer.handed && Landing::is_spent(&buffer.landing) {
                self.buffers.remove(index).release(self.env, &self.total);
                self.handed -= 1;
            } else {
                index += 1;
            }
        }
    }
}

impl Buffer {
    fn release(&self, env: sys::napi_env, total: &Cell<usize>) {
        total.set(total.get() - self.len);
        // SAFETY: thread of the environment; our own reference, once.
        unsafe { sys::napi_delete_reference(env, self.array) };
    }

    /// Where the content is now: JS may have it already, and may have detached it.
    fn content(&self, env: sys::napi_env) -> Option<&[u8]> {
        let (mut array, mut data, mut len) = (ptr::null_mut(), ptr::null_mut(), 0);
        // SAFETY: thread of the environment, our own reference; the status is checked.
        let ok = unsafe {
            sys::napi_get_reference_value(env, self.array, &raw mut array) == OK
                && !array.is_null()
                && sys::napi_get_arraybuffer_info(env, array, &raw mut data, &raw mut len) == OK
        };
        if !ok || len != self.len {
            return None;
        }
        // SAFETY: V8 gave `data` and `len` for a live buffer; no JS runs while it is looked at.
        Some(unsafe { std::slice::from_raw_parts(data.cast::<u8>(), len) })
    }
}

impl Drop for Posted {
    /// The port leaves this thread, or is gone.
    fn drop(&mut self) {
        self.channel.landings(1 - self.side).withdraw();
        let mut scope = ptr::null_mut();
        // SAFETY: thread of the environment, which lives until its cleanup hooks have run.
        let scoped = unsafe { sys::napi_open_handle_scope(self.env, &raw mut scope) } == OK;
        for buffer in &self.buffers {
            if Landing::settle(&buffer.landing)
                && let Some(content) = buffer.content(self.env)
                && let Ok(mut block) = SlabPool::global().take(content.len())
            {
                block.copy_from_slice(content);
                buffer.landing.keep(block.freeze());
            }
            buffer.release(self.env, &self.total);
        }
        if scoped {
            // SAFETY: opened above.
            unsafe { sys::napi_close_handle_scope(self.env, scope) };
        }
    }
}

/// An ArrayBuffer with arbitrary content, and where it is.
fn uninitialized(env: sys::napi_env, len: usize) -> Option<(sys::napi_value, NonNull<u8>)> {
    let (mut view, mut data, mut array) = (ptr::null_mut(), ptr::null_mut(), ptr::null_mut());
    // SAFETY: thread of the environment; each status is checked. Null: not asked for.
    let ok = unsafe {
        sys::napi_create_buffer(env, len, &raw mut data, &raw mut view) == OK
            && sys::napi_get_typedarray_info(
                env,
                view,
                ptr::null_mut(),
                ptr::null_mut(),
                ptr::null_mut(),
                &raw mut array,
                ptr::null_mut(),
            ) == OK
    };
    let start = NonNull::new(data.cast::<u8>())?;
    // A host may give out a part of a larger buffer.
    let (mut whole, mut size) = (ptr::null_mut(), 0);
    // SAFETY: a value of this call, if the calls above have succeeded.
    let ok = ok
        && unsafe { sys::napi_get_arraybuffer_info(env, array, &raw mut whole, &raw mut size) }
            == OK
        && ptr::eq(whole.cast(), start.as_ptr())
        && size == len;
    ok.then_some((array, start))
}

/// `landed(slot, index)`: the buffer with attachment `index` of the first frame for the port in `slot`, if the peer
/// has written it there; else undefined.
pub unsafe extern "C" fn landed(
    env: sys::napi_env,
    info: sys::napi_callback_info,
) -> sys::napi_value {
    let body = |state: &EnvState, argc: usize, argv: [sys::napi_value; 3]| {
        let (mut slot, mut index) = (0, 0);
        // SAFETY: values of this call, as many as there are (checked first).
        let ok = argc >= 2
            && unsafe {
                sys::napi_get_value_uint32(env, argv[0], &raw mut slot) == OK
                    && sys::napi_get_value_uint32(env, argv[1], &raw mut index) == OK
            };
        if !ok {
            return ptr::null_mut();
        }
        let find = |port: &mut Port| take_landed(state, port, index as usize);
        let (array, starved) = state
            .with_port(slot, find)
            .flatten()
            .unwrap_or((ptr::null_mut(), false));
        if starved {
            // Other ports have all that a thread may have, in use or not.
            state.withdraw_posted();
        }
        array
    };
    // SAFETY: this is an entry point.
    unsafe { call(env, info, body) }
}

impl EnvState {
    /// The thread goes to sleep: what it has not used for long is memory for nothing.
    pub fn withdraw_unused(&self) {
        let idle = self.posted_idle.get() + 1;
        if self.posted_bytes.get() == 0 {
            return;
        }
        self.posted_idle.set(idle % IDLE);
        if idle == IDLE {
            self.withdraw_posted();
        }
    }

    /// Let go of the buffers that nobody has filled.
    fn withdraw_posted(&self) {
        let mut ports = self.ports.borrow_mut();
        let posted = ports
            .iter_mut()
            .flatten()
            .filter_map(|port| port.posted.as_mut());
        posted.for_each(|posted| posted.withdraw());
    }
}

/// The buffer, or null; and whether the port would like to post buffers, and cannot post one.
fn take_landed(state: &EnvState, port: &mut Port, index: usize) -> Option<(sys::napi_value, bool)> {
    let (mut len, mut landing) = (0, ptr::null());
    port.half.consumer.peek(|frame| {
        if let Some(attachment) = binary(&frame).get(index) {
            len = attachment.len();
            if let Attachment::Landed(landed) = attachment {
                landing = Arc::as_ptr(landed);
            }
        }
        false
    });
    if port.recalled || port.member.is_some() || !SIZES.contains(&len) {
        return None;
    }
    let mut posted = port
        .posted
        .take()
        .unwrap_or_else(|| Posted::new(state, port));
    let array = posted.array(landing);
    posted.expect(len, array.is_some());
    state.posted_idle.set(0);
    let starved = posted.buffers.is_empty() && state.posted_bytes.get() + len > MOST_BYTES;
    port.posted = Some(posted);
    Some((array.unwrap_or(ptr::null_mut()), starved))
}
