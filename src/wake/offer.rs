//! Who wakes a thread and then spins for its answer may keep it from answering: kernels like to put a thread on the core of
//! the one that wakes it. So the first spin after a wake begins with an offer of the core.

use std::cell::Cell;

thread_local! {
    static OWES: Cell<bool> = const { Cell::new(false) };
}

/// This thread wakes another one, or has been woken by one that may spin.
pub fn owe_core() {
    OWES.set(true);
}

/// Before this thread spins.
pub fn offer_core() {
    if OWES.take() {
        std::thread::yield_now();
    }
}
