//! Queues in shared memory as seen from `lib/queue`: one JS function for each attachment, `queue(code, a?, b?)`.
//!
//! Numbers travel in the thread's queue words (`layout.rs`, `queue`). The function keeps the memory alive, and gives it
//! up when V8 collects it.
//!
//! # Invariants
//! - Q1: the memory is that of a SharedArrayBuffer, which cannot be detached or shrink, and is pinned by a strong
//!   reference as long as the [`Queue`] lives.
//! - Q2: between an N-API call that gives an address and the end of the copy no JavaScript runs.

use std::ffi::c_void;
use std::ptr::{self, NonNull};
use std::rc::Rc;
use std::time::Instant;

use napi::bindgen_prelude::{Object, Unknown};
use napi::{Env, Result, sys};
use napi_derive::napi;

use super::entry::{OK, call_with, function};
use super::env::EnvState;
use super::layout::queue as at;
use super::ports::{Binding, invalid};
use super::queue_spin::Spin;
use super::words::Words;
use super::{queue_pop, queue_push};
use crate::layout::{HEADER, ITEMS, MAX_CAPACITY, MIN_CAPACITY, SPACE};
use crate::ring::{AttachError, PopError, PushError, Ring, Stall, Word};
use crate::slab::expect_large_buffers;
use crate::wake::owe_core;

/// Bytes before a queue's data.
#[allow(dead_code, reason = "read by lib/native.ts")]
#[napi_derive::napi]
pub const QUEUE_HEADER: u32 = HEADER as u32;
/// Offset of the word that changes when messages have come.
#[allow(dead_code, reason = "read by lib/native.ts")]
#[napi_derive::napi]
pub const QUEUE_ITEMS: u32 = ITEMS as u32;
/// Offset of the word that changes when room has come.
#[allow(dead_code, reason = "read by lib/native.ts")]
#[napi_derive::napi]
pub const QUEUE_SPACE: u32 = SPACE as u32;
/// Least capacity of a queue in bytes.
#[allow(dead_code, reason = "read by lib/native.ts")]
#[napi_derive::napi]
pub const QUEUE_MIN_CAPACITY: u32 = MIN_CAPACITY as u32;
/// Largest capacity of a queue in bytes.
#[allow(dead_code, reason = "read by lib/native.ts")]
#[napi_derive::napi]
pub const QUEUE_MAX_CAPACITY: u32 = MAX_CAPACITY as u32;

/// `lib/queue/native.ts` has the same numbers. A code is in the low byte; the number of the words is above it.
mod code {
    pub const PUSH: u32 = 0;
    pub const PUSH_BYTES: u32 = 1;
    pub const POP: u32 = 2;
    pub const POP_BYTES: u32 = 3;
    pub const CLOSE: u32 = 4;
    pub const LENGTH: u32 = 5;
    pub const USED: u32 = 6;
    pub const IS_CLOSED: u32 = 7;
    pub const CODEC: u32 = 8;
    pub const WATCH_ITEMS: u32 = 9;
    pub const WATCH_SPACE: u32 = 10;
    pub const POP_INTO: u32 = 11;
}

/// The codec whose messages have numbers of key lists.
const STRUCTURED: u32 = 1;

/// Kinds of records.
pub mod kind {
    /// The payload is the bytes.
    pub const BYTES: u32 = 1;
    /// See `ring/message.rs`.
    pub const MESSAGE: u32 = 2;
}

/// What a call answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum Status {
    Done = 0,
    /// No room, or no message.
    Nothing = 1,
    /// Closed, and for consumers: drained.
    Closed = 2,
    TooLarge = 3,
    Corrupt = 4,
    /// The arguments make no sense.
    Invalid = 5,
    /// The caller has to bring more room for the message.
    Room = 6,
}

impl From<PushError> for Status {
    fn from(error: PushError) -> Status {
        match error {
            PushError::Full => Status::Nothing,
            PushError::Closed => Status::Closed,
            PushError::TooLarge => Status::TooLarge,
            PushError::Corrupt => Status::Corrupt,
        }
    }
}

impl From<PopError> for Status {
    fn from(error: PopError) -> Status {
        match error {
            PopError::Empty => Status::Nothing,
            PopError::Ended => Status::Closed,
            PopError::Refused => Status::Room,
            PopError::Corrupt => Status::Corrupt,
        }
    }
}

