//! The ready list of one thread, and whether the thread sleeps.

use std::collections::VecDeque;

use super::owe_core;
use crate::sync::{Arc, AtomicU32, AtomicUsize, CachePadded, Mutex, Ordering, Queue, lock};

/// Wakes the owner's thread out of its sleep, from any thread.
pub trait Waker: Send + Sync {
    /// Called once per park, never after [`Reactor::kill`] returned. Runs under a lock of the reactor: it must
    /// be short and must not call the reactor back.
    fn wake(&self);
}

/// A sender put a slot into the queue after the owner last looked here.
const NEWS: u32 = 1;
/// The owner is awake and looks again before it parks. For senders the same as awake.
const POLLING: u32 = 1 << 1;
/// The owner sleeps until somebody wakes it.
const PARKED: u32 = 1 << 2;
/// The owner's thread ended.
const DEAD: u32 = 1 << 3;

/// What a JavaScript thread has to look at, and how to wake it. One per thread, shared with all senders.
///
/// `post` is for any thread; everything else is for the owner.
pub struct Reactor {
    /// `{ NEWS, POLLING, PARKED, DEAD }`; W1 says who writes what.
    state: CachePadded<AtomicU32>,
    /// Slots with news. Any thread pushes; the owner pops, and who finds the reactor dead.
    ready: Queue<u32>,
    /// The owner's: in which order it visits what it has popped.
    turns: Mutex<Turns>,
    /// How many wait there. Written by the owner only.
    waiting: AtomicUsize,
    /// Taken away by `kill` (W4).
    waker: Mutex<Option<Box<dyn Waker>>>,
}

/// Slots in the order in which they came, each once: one that is posted again and again while it is visited, as that of a
/// flood is, comes after those that were posted meanwhile.
#[derive(Default)]
struct Turns {
    order: VecDeque<u32>,
    is_listed: Vec<bool>,
}

impl Turns {
    fn add(&mut self, slot: u32) {
        let index = slot as usize;
        if index >= self.is_listed.len() {
            self.is_listed.resize(index + 1, false);
        }
        if !std::mem::replace(&mut self.is_listed[index], true) {
            self.order.push_back(slot);
        }
    }

    fn next(&mut self) -> Option<u32> {
        let slot = self.order.pop_front()?;
        self.is_listed[slot as usize] = false;
        Some(slot)
    }
}

impl Reactor {
    /// The reactor of a thread that is awake.
    pub fn new(waker: Box<dyn Waker>) -> Arc<Reactor> {
        Arc::new(Self {
            state: CachePadded::new(AtomicU32::new(0)),
            ready: Queue::new(),
            turns: Mutex::new(Turns::default()),
            waiting: AtomicUsize::new(0),
            waker: Mutex::new(Some(waker)),
        })
    }

    /// Tells the owner to look at `slot`, and wakes it if it is parked. Nothing happens after `kill`.
    pub fn post(&self, slot: u32) {
        // STATE: relaxed, only saves the work below, which a dead reactor undoes anyway.
        if self.state.load(Ordering::Relaxed) & DEAD != 0 {
            return;
        }
        self.ready.push(slot);
        // STATE: release, so that the slot is visible to the owner that finds NEWS; acquire, so that the clean-up of a
        // dead reactor comes after the owner's (W2, W5).
        let before = self.state.fetch_or(NEWS, Ordering::AcqRel);
        if before & (PARKED | NEWS | DEAD) == PARKED {
            self.wake();
        } else if before & DEAD != 0 {
            self.clear();
        }
    }

    /// The next slot with news, in the order of the posts; each once, however often it was posted since its last turn.
    pub fn next(&self) -> Option<u32> {
        // Only the owner takes it.
        let mut turns = lock(&self.turns);
        while let Some(slot) = self.ready.pop() {
            turns.add(slot);
        }
        let slot = turns.next();
        // Relaxed: only the owner reads it.
        self.waiting.store(turns.order.len(), Ordering::Relaxed);
        slot
    }

    /// The owner knows of news of `slot` without a post.
    pub fn list(&self, slot: u32) {
        let mut turns = lock(&self.turns);
        turns.add(slot);
        // Relaxed: only the owner reads it.
        self.waiting.store(turns.order.len(), Ordering::Relaxed);
    }

    /// Is there a slot to take? `true` holds for the owner; `false` may be outdated.
    pub fn has_news(&self) -> bool {
        // Relaxed: the owner's own.
        self.waiting.load(Ordering::Relaxed) > 0 || !self.ready.is_empty()
    }

    /// The owner is awake (its callback was entered). Senders skip the wake from here on.
    pub fn unpark(&self) {
        // STATE: acquire, so that the slots behind NEWS are visible; release keeps the order of senders that
        // come after intact.
        self.state.fetch_and(DEAD, Ordering::AcqRel);
    }

    /// The owner polls: it is awake, and looks again before it parks.
    pub fn poll_begin(&self) {
        // STATE: relaxed, the bit is for whoever looks at the state; senders need not know.
        self.state.fetch_or(POLLING, Ordering::Relaxed);
    }

    /// The owner wants to sleep. `true`: it is parked, and the next post wakes it. `false`: there are slots to
    /// take, and it stays awake. A dead reactor parks without ever being woken.
    pub fn park(&self) -> bool {
        loop {
            // STATE: as in `unpark`; takes the NEWS of slots that were popped already out of the way.
            let before = self.state.fetch_and(DEAD, Ordering::AcqRel);
            if self.has_news() {
                return false;
            }
            // STATE: a post from here on sets NEWS, and the exchange fails (W2). Release pairs with the posts
            // that find PARKED; acquire with the post that made it fail, though the next round's would do.
            let parked = before & DEAD | PARKED;
            let free = before & DEAD;
            if self
                .state
                .compare_exchange(free, parked, Ordering::AcqRel, Ordering::Acquire)
                .is_ok()
            {
                return true;
            }
        }
    }

    /// The owner's thread ends. When this returns, no `wake` runs or will run, and the queue is empty and stays so.
    /// Calling it again does nothing.
    pub fn kill(&self) {
        // STATE: release, so that a post that finds DEAD and clears the queue comes after; acquire for the
        // slots that came before.
        self.state.fetch_or(DEAD, Ordering::AcqRel);
        // A wake that is running holds the lock (W4). The waker is dropped outside of it.
        let waker = lock(&self.waker).take();
        drop(waker);
        while self.next().is_some() {}
    }

    #[cold]
    fn wake(&self) {
        owe_core();
        if let Some(waker) = lock(&self.waker).as_ref() {
            waker.wake();
        }
    }

    #[cold]
    fn clear(&self) {
        while self.ready.pop().is_some() {}
    }
}

impl std::fmt::Debug for Reactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // STATE: relaxed, to look at.
        let state = self.state.load(Ordering::Relaxed);
        f.debug_struct("Reactor")
            .field("news", &(state & NEWS != 0))
            .field("polling", &(state & POLLING != 0))
            .field("parked", &(state & PARKED != 0))
            .field("dead", &(state & DEAD != 0))
            .finish_non_exhaustive()
    }
}
