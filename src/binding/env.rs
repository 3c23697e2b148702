//! What one JS thread owns: its reactor, its loop handles, its table of attached ports.
//!
//! # Contract
//! - One [`EnvState`] for each `Binding` object; never process-global. All of it is used by its own
//!   thread only, but for the reactor, which other threads post to.
//! - No `RefCell` borrow is held while JS runs.
//! - Life: made by `new Binding()`, kept alive by that object, by the entry functions and by the
//!   loop handles; the asynchronous cleanup hook kills the reactor (after which no other thread
//!   touches a handle), closes the handles, and only then lets the environment go.
//!
//! # Invariants
//! - R1: `Handles` are open from `start` until `shutdown`; `shutdown` runs once.
//! - R2: the buffers are views of SharedArrayBuffers, which cannot be detached, and are pinned by a
//!   strong reference as long as the environment lives: their addresses stay valid.
//! - R3: after `dead` is set no N-API call is made, but to give up what is held.

use std::cell::{Cell, RefCell};
use std::ffi::c_void;
use std::ptr;
use std::rc::Rc;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use napi::sys;

use super::hooks::{on_cleanup, on_closed_idle, on_closed_wake, open_handles};
use super::layout::tx;
use super::listening::Listening;
use super::moving::{Hope, Numbered};
use super::polling::Reason;
use super::port::Port;
use super::queue_spin::Spin;
use super::uv::{Handle, Uv};
use super::waking::WakeHandle;
use super::watching::Watch;
use super::words::Words;
use crate::channel::{PortRef, UnderWay};
use crate::group::Ticket;
use crate::wake::{PollPolicy, Reactor, Told};

/// How the loop is woken and polled.
pub enum Handles {
    Uv {
        uv: Uv,
        wake: WakeHandle,
        idle: Handle,
    },
    Threadsafe(sys::napi_threadsafe_function),
    None,
}

/// Looked up once: on Linux it takes files of the control groups to answer.
fn cores() -> usize {
    static CORES: OnceLock<usize> = OnceLock::new();
    *CORES.get_or_init(|| std::thread::available_parallelism().map_or(1, std::num::NonZero::get))
}

pub struct EnvState {
    pub env: sys::napi_env,
    pub reactor: Arc<Reactor>,
    pub ports: RefCell<Vec<Option<Port>>>,
    pub free: RefCell<Vec<u32>>,
    /// Ports on their way, by ticket.
    pub transit: RefCell<Numbered<PortRef>>,
    /// What ports had under way that may come back (`moving.rs`).
    pub under_way: RefCell<Numbered<UnderWay>>,
    /// Ports that left for a thread which may load the package yet (`moving.rs`).
    pub hopes: RefCell<Vec<Hope>>,
    /// Cargo of the message that is posted next: tickets.
    pub staged: RefCell<Vec<f64>>,
    /// What `unload` has brought last.
    pub unloaded: RefCell<Vec<f64>>,
    /// Ports that may have been moved behind our back, by slot (`offer.rs`).
    pub offered: RefCell<Vec<(u32, PortRef)>>,
    /// Of the broadcast channel that is being made.
    pub ticket: RefCell<Option<Ticket>>,
    pub transmit: Cell<Words>,
    pub receive: RefCell<Vec<Words>>,
    /// What calls of queues' functions are given (`queue.rs`).
    pub queue_words: RefCell<Vec<Words>>,
    /// How many calls are on the stack that use words while foreign code may run.
    pub words_in_use: Cell<u32>,
    /// How many calls of `guard` are on the stack.
    pub guards: Cell<u32>,
    /// Whom the message that is being sent has to tell.
    pub told: Cell<Told>,
    pub listening: Listening,
    /// Of threads that wait for a port without their event loop.
    pub port_spin: Spin,
    pub arena: RefCell<Vec<u8>>,
    /// A text of unknown width, and its terminator.
    pub short_text: RefCell<[u16; tx::SHORT_TEXT + 1]>,
    /// Bytes of external strings that were collected and not reported yet.
    pub released: Rc<Cell<i64>>,
    /// Bytes of all buffers that ports of this thread have posted.
    pub posted_bytes: Rc<Cell<usize>>,
    /// How often the thread went to sleep since one of them was read.
    pub posted_idle: Cell<u32>,
    drain: sys::napi_ref,
    pub handles: RefCell<Handles>,
    /// One for each reason to poll: what pays after one need not pay after the other.
    pub policies: RefCell<[PollPolicy; 2]>,
    /// Why we poll, or polled last.
    pub reason: Cell<Reason>,
    pub polling: Cell<bool>,
    /// Whose lane is looked at, and whose bell was answered last (`watching.rs`).
    pub watched: Cell<Option<Watch>>,
    pub last_visited: Cell<Option<u32>>,
    pub draining: Cell<bool>,
    /// Something was sent since the loop has woken us last, or a queue has given something.
    pub has_sent: Cell<bool>,
    holds: Cell<u32>,
    pub dead: Cell<bool>,
    pub epoch: Instant,
    cleanup: Cell<sys::napi_async_cleanup_hook_handle>,
    pub open_handles: Cell<u32>,
}

