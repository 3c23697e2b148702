//! `Binding`: the ports of one JS thread as seen from `lib/native.ts`. Numbers named `slot` and
//! `ticket` index tables of this thread; nothing else can be named from JS.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;

use napi::bindgen_prelude::{Function, Object, Unknown, Utf16String};
use napi::{Env, Error, JsValue, Result, Status, sys};
use napi_derive::napi;

use super::env::EnvState;
use super::layout::{KIND_STOCK, queue, rx, tx};
use super::port::{Port, Run};
use super::words::Words;
use super::{entry, guard, op, pin, posted, send, take};
use crate::channel::{Channel, WorkerName, secret, worker_channel};

/// Most receive buffers of a thread: one for each level of nested deliveries.
const MOST_BUFFERS: usize = 4096;

/// State of this thread.
#[napi]
pub struct Binding {
    pub(super) state: Rc<EnvState>,
}

pub(super) fn invalid(what: &str) -> Error {
    Error::new(Status::InvalidArg, format!("{what} is not valid here"))
}

#[napi]
impl Binding {
    /// `drain` runs when ports have news.
    #[napi(constructor)]
    pub fn new(env: Env, drain: Function<'_, (), ()>) -> Result<Binding> {
        pin::pin_image();
        // SAFETY: this thread, and a function of this call.
        let state = unsafe { EnvState::start(env.raw(), drain.raw()) };
        Ok(Binding {
            state: state.ok_or_else(|| invalid("this environment"))?,
        })
    }