/// One attachment of this thread.
pub struct Queue {
    pub ring: Ring,
    pub state: Rc<EnvState>,
    pub items: Spin,
    pub space: Spin,
    stall: Stall,
    /// Keeps the memory (Q1).
    pin: sys::napi_ref,
}

/// The arguments of a call behind its code.
pub type Arguments = [Option<sys::napi_value>; 2];

unsafe extern "C" fn queue(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    let body = |queue: &Queue, argc: usize, argv: [sys::napi_value; 3]| {
        let mut code = 0;
        // SAFETY: a value of this call.
        if argc == 0 || unsafe { sys::napi_get_value_uint32(env, argv[0], &raw mut code) } != OK {
            return ptr::null_mut();
        }
        let state = &queue.state;
        let words = state
            .queue_words
            .borrow()
            .get((code >> 8) as usize)
            .copied();
        let Some(words) = words else {
            return ptr::null_mut();
        };
        let arguments = [1, 2].map(|index| (argc > index).then(|| argv[index]));
        let run = || state.using_words(|| queue.run(code & 0xff, words, arguments));
        let value = std::panic::catch_unwind(std::panic::AssertUnwindSafe(run));
        value.unwrap_or_else(|_| {
            // Not the answer of the last call.
            words.write(at::STATUS, Status::Invalid as i32);
            ptr::null_mut()
        })
    };
    // SAFETY: the function was made with a queue that `on_collected` frees.
    unsafe { call_with(env, info, body) }
}

impl Queue {
    fn run(&self, code: u32, words: Words, arguments: Arguments) -> sys::napi_value {
        let ring = &self.ring;
        let mut value = ptr::null_mut();
        let answer = match code {
            code::PUSH => self.push(words, |words| queue_push::message(self, words, arguments)),
            code::PUSH_BYTES => self.push(words, |words| queue_push::bytes(self, words, arguments)),
            code::POP => self.pop(words, |words| {
                let taken = queue_pop::message(self, words, arguments);
                value = taken.map_or(ptr::null_mut(), |text| text);
                taken.map(|_| ())
            }),
            code::POP_BYTES => self.pop(words, |words| queue_pop::bytes(self, words, arguments)),
            code::POP_INTO => self.attempt(words, Word::Items, &self.items, |words| {
                queue_pop::into(self, words, arguments)
            }),
            code::CLOSE => {
                ring.close();
                0
            }
            code::LENGTH => ring.len() as i32,
            code::USED => ring.bytes_used() as i32,
            code::IS_CLOSED => i32::from(ring.is_closed()),
            code::CODEC => ring.codec().cast_signed(),
            code::WATCH_ITEMS => {
                ring.watch(Word::Items);
                0
            }
            code::WATCH_SPACE => {
                ring.watch(Word::Space);
                0
            }
            _ => Status::Invalid as i32,
        };
        words.write(at::STATUS, answer);
        value
    }

    fn push(
        &self,
        words: Words,
        attempt: impl FnMut(Words) -> std::result::Result<(), Status>,
    ) -> i32 {
        self.attempt(words, Word::Space, &self.space, attempt)
    }

    fn pop(
        &self,
        words: Words,
        attempt: impl FnMut(Words) -> std::result::Result<(), Status>,
    ) -> i32 {
        let answer = self.attempt(words, Word::Items, &self.items, attempt);
        if answer == Status::Room as i32 {
            expect_large_buffers();
        }
        answer
    }

    /// Tries as the mode says.
    fn attempt(
        &self,
        words: Words,
        word: Word,
        spin: &Spin,
        mut attempt: impl FnMut(Words) -> std::result::Result<(), Status>,
    ) -> i32 {
        words.write(at::WAKE, 0);
        let mode = words.read(at::MODE);
        let mut result = attempt(words);
        if mode == at::SPIN && result == Err(Status::Nothing) {
            spin.run(
                self.state.has_sent.get(),
                || self.ring.value(word),
                || {
                    result = attempt(words);
                    result == Err(Status::Nothing)
                },
            );
        }
        if (mode == at::ARM || mode == at::SPIN) && result == Err(Status::Nothing) {
            words.write(at::SEEN, self.ring.arm(word));
            result = attempt(words);
            if result == Err(Status::Nothing) && self.stall.look(&self.ring, Instant::now()) {
                result = Err(Status::Corrupt);
            }
        }
        // A promise that waits was woken if there is something now: `pop()` itself has spun.
        if mode == at::ARM && word == Word::Items && result.is_ok() {
            owe_core();
        }
        if result.is_ok() {
            self.state.has_sent.set(word == Word::Space);
        }
        result.err().unwrap_or(Status::Done) as i32
    }
}

