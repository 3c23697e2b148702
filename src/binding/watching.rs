//! While a thread polls, it looks at the lane of the port that its traffic comes by, and leaves that port's bell unanswered. A bell that is
//! answered after each message is rung for each, and its cache line goes to and fro between the two threads: that costs the sender more
//! than the message.
//!
//! An unanswered bell is a debt: nobody rings again. Who stops looking answers it, and looks once more.

use super::env::EnvState;
use super::take::events;

/// The port that is looked at.
#[derive(Clone, Copy)]
pub struct Watch {
    slot: u32,
    /// How far it was read when it was listed last.
    consumed: u64,
}

impl EnvState {
    pub fn is_watched(&self, slot: u32) -> bool {
        self.watched.get().is_some_and(|watch| watch.slot == slot)
    }

    /// `slot` is visited because it had news. From the second time in a row on it is watched, until another one is visited.
    pub fn note_visit(&self, slot: u32) {
        if self.is_watched(slot) {
            return;
        }
        self.unwatch();
        if self.last_visited.replace(Some(slot)) == Some(slot) && self.can_poll() {
            let consumed = self.with_port(slot, |port| port.half.consumer.consumed());
            self.watched
                .set(consumed.map(|consumed| Watch { slot, consumed }));
        }
    }

    /// Is there news at the port that is watched? It has its turn among the others then.
    pub fn look(&self) -> bool {
        let Some(watch) = self.watched.get() else {
            return false;
        };
        let frames = self.with_port(watch.slot, |port| {
            let consumer = &mut port.half.consumer;
            (!consumer.is_empty()).then(|| consumer.consumed())
        });
        let Some(consumed) = frames.flatten() else {
            return false;
        };
        if consumed == watch.consumed {
            // JavaScript has left what is there: it waits for something else.
            self.unwatch();
        } else {
            self.watched.set(Some(Watch { consumed, ..watch }));
            self.reactor.list(watch.slot);
        }
        true
    }

    /// From now on the bell tells of the port that was watched.
    pub fn unwatch(&self) {
        let Some(Watch { slot, .. }) = self.watched.take() else {
            return;
        };
        // The visit that may follow does not count.
        self.last_visited.set(None);
        let has_news = self.with_port(slot, |port| {
            let (channel, side) = (&port.channel, port.side);
            channel.bell(side).answer();
            let is_drained = channel.is_drained(side);
            !port.half.consumer.is_empty() || events(port, is_drained) != 0
        });
        if has_news == Some(true) {
            self.reactor.list(slot);
        }
    }

    /// The port leaves its slot.
    pub fn forget_watch(&self, slot: u32) {
        if self.is_watched(slot) {
            self.watched.set(None);
        }
        if self.last_visited.get() == Some(slot) {
            self.last_visited.set(None);
        }
    }
}
