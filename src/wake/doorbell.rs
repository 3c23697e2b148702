//! The bell between a producer and the thread of its consumer.

use super::{Reactor, owe_core};
use crate::sync::{Arc, AtomicBool, AtomicU32, CachePadded, Mutex, Ordering, lock};

/// Tells the consumer's thread that a lane has frames. Any number of rings between two answers is one post.
///
/// A slot may be posted once more than needed (an attach that meets a ring); it is never posted too rarely.
#[derive(Debug)]
pub struct Doorbell {
    line: CachePadded<Line>,
    /// Where the consumer lives, and as what. Written by the consumer's side.
    target: Mutex<Option<Target>>,
}

#[derive(Debug)]
struct Line {
    /// Rung, and not answered since. Set by producers, cleared by the consumer (W6).
    scheduled: AtomicBool,
    /// Whom to tell of a ring besides, see [`Told`]. Written by the consumer; who rings clears what is told once (W7).
    told: AtomicU32,
}

/// Whom the ringer has to tell, since only its JavaScript can: 0, or numbers of words that somebody may wait on. The lower
/// half is told of each ring, the upper one of one.
pub type Told = u32;

const ALWAYS: Told = 0xffff;
const ONCE: u32 = 16;

#[derive(Debug)]
struct Target {
    reactor: Arc<Reactor>,
    slot: u32,
}

impl Doorbell {
    /// A bell that nobody listens to yet. Rings are remembered.
    pub fn new() -> Doorbell {
        Self {
            line: CachePadded::new(Line {
                scheduled: AtomicBool::new(false),
                told: AtomicU32::new(0),
            }),
            target: Mutex::new(None),
        }
    }

    /// The consumer lives in `reactor` as `slot` from here on. If the bell was rung before and not answered,
    /// the slot is posted at once.
    pub fn attach(&self, reactor: Arc<Reactor>, slot: u32) {
        let mut target = lock(&self.target);
        // BELL: relaxed, the lock orders it: a ring that is not seen here has yet to take the lock, and
        // then finds this target.
        if self.line.scheduled.load(Ordering::Relaxed) {
            reactor.post(slot);
        }
        *target = Some(Target { reactor, slot });
    }

    /// Nobody listens any more. When this returns, no ring posts to the old reactor; rings are remembered, and
    /// so are those that were posted and not answered.
    pub fn detach(&self) {
        // TOLD: relaxed, a word that is told in vain does no harm.
        self.line.told.store(0, Ordering::Relaxed);
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
    pub fn ring(&self) -> Told {
        // BELL: release, so that an answer that overwrites this sees the frame; acquire, so that one that was overwritten
        // shows whom its giver wants told (W7). Must be a read-modify-write, also if it is set already: a load could be
        // answered before the frame is visible.
        if !self.line.scheduled.swap(true, Ordering::AcqRel) {
            self.post();
        }
        self.tell()
    }

    /// Whom to tell of what did not come by the lane, and what both sides have ordered otherwise.
    #[inline]
    pub fn tell(&self) -> Told {
        // TOLD: relaxed, the swaps of `scheduled` order it.
        let told = self.line.told.load(Ordering::Relaxed);
        if told > ALWAYS {
            owe_core();
            // TOLD: relaxed. Of two ringers one clears it, and both tell.
            self.line.told.fetch_and(ALWAYS, Ordering::Relaxed);
        }
        told
    }

    /// From now on word `word` is told of every ring; 0: none is.
    pub fn listen(&self, word: u16) {
        // TOLD: relaxed, `answer` follows.
        let _ = self
            .line
            .told
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |told| {
                Some(told & !ALWAYS | Told::from(word))
            });
        self.answer();
    }

    /// Word `word` is told of one ring, which comes after this call (W7); 0: of none any more.
    pub fn wait(&self, word: u16) {
        // TOLD: relaxed, `answer` follows.
        let _ = self
            .line
            .told
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |told| {
                Some(told & ALWAYS | Told::from(word) << ONCE)
            });
        self.answer();
    }

    /// Was it rung since the last answer? May be outdated.
    pub fn is_rung(&self) -> bool {
        // BELL: relaxed, who looks at the lane answers first.
        self.line.scheduled.load(Ordering::Relaxed)
    }

    /// The consumer is about to look at the lane: frames published after what it sees ring again.
    #[inline]
    pub fn answer(&self) {
        // BELL: acquire, so that the frames of all rings it overwrites are visible; release, for W7. Must be a
        // read-modify-write: a store would not be ordered before the look at the lane.
        self.line.scheduled.swap(false, Ordering::AcqRel);
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