/// JavaScript is to wake who waits: nobody, those at this queue (1), or those at any queue too (2).
pub fn tell(words: Words, wakes: i32) {
    if wakes != 0 {
        owe_core();
    }
    words.write(at::WAKE, wakes);
}

/// V8 has let go of a queue's function, or the environment goes.
unsafe extern "C" fn on_collected(env: sys::napi_env, data: *mut c_void, _hint: *mut c_void) {
    // SAFETY: the box made in `open_queue`, given to exactly one function.
    let queue = unsafe { Box::from_raw(data.cast::<Queue>()) };
    // SAFETY: our own reference. Nobody uses the memory any more.
    unsafe { sys::napi_delete_reference(env, queue.pin) };
}

#[napi]
impl Binding {
    /// The function of a queue over `memory`, a Uint8Array over a whole SharedArrayBuffer: of a new one (`codec` >= 0), or
    /// of the one that is there (-1). A number says why not: 1 no queue, 2 another version, 3 another size,
    /// 4 a structured one of another copy of the addon.
    #[napi(
        ts_return_type = "((code: number, a?: unknown, b?: unknown) => string | undefined) | number"
    )]
    pub fn open_queue(
        &self,
        env: Env,
        #[napi(ts_arg_type = "Uint8Array")] memory: Object<'_>,
        codec: i32,
    ) -> Result<Unknown<'_>> {
        let words = self.pin_shared(&memory, sys::TypedarrayType::uint8_array, 1)?;
        let start = NonNull::new(words.start.cast::<u8>()).ok_or_else(|| invalid("memory"))?;
        // SAFETY: Q1: the reference in `words` is kept with the ring.
        let ring = unsafe {
            match u32::try_from(codec) {
                Ok(codec) => Ring::format(start, words.len, codec, origin()),
                Err(_) => Ring::attach(start, words.len),
            }
        };
        let refusal = match &ring {
            Ok(ring) if ring.codec() == STRUCTURED && ring.origin() != origin() => 4,
            Ok(_) => 0,
            Err(AttachError::NotAQueue) => 1,
            Err(AttachError::Version) => 2,
            Err(AttachError::Size) => 3,
        };
        let value = match ring {
            Ok(ring) if refusal == 0 => self.queue_function(ring, words.pin)?,
            _ => {
                self.unpin(words);
                number(&env, refusal)
            }
        };
        // SAFETY: a value of this call.
        Ok(unsafe { Unknown::from_raw_unchecked(env.raw(), value) })
    }

    fn queue_function(&self, ring: Ring, pin: sys::napi_ref) -> Result<sys::napi_value> {
        let env = self.state.env;
        let made = Box::into_raw(Box::new(Queue {
            ring,
            state: Rc::clone(&self.state),
            items: Spin::default(),
            space: Spin::default(),
            stall: Stall::default(),
            pin,
        }))
        .cast::<c_void>();
        let function = function(env, "queue", Some(queue), made);
        let is_kept = function.is_some_and(|function| {
            // SAFETY: values of this call; `on_collected` frees the box once.
            let status = unsafe {
                sys::napi_add_finalizer(
                    env,
                    function,
                    made,
                    Some(on_collected),
                    ptr::null_mut(),
                    ptr::null_mut(),
                )
            };
            status == OK
        });
        match function {
            Some(function) if is_kept => Ok(function),
            // A function that nobody has: what it would have been given stays, and its memory too.
            _ => Err(invalid("queue")),
        }
    }
}

fn number(env: &Env, number: i32) -> sys::napi_value {
    let mut value = ptr::null_mut();
    // SAFETY: thread of the environment.
    unsafe { sys::napi_create_int32(env.raw(), number, &raw mut value) };
    value
}

/// Names this image of the addon in the process: the numbers of key lists are its own.
fn origin() -> u64 {
    static IMAGE: u8 = 0;
    (&raw const IMAGE).addr() as u64
}