    /// `send(text?, attachments?)`, see `send.rs`.
    #[napi(
        getter,
        ts_return_type = "(text?: string, attachments?: ArrayBuffer[]) => void"
    )]
    pub fn send(&self, env: Env) -> Result<Unknown<'_>> {
        self.entry(&env, "send", send::send)
    }

    /// `take(buffer)`, see `take.rs`.
    #[napi(getter, ts_return_type = "(buffer: number) => string | undefined")]
    pub fn take(&self, env: Env) -> Result<Unknown<'_>> {
        self.entry(&env, "take", take::take)
    }

    /// `op(code, slot, value)`, see `op.rs`.
    #[napi(
        getter,
        ts_return_type = "(code: number, slot: number, value: number) => number"
    )]
    pub fn op(&self, env: Env) -> Result<Unknown<'_>> {
        self.entry(&env, "op", op::op)
    }

    /// `guard(f, self, ...)`, see `guard.rs`.
    #[napi(
        getter,
        ts_return_type = "(f: Function, self: unknown, ...args: unknown[]) => unknown"
    )]
    pub fn guard(&self, env: Env) -> Result<Unknown<'_>> {
        self.entry(&env, "guard", guard::guard)
    }

    /// `landed(slot, index)`, see `posted.rs`.
    #[napi(
        getter,
        ts_return_type = "(slot: number, index: number) => ArrayBuffer | undefined"
    )]
    pub fn landed(&self, env: Env) -> Result<Unknown<'_>> {
        self.entry(&env, "landed", posted::landed)
    }

    fn entry(
        &self,
        env: &Env,
        name: &str,
        callback: unsafe extern "C" fn(sys::napi_env, sys::napi_callback_info) -> sys::napi_value,
    ) -> Result<Unknown<'_>> {
        let value = entry::entry(&self.state, name, Some(callback)).ok_or_else(|| invalid(name))?;
        // SAFETY: a value of this call.
        Ok(unsafe { Unknown::from_raw_unchecked(env.raw(), value) })
    }

    /// The buffer that `send` reads: an Int32Array over a SharedArrayBuffer.
    #[napi]
    pub fn set_transmit(
        &self,
        #[napi(ts_arg_type = "Int32Array")] words: Object<'_>,
    ) -> Result<()> {
        self.check_unused()?;
        let words = self.pin_words(&words, tx::BASE)?;
        self.unpin(self.state.transmit.replace(words));
        Ok(())
    }

    /// Buffer number `index` of those that `take` fills: an Int32Array over a SharedArrayBuffer.
    #[napi]
    pub fn set_receive(
        &self,
        index: u32,
        #[napi(ts_arg_type = "Int32Array")] words: Object<'_>,
    ) -> Result<()> {
        let words = self.pin_words(&words, rx::BASE)?;
        self.put_words(&self.state.receive, index, words)
    }

    /// Number `index` of the buffers that calls of queues' functions use: an Int32Array over a SharedArrayBuffer.
    #[napi]
    pub fn set_queue_words(
        &self,
        index: u32,
        #[napi(ts_arg_type = "Int32Array")] words: Object<'_>,
    ) -> Result<()> {
        self.check_unused()?;
        let words = self.pin_words(&words, queue::BASE)?;
        self.put_words(&self.state.queue_words, index, words)
    }

    fn check_unused(&self) -> Result<()> {
        if self.state.words_in_use.get() > 0 {
            return Err(invalid("a change of words in use"));
        }
        Ok(())
    }

    fn put_words(&self, list: &RefCell<Vec<Words>>, index: u32, words: Words) -> Result<()> {
        let mut buffers = list.borrow_mut();
        match index as usize {
            known if known < buffers.len() => {
                self.unpin(std::mem::replace(&mut buffers[known], words))
            }
            next if next == buffers.len() && next < MOST_BUFFERS => buffers.push(words),
            _ => return Err(invalid("buffer index")),
        }
        Ok(())
    }

    /// Address of words that cannot be detached, kept alive with the environment.
    fn pin_words(&self, array: &Object<'_>, header: usize) -> Result<Words> {
        self.pin_shared(array, sys::TypedarrayType::int32_array, header)
    }

    /// Address of a typed array over a SharedArrayBuffer, with at least so many elements, kept alive by the reference.
    pub(super) fn pin_shared(
        &self,
        array: &Object<'_>,
        wanted: sys::napi_typedarray_type,
        header: usize,
    ) -> Result<Words> {
        let (env, value) = (self.state.env, array.raw());
        let (mut kind, mut len, mut data, mut buffer, mut offset) =
            (0, 0, std::ptr::null_mut(), std::ptr::null_mut(), 0);
        let mut detachable = true;
        let mut reference = std::ptr::null_mut();
        // SAFETY: a value of this call; each status is checked. `buffer` is set by the first call.
        let ok = unsafe {
            sys::napi_get_typedarray_info(
                env,
                value,
                &raw mut kind,
                &raw mut len,
                &raw mut data,
                &raw mut buffer,
                &raw mut offset,
            ) == sys::Status::napi_ok
                && sys::napi_is_arraybuffer(env, buffer, &raw mut detachable)
                    == sys::Status::napi_ok
                && kind == wanted
                && !detachable
                && len >= header
                && data.cast::<u64>().is_aligned()
                && sys::napi_create_reference(env, value, 1, &raw mut reference)
                    == sys::Status::napi_ok
        };
        if ok {
            Ok(Words {
                start: data.cast(),
                len,
                pin: reference,
            })
        } else {
            Err(invalid("buffer"))
        }
    }

    pub(super) fn unpin(&self, words: Words) {
        if !words.pin.is_null() {
            // SAFETY: our own reference, given up with the buffer it pins.
            unsafe { sys::napi_delete_reference(self.state.env, words.pin) };
        }
    }

    /// A channel with both ends in this thread: the slot of the first (see `meet_peer`). `sent` are the
    /// numbers of stock messages that each end has posted so far.
    #[napi]
    pub fn open_channel(&self, sent0: f64, sent1: f64) -> Result<u32> {
        let channel = Channel::new();
        channel.set_stock_count(0, sent0 as u64);
        channel.set_stock_count(1, sent1 as u64);
        let slot = self.attach(&channel, 0, None)?;
        self.attach(&channel, 1, None)?;
        Ok(slot)
    }

    /// What the next worker is given, so that nobody else finds its channel.
    #[napi]
    pub fn worker_key(&self) -> String {
        secret()
    }

    /// The channel between a worker that was given `key` and its parent (side 0) as seen from `side`.
    #[napi]
    pub fn open_worker(&self, key: String, thread_id: f64, side: u32) -> Option<u32> {
        let name = (key, thread_id as u64);
        let channel = worker_channel(&name);
        self.attach(&channel, usize::from(side != 0), Some(name))
            .ok()
    }

    pub(super) fn attach(
        &self,
        channel: &Arc<Channel>,
        side: usize,
        worker: Option<WorkerName>,
    ) -> Result<u32> {
        let attached = self.state.attach_port(channel, side, worker);
        attached
            .map(|(slot, _)| slot)
            .ok_or_else(|| invalid("port"))
    }

    /// Copy attachment `index` of the first frame for the port in `slot` into a buffer of its size.
    /// JS allocates it: there it need not be filled with zeros first.
    #[napi]
    pub fn copy_attachment(
        &self,
        slot: u32,
        index: u32,
        #[napi(ts_arg_type = "ArrayBuffer")] target: Object<'_>,
    ) -> bool {
        let (mut data, mut len) = (std::ptr::null_mut(), 0);
        // SAFETY: a value of this call; the status is checked.
        let status = unsafe {
            sys::napi_get_arraybuffer_info(
                self.state.env,
                target.raw(),
                &raw mut data,
                &raw mut len,
            )
        };
        if status != sys::Status::napi_ok || len == 0 {
            return false;
        }
        // SAFETY: V8 gave `data` and `len` for a live buffer, and no JS runs before the copy ends.
        let target = unsafe { std::slice::from_raw_parts_mut(data.cast::<u8>(), len) };
        let copied = self.state.with_port(slot, |port| {
            super::batch::copy_attachment(port, index as usize, target)
        });
        copied.unwrap_or(false)
    }

    /// The parked peer's view of our lane becomes a port of this thread for a recall, if the gate
    /// says so: frames that `take` reads from the returned slot are our own, undelivered ones.
    #[napi]
    pub fn begin_recall(&self, slot: u32) -> Option<u32> {
        let (channel, side) = self
            .state
            .with_port(slot, |port| (Arc::clone(&port.channel), 1 - port.side))?;
        let half = channel.reclaim(side)?;
        Some(self.state.place(Port {
            channel,
            side,
            half,
            worker: None,
            member: None,
            recalled: true,
            posted: None,
            carriers: Run::default(),
        }))
    }

    /// Undo `begin_recall` and close the gate. What the peer sends from where it went comes by the stock port.
    #[napi]
    pub fn end_recall(&self, slot: u32) {
        if let Some(Port {
            channel,
            side,
            mut half,
            ..
        }) = self.state.displace(slot)
        {
            if half.producer.accepted() > 0 {
                // Should even the last room be taken, the reader goes on when the channel is closed.
                let _ = op::push_last(&mut half, KIND_STOCK);
                channel.bell(1 - side).ring();
            }
            channel.end_recall(side, half);
        }
    }

    /// Report an exception of a listener as Node reports one that nobody caught.
    #[napi]
    pub fn fatal(&self, error: Unknown<'_>) {
        // SAFETY: thread of the environment, a value of this call.
        unsafe { sys::napi_fatal_exception(self.state.env, error.raw()) };
    }

    /// Process-wide id of a list of keys, or -1 when the table is full.
    #[napi]
    pub fn register_shape(&self, keys: Vec<Utf16String>) -> i32 {
        let keys = keys.iter().map(|key| key.to_vec()).collect();
        crate::shapes::register(keys).map_or(-1, u32::cast_signed)
    }

    /// Key number `index` of a shape; null after the last.
    #[napi]
    pub fn shape_key(&self, id: u32, index: u32) -> Option<Utf16String> {
        let keys = crate::shapes::lookup(id)?;
        Some(keys.get(index as usize)?.clone().into())
    }
}
