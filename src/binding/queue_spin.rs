//! How long a thread looks at the word of a queue, or at the bell of a port, before it goes to sleep.
//!
//! To sleep and be woken costs both sides tens of microseconds; a partner that is at work answers within one or two. What
//! pays is learnt: a spin that ends in time doubles the next one, one in vain halves it, and now and then a long one is
//! tried all the same. After a few microseconds the core is offered to others between two looks: who is waited for may be on
//! the very same one.
//! A spin that loses it to another program is followed by a rest (`wake/rest.rs`).

use std::cell::Cell;
use std::time::{Duration, Instant};

use crate::wake::{LOST, Rest, offer_core};

const LONGEST: Duration = Duration::from_micros(50);
const SHORTEST: Duration = Duration::from_micros(1);
const POLITE: Duration = Duration::from_micros(4);
/// Pauses of the processor between two looks: where an answer is waited for, and where messages stream in. Each look takes
/// the cache line from the sender, which is about to write to it.
const SOON: u32 = 16;
const LATER: u32 = 64;
/// Spins in vain before a long one is tried again.
const PATIENCE: u32 = 16;

pub struct Spin {
    budget: Cell<Duration>,
    /// Spins in vain until a long one is tried again.
    patience: Cell<u32>,
    rest: Cell<Rest>,
}

impl Default for Spin {
    fn default() -> Spin {
        Spin {
            budget: Cell::new(LONGEST),
            patience: Cell::new(PATIENCE),
            rest: Cell::default(),
        }
    }
}

impl Spin {
    /// Calls `again` after each change of `value`, until it answers false or the time is over.
    pub fn run(&self, has_sent: bool, value: impl Fn() -> i32, again: impl FnMut() -> bool) {
        let mut rest = self.rest.get();
        if rest.is_due() {
            rest.pass();
            self.rest.set(rest);
            return;
        }
        let begin = Instant::now();
        let in_time = self.look(begin, has_sent, value, again);
        if begin.elapsed() > LONGEST + LOST {
            rest.on_lost();
        } else {
            rest.on_kept();
            self.learn(in_time);
        }
        self.rest.set(rest);
    }

    /// Was it in time?
    fn look(
        &self,
        begin: Instant,
        has_sent: bool,
        value: impl Fn() -> i32,
        mut again: impl FnMut() -> bool,
    ) -> bool {
        let pauses = if has_sent { SOON } else { LATER };
        offer_core();
        let budget = self.budget.get();
        let mut seen = value();
        // What came between the caller's try and this.
        let mut is_new = true;
        loop {
            if is_new && !again() {
                return true;
            }
            for _ in 0..pauses {
                std::hint::spin_loop();
            }
            let now = value();
            is_new = now != seen;
            seen = now;
            let spent = begin.elapsed();
            if spent >= budget && !is_new {
                return false;
            }
            if spent >= POLITE {
                std::thread::yield_now();
            }
        }
    }

    fn learn(&self, in_time: bool) {
        let budget = self.budget.get();
        if in_time {
            self.budget.set((budget * 2).min(LONGEST));
            return;
        }
        let patience = self.patience.get();
        self.patience
            .set(patience.checked_sub(1).unwrap_or(PATIENCE));
        self.budget.set(if patience == 0 {
            LONGEST
        } else {
            (budget / 2).max(SHORTEST)
        });
    }
}