impl EnvState {
    /// Set up the state of this thread. `drain` is called, without arguments, when ports have news.
    ///
    /// # Safety
    /// Called on the thread of `env`, with a handle to a function.
    pub unsafe fn start(env: sys::napi_env, drain: sys::napi_value) -> Option<Rc<EnvState>> {
        let mut drain_ref = ptr::null_mut();
        // SAFETY: the caller's clause.
        if unsafe { sys::napi_create_reference(env, drain, 1, &raw mut drain_ref) }
            != sys::Status::napi_ok
        {
            return None;
        }
        // The handles need the address of the state and the state's reactor needs the handles.
        let mut state = Rc::<EnvState>::new_uninit();
        let address = Rc::as_ptr(&state).cast_mut().cast::<c_void>();
        // SAFETY: the caller's clause; the callbacks run from the loop, after `state` was written.
        let (handles, waker) = unsafe { open_handles(env, address)? };
        let cores = cores();
        let open = 2 * u32::from(matches!(handles, Handles::Uv { .. }));
        Rc::get_mut(&mut state)?.write(EnvState {
            env,
            reactor: Reactor::new(waker),
            ports: RefCell::new(Vec::new()),
            free: RefCell::new(Vec::new()),
            transit: RefCell::default(),
            under_way: RefCell::default(),
            hopes: RefCell::new(Vec::new()),
            staged: RefCell::new(Vec::new()),
            ticket: RefCell::new(None),
            unloaded: RefCell::new(Vec::new()),
            offered: RefCell::new(Vec::new()),
            transmit: Cell::new(Words::NONE),
            receive: RefCell::new(Vec::new()),
            queue_words: RefCell::new(Vec::new()),
            words_in_use: Cell::new(0),
            guards: Cell::new(0),
            told: Cell::new(0),
            listening: Listening::default(),
            port_spin: Spin::default(),
            arena: RefCell::new(Vec::new()),
            short_text: RefCell::new([0; tx::SHORT_TEXT + 1]),
            released: Rc::new(Cell::new(0)),
            posted_bytes: Rc::new(Cell::new(0)),
            posted_idle: Cell::new(0),
            drain: drain_ref,
            handles: RefCell::new(handles),
            policies: RefCell::new([PollPolicy::new(cores), PollPolicy::new(cores)]),
            reason: Cell::new(Reason::Receipt),
            polling: Cell::new(false),
            watched: Cell::new(None),
            last_visited: Cell::new(None),
            draining: Cell::new(false),
            has_sent: Cell::new(false),
            holds: Cell::new(0),
            dead: Cell::new(false),
            epoch: Instant::now(),
            cleanup: Cell::new(ptr::null_mut()),
            open_handles: Cell::new(open),
        });
        // SAFETY: written just above.
        let state = unsafe { state.assume_init() };
        let mut cleanup = ptr::null_mut();
        // The hook's share of the ownership; given back in `finish`.
        let share = Rc::into_raw(Rc::clone(&state));
        // SAFETY: `share` stays valid until `finish`, which the hook leads to.
        unsafe {
            sys::napi_add_async_cleanup_hook(
                env,
                Some(on_cleanup),
                share.cast_mut().cast(),
                &raw mut cleanup,
            )
        };
        state.cleanup.set(cleanup);
        state.park();
        Some(state)
    }

    /// Enter JS. An exception there becomes an uncaughtException, as from a stock port.
    pub fn call_drain(&self) {
        if self.dead.get() {
            return;
        }
        // SAFETY: R3, loop thread; every handle made here is released with the scope.
        unsafe {
            let mut scope = ptr::null_mut();
            if sys::napi_open_handle_scope(self.env, &raw mut scope) != sys::Status::napi_ok {
                return;
            }
            let (mut function, mut global, mut result) =
                (ptr::null_mut(), ptr::null_mut(), ptr::null_mut());
            sys::napi_get_reference_value(self.env, self.drain, &raw mut function);
            sys::napi_get_global(self.env, &raw mut global);
            let status = sys::napi_make_callback(
                self.env,
                ptr::null_mut(),
                global,
                function,
                0,
                ptr::null(),
                &raw mut result,
            );
            if status == sys::Status::napi_pending_exception {
                let mut error = ptr::null_mut();
                sys::napi_get_and_clear_last_exception(self.env, &raw mut error);
                sys::napi_fatal_exception(self.env, error);
            }
            sys::napi_close_handle_scope(self.env, scope);
        }
    }

