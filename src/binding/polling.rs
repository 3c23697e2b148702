//! When a thread looks out for news, and when it sleeps.

use super::env::{EnvState, Handles};
use super::hooks::on_idle;
use super::waking::ThreadsafeWaker;
use crate::wake::{LOST, Poll, PollPolicy, Waker, offer_core};

/// Why a thread looks out for news.
#[derive(Clone, Copy)]
pub enum Reason {
    /// It has received something.
    Receipt = 0,
    /// It has sent something, and an answer may come.
    Send = 1,
}

/// Pauses of the processor between two looks at the lane that is watched: where an answer is waited for, and where messages stream in. Each look takes
/// the cache line from the sender, which is about to write to it.
const SOON: u32 = 4;
const LATER: u32 = 32;

/// [`LOST`] in nanoseconds.
const LONGEST_DELAY: u64 = LOST.as_nanos() as u64;

impl EnvState {
    fn now(&self) -> u64 {
        u64::try_from(self.epoch.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    /// The wake-up handle has fired.
    pub fn heard(&self) {
        if let Handles::Uv { wake, .. } = *self.handles.borrow() {
            // SAFETY: R1.
            unsafe { wake.hear() };
        }
        self.wake();
    }

    /// The loop has woken us: deliver what is there, then look out for more for a short while.
    pub fn wake(&self) {
        self.reactor.unpark();
        self.run();
    }

    fn run(&self) {
        let start = self.now();
        for policy in self.policies.borrow_mut().iter_mut() {
            policy.on_traffic(start);
        }
        self.has_sent.set(false);
        self.draining.set(true);
        self.call_drain();
        self.draining.set(false);
        if self.dead.get() {
            return;
        }
        self.reason.set(Reason::Receipt);
        if !self.start_polling() {
            self.park();
        }
    }

    /// The policy of the reason for which we poll, and the time.
    fn policy<T>(&self, f: impl FnOnce(&mut PollPolicy, u64) -> T) -> T {
        let now = self.now();
        f(
            &mut self.policies.borrow_mut()[self.reason.get() as usize],
            now,
        )
    }

    /// A message was sent. An answer often comes within the time that going to sleep and waking up would take.
    pub fn sent(&self) {
        self.has_sent.set(true);
        let is_busy = self.polling.get() || self.draining.get() || self.dead.get();
        // Who cannot poll must stay parked, or nobody wakes it.
        if is_busy || !self.can_poll() {
            return;
        }
        self.reason.set(Reason::Send);
        self.policy(|policy, now| policy.on_traffic(now));
        if self.policy(PollPolicy::expect) {
            self.reactor.unpark();
            self.start_polling();
        }
    }

    /// Sleep until the next wake-up, or run again if news came in between.
    pub fn park(&self) {
        self.withdraw_unused();
        self.unwatch();
        while !self.reactor.park() {
            if self.start_polling() {
                return;
            }
            // No idle handle (threadsafe function): let the loop turn, then come back.
            if let Handles::Threadsafe(function) = *self.handles.borrow() {
                ThreadsafeWaker(function).wake();
                return;
            }
        }
    }

    pub fn can_poll(&self) -> bool {
        matches!(*self.handles.borrow(), Handles::Uv { .. })
    }

    fn start_polling(&self) -> bool {
        let Handles::Uv { uv, idle, .. } = *self.handles.borrow() else {
            return false;
        };
        self.reactor.poll_begin();
        if !self.polling.replace(true) {
            // SAFETY: R1, loop thread.
            unsafe { uv.idle_start(idle, on_idle) };
        }
        true
    }

    fn stop_polling(&self) {
        if let Handles::Uv { uv, idle, .. } = *self.handles.borrow()
            && self.polling.replace(false)
        {
            // SAFETY: R1, loop thread.
            unsafe { uv.idle_stop(idle) };
        }
    }

    /// One turn of the loop while we poll.
    pub fn idle(&self) {
        if self.has_news() {
            self.wake();
            return;
        }
        let begin = self.now();
        let decision = self.policy(|policy, _| policy.decide(begin));
        match decision {
            Poll::Spin { ns } => {
                let end = begin.saturating_add(ns);
                let has_news = self.spin(end);
                if self.now() > end.saturating_add(LONGEST_DELAY) {
                    self.policy(|policy, _| policy.on_lost());
                }
                if has_news {
                    self.wake();
                }
            }
            Poll::Yield => {}
            Poll::Park => {
                self.policy(|policy, _| policy.on_park());
                self.stop_polling();
                self.park();
            }
        }
    }

    fn has_news(&self) -> bool {
        self.reactor.has_news() || self.look()
    }

    fn spin(&self, end: u64) -> bool {
        offer_core();
        let pauses = if self.has_sent.get() { SOON } else { LATER };
        loop {
            for _ in 0..pauses {
                if self.reactor.has_news() {
                    return true;
                }
                std::hint::spin_loop();
            }
            if self.look() {
                return true;
            }
            if self.now() >= end {
                // Who owes us the news may be waiting for this very core.
                std::thread::yield_now();
                return self.has_news();
            }
        }
    }
}
