//! The only file that names atomics, cells, locks, loom or shuttle.
//!
//! Everything that takes part in a protocol between threads is imported from here. In a normal build these are
//! the standard library's types; under `--cfg loom` they are loom's, so that `tests/loom_models.rs` explores
//! every interleaving of exactly the code that ships. Under `--cfg loom --cfg shuttle` the models are built of shuttle's
//! types, whose random schedules may be long (`tests/shuttle_models.rs`).
//!
//! Not modelled: [`process`], counters that live in statics. Loom's objects live inside one execution and
//! cannot be statics; nothing but a statistic or a quota may use these.
#![forbid(unsafe_code)]
// A facade lists what its users may need; not every build uses every name.
#![allow(unused_imports, dead_code)]

#[cfg(all(loom, not(shuttle)))]
use loom as library;
#[cfg(shuttle)]
use shuttle as library;
#[cfg(not(loom))]
use std as library;

pub(crate) use library::{
    hint::spin_loop,
    sync::atomic::{
        AtomicBool, AtomicI32, AtomicPtr, AtomicU8, AtomicU32, AtomicU64, AtomicUsize, Ordering,
        fence,
    },
    sync::{Arc, Condvar, Mutex, MutexGuard},
    thread::yield_now,
};

#[cfg(all(loom, not(shuttle)))]
pub(crate) use loom::alloc::{alloc_zeroed, dealloc};
#[cfg(any(not(loom), shuttle))]
pub(crate) use std::alloc::{alloc_zeroed, dealloc};

pub(crate) use crossbeam::utils::CachePadded;

/// Statics of the process: statistics and quotas, never part of a protocol (see the header).
pub(crate) mod process {
    pub(crate) use std::sync::atomic::{AtomicUsize, Ordering};
    pub(crate) use std::sync::{LazyLock, OnceLock};
}

/// Locks `mutex`. A panic in another holder does not poison it: every critical section of this crate leaves
/// the data consistent at each point where it can panic.
pub(crate) fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// A cell with loom's interface: access goes through a closure, so that loom can see how long it lasts.
#[cfg(any(not(loom), shuttle))]
#[derive(Debug, Default)]
pub(crate) struct UnsafeCell<T: ?Sized>(std::cell::UnsafeCell<T>);

#[cfg(any(not(loom), shuttle))]
impl<T> UnsafeCell<T> {
    /// Wraps `value`.
    pub(crate) const fn new(value: T) -> Self {
        Self(std::cell::UnsafeCell::new(value))
    }

    /// Shared access for the length of the closure.
    #[inline(always)]
    pub(crate) fn with<R>(&self, f: impl FnOnce(*const T) -> R) -> R {
        f(self.0.get())
    }

    /// Exclusive access for the length of the closure.
    #[inline(always)]
    pub(crate) fn with_mut<R>(&self, f: impl FnOnce(*mut T) -> R) -> R {
        f(self.0.get())
    }
}

#[cfg(all(loom, not(shuttle)))]
pub(crate) use loom::cell::UnsafeCell;

/// Stands for the bytes of a raw memory area, which loom cannot see: one loom cell for each 8 bytes under
/// `--cfg loom`, nothing at all otherwise. Code that reads or writes raw memory tells the shadow, and loom
/// reports two accesses that are not ordered.
#[derive(Debug)]
pub(crate) struct Shadow {
    #[cfg(all(loom, not(shuttle)))]
    granules: Vec<UnsafeCell<()>>,
}

#[cfg(any(not(loom), shuttle))]
impl Shadow {
    /// A shadow of `bytes` bytes.
    #[inline(always)]
    pub(crate) const fn new(_bytes: usize) -> Self {
        Self {}
    }

    /// The bytes in `range` are read now.
    #[inline(always)]
    pub(crate) fn read(&self, _range: std::ops::Range<usize>) {}

    /// The bytes in `range` are written now.
    #[inline(always)]
    pub(crate) fn write(&self, _range: std::ops::Range<usize>) {}
}

#[cfg(all(loom, not(shuttle)))]
impl Shadow {
    pub(crate) fn new(bytes: usize) -> Self {
        Self {
            granules: (0..bytes.div_ceil(8))
                .map(|_| UnsafeCell::new(()))
                .collect(),
        }
    }

    pub(crate) fn read(&self, range: std::ops::Range<usize>) {
        for granule in &self.granules[range.start / 8..range.end.div_ceil(8)] {
            granule.with(|_| ());
        }
    }

    pub(crate) fn write(&self, range: std::ops::Range<usize>) {
        for granule in &self.granules[range.start / 8..range.end.div_ceil(8)] {
            granule.with_mut(|_| ());
        }
    }
}

/// Unbounded queue, any number of producers and consumers; never blocks.
///
/// A value pushed before a release operation is found by whoever acquires that operation: an empty answer
/// after it means that somebody else took the value.
#[cfg(not(loom))]
#[derive(Debug)]
pub(crate) struct Queue<T>(crossbeam::queue::SegQueue<T>);

#[cfg(not(loom))]
impl<T> Queue<T> {
    /// An empty queue; allocates nothing.
    pub(crate) const fn new() -> Self {
        Self(crossbeam::queue::SegQueue::new())
    }

    /// Appends `value`.
    #[inline]
    pub(crate) fn push(&self, value: T) {
        self.0.push(value);
    }

    /// Takes the oldest value.
    #[inline]
    pub(crate) fn pop(&self) -> Option<T> {
        self.0.pop()
    }

    /// Is there nothing to take? `false` may be outdated when others pop, `true` when others push.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many values, racy.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }
}

/// Stand-in for the lock-free queue: loom models our use of it, not crossbeam's inside. It promises no more than
/// the contract above: whether there is something to take is read without any ordering, so that a user who
/// relies on more than an acquire finds the queue empty in some execution.
#[cfg(loom)]
#[derive(Debug)]
pub(crate) struct Queue<T> {
    values: Mutex<std::collections::VecDeque<T>>,
    pushed: AtomicUsize,
    popped: AtomicUsize,
}

#[cfg(loom)]
impl<T> Queue<T> {
    pub(crate) fn new() -> Self {
        Self {
            values: Mutex::new(std::collections::VecDeque::new()),
            pushed: AtomicUsize::new(0),
            popped: AtomicUsize::new(0),
        }
    }

    pub(crate) fn push(&self, value: T) {
        lock(&self.values).push_back(value);
        self.pushed.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn pop(&self) -> Option<T> {
        if self.is_empty() {
            return None;
        }
        let value = lock(&self.values).pop_front()?;
        self.popped.fetch_add(1, Ordering::Relaxed);
        Some(value)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(crate) fn len(&self) -> usize {
        let popped = self.popped.load(Ordering::Relaxed);
        self.pushed.load(Ordering::Relaxed).saturating_sub(popped)
    }
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Self::new()
    }
}