    /// Keep the event loop alive (`by` = 1) or let it end again (`by` = -1).
    pub fn hold(&self, by: i32) {
        let before = self.holds.get();
        let after = before.saturating_add_signed(by);
        self.holds.set(after);
        if (before == 0) == (after == 0) || self.dead.get() {
            return;
        }
        match *self.handles.borrow() {
            // SAFETY: R1, loop thread.
            Handles::Uv { uv, wake, .. } => unsafe { uv.set_ref(wake.handle, after > 0) },
            // SAFETY: R1, loop thread.
            Handles::Threadsafe(function) => unsafe {
                if after > 0 {
                    sys::napi_ref_threadsafe_function(self.env, function);
                } else {
                    sys::napi_unref_threadsafe_function(self.env, function);
                }
            },
            Handles::None => {}
        }
    }

    /// Runs `f`, which uses words, and which may run foreign code (getters among its arguments): that must not replace them.
    pub fn using_words<T>(&self, f: impl FnOnce() -> T) -> T {
        struct Using<'a>(&'a Cell<u32>);
        impl Drop for Using<'_> {
            fn drop(&mut self) {
                self.0.set(self.0.get() - 1);
            }
        }
        self.words_in_use.set(self.words_in_use.get() + 1);
        let _using = Using(&self.words_in_use);
        f()
    }

    /// Give a port of this thread a slot and let its channel ring here.
    pub fn insert(&self, port: Port) -> u32 {
        let (channel, side) = (Arc::clone(&port.channel), port.side);
        let slot = self.place(port);
        channel.bell(side).attach(Arc::clone(&self.reactor), slot);
        slot
    }

    /// A slot for a port whose channel does not ring here.
    pub fn place(&self, port: Port) -> u32 {
        let mut ports = self.ports.borrow_mut();
        let slot = self.free.borrow_mut().pop().unwrap_or_else(|| {
            ports.push(None);
            u32::try_from(ports.len() - 1).unwrap_or(u32::MAX)
        });
        ports[slot as usize] = Some(port);
        slot
    }

    /// Take a port out of its slot.
    pub fn remove(&self, slot: u32) -> Option<Port> {
        if let Some(offered) = self.take_offer(slot) {
            offered.channel.bell(offered.side).detach();
            self.free.borrow_mut().push(slot);
            return None;
        }
        let port = self.displace(slot)?;
        port.channel.bell(port.side).detach();
        Some(port)
    }

    /// Undo `place`.
    pub fn displace(&self, slot: u32) -> Option<Port> {
        let port = self.ports.borrow_mut().get_mut(slot as usize)?.take()?;
        self.forget_watch(slot);
        self.free.borrow_mut().push(slot);
        Some(port)
    }

    /// Run `f` on the port in `slot`.
    pub fn with_port<T>(&self, slot: u32, f: impl FnOnce(&mut Port) -> T) -> Option<T> {
        self.ports
            .borrow_mut()
            .get_mut(slot as usize)?
            .as_mut()
            .map(f)
    }

    /// The environment goes: nobody may wake us any more, and our ports have no owner.
    pub fn shutdown(&self) {
        self.dead.set(true);
        self.reactor.kill();
        for port in self.ports.borrow_mut().drain(..).flatten() {
            port.close();
        }
        drop(self.transit.take());
        drop(self.under_way.take());
        for hope in self.hopes.take() {
            hope.give_up();
        }
        self.ticket.take();
        self.listening.end();
        for policy in self.policies.borrow_mut().iter_mut() {
            policy.on_park();
        }
        match self.handles.replace(Handles::None) {
            // SAFETY: R1: the only call of `close` for each.
            Handles::Uv { uv, wake, idle } => unsafe {
                uv.close(wake.handle, on_closed_wake);
                wake.close();
                uv.close(idle, on_closed_idle);
            },
            Handles::Threadsafe(function) => {
                // SAFETY: the environment's own reference; no waker is left (kill).
                unsafe {
                    sys::napi_release_threadsafe_function(
                        function,
                        sys::ThreadsafeFunctionReleaseMode::abort,
                    );
                }
                self.finish();
            }
            Handles::None => self.finish(),
        }
    }

    /// All handles are closed: tell Node, and give the hook's share of the state back.
    pub fn finish(&self) {
        let hook = self.cleanup.replace(ptr::null_mut());
        if !hook.is_null() {
            self.unpin_all();
            // SAFETY: the handle of our own hook, once.
            unsafe { sys::napi_remove_async_cleanup_hook(hook) };
            // SAFETY: the share made in `start`; `self` is not used afterwards.
            drop(unsafe { Rc::from_raw(ptr::from_ref(self)) });
        }
    }

    /// Node does not free the references that are left when an environment ends.
    fn unpin_all(&self) {
        let lists = [self.receive.take(), self.queue_words.take()];
        let words = lists.into_iter().flatten();
        let pins = words
            .chain([self.transmit.replace(Words::NONE)])
            .map(|words| words.pin);
        for reference in pins.chain([self.drain]).filter(|pin| !pin.is_null()) {
            // SAFETY: our own references, in an environment that is not over yet. No script runs in it any more: nobody
            // looks at the words, and `drain` is not called (`dead`).
            unsafe { sys::napi_delete_reference(self.env, reference) };
        }
    }
}
