//! The bell between a producer and the thread of its consumer.

use super::Reactor;
use crate::sync::{Arc, AtomicBool, CachePadded, Mutex, Ordering, lock};

/// Tells the consumer's thread that a lane has frames. Any number of rings between two answers is one post.
///
/// A slot may be posted once more than needed (an attach that meets a ring); it is never posted too rarely.
#[derive(Debug)]
pub struct Doorbell {
    /// Rung, and not answered since. Set by producers, cleared by the consumer (W6).
    scheduled: CachePadded<AtomicBool>,
    /// Where the consumer lives, and as what. Written by the consumer's side.
    target: Mutex<Option<Target>>,
}

#[derive(Debug)]
struct Target {
    reactor: Arc<Reactor>,
    slot: u32,
}

impl Doorbell {
    /// A bell that nobody listens to yet. Rings are remembered.
    pub fn new() -> Doorbell {
        Self {
            scheduled: CachePadded::new(AtomicBool::new(false)),
            target: Mutex::new(None),
        }
    }

    /// The consumer lives in `reactor` as `slot` from here on. If the bell was rung before and not answered,
    /// the slot is posted at once.
    pub fn attach(&self, reactor: Arc<Reactor>, slot: u32) {
        let mut target = lock(&self.target);
        // BELL: relaxed, the lock orders it: a ring that is not seen here has yet to take the lock, and
        // then finds this target.
        if self.scheduled.load(Ordering::Relaxed) {
            reactor.post(slot);
        }
        *target = Some(Target { reactor, slot });
    }

    /// Nobody listens any more. When this returns, no ring posts to the old reactor; rings are remembered, and
    /// so are those that were posted and not answered.
    pub fn detach(&self) {
        let target = lock(&self.target).take();
        // Outside the lock: it may be the last handle to the reactor.
        drop(target);
    }

    /// As which slot the consumer listens in `reactor`, if it does.
    pub fn slot_in(&self, reactor: &Arc<Reactor>) -> Option<u32> {
        let target = lock(&self.target);
        let here = target
            .as_ref()
            .filter(|target| Arc::ptr_eq(&target.reactor, reactor));
        here.map(|target| target.slot)
    }

    /// The producer has published. Cheap while an earlier ring is not answered.
    #[inline]
    pub fn ring(&self) {
        // BELL: release, so that an answer that overwrites this sees the frame. Must be a read-modify-write,
        // also if it is set already: a load could be answered before the frame is visible.
        if !self.scheduled.swap(true, Ordering::Release) {
            self.post();
        }
    }

    /// The consumer is about to look at the lane: frames published after what it sees ring again.
    #[inline]
    pub fn answer(&self) {
        // BELL: acquire, so that the frames of all rings it overwrites are visible. Must be a
        // read-modify-write: a store would not be ordered before the look at the lane.
        self.scheduled.swap(false, Ordering::Acquire);
    }

    #[cold]
    fn post(&self) {
        if let Some(target) = lock(&self.target).as_ref() {
            target.reactor.post(target.slot);
        }
    }
}

impl Default for Doorbell {
    fn default() -> Self {
        Self::new()
    }
}
