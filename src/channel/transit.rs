//! Halves on their way from thread to thread: parked, claimed, taken back.

use super::{Channel, Gate, Half, Side};
use crate::sync::{Ordering, lock};

/// The modes that tell of the lanes of a port (`MODE_FED`, `MODE_OUT` in `lib/messaging/state.ts`).
const LANE_MODES: u32 = 3;

/// Who reads what is in the lane of a port that leaves its thread?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// Nobody.
    None,
    /// The thread where it goes, if that loads this library ([`Channel::give_up`] if not).
    Hoped,
    /// The thread where it goes.
    Known,
}

/// What became of a port that was parked for a recall while its thread waits.
pub enum Offer {
    /// Not known yet.
    Pending,
    /// The peer has taken back what was in the lane.
    Recalled,
    /// Nobody is there who could: the half is the owner's again.
    Refused(Half),
}

impl Channel {
    /// Take the half of `side`, if it is parked.
    pub fn claim(&self, side: Side) -> Option<Half> {
        let mut parked = lock(&self.parked[side]);
        let half = parked.take();
        if half.is_some() {
            if self.gate(1 - side) == Gate::Recall {
                self.set_gate(1 - side, Gate::Closed);
            }
            // Relaxed: a hint for choosing how to move a port; nothing is published by it.
            self.adopted[side].store(true, Ordering::Relaxed);
        }
        half
    }

    /// Put the half of `side` down, for `reader`.
    pub fn park(&self, side: Side, half: Half, reader: Reader) {
        *lock(&self.parked[side]) = Some(half);
        // Relaxed: see `claim`.
        self.adopted[side].store(reader == Reader::Known, Ordering::Relaxed);
        if reader == Reader::None {
            self.ask_for_recall(side);
        } else {
            self.set_gate(1 - side, Gate::Closed);
        }
    }

    fn ask_for_recall(&self, side: Side) {
        self.set_gate(1 - side, Gate::Recall);
        self.bells[1 - side].ring();
    }

    /// Is `side` parked, and hopes for a reader?
    pub fn hopes(&self, side: Side) -> bool {
        self.hopes_in(side, &lock(&self.parked[side]))
    }

    fn hopes_in(&self, side: Side, parked: &Option<Half>) -> bool {
        parked.is_some() && !self.is_adopted(side) && self.gate(1 - side) == Gate::Closed
    }

    /// The reader that `side` hopes for does not come: its peer is asked to recall.
    pub fn give_up(&self, side: Side) {
        let parked = lock(&self.parked[side]);
        if self.hopes_in(side, &parked) {
            self.ask_for_recall(side);
        }
    }

    /// A stock message that nobody has counted came from `side`: it runs code that has not loaded this library, and which may have read
    /// what was sent there.
    pub fn give_up_all(&self, side: Side) {
        self.give_up(side);
        self.give_up_cargo(1 - side);
    }

    /// Nobody will claim `side` any more, if it was not claimed.
    pub(super) fn abandon(&self, side: Side) {
        let parked = lock(&self.parked[side]);
        let is_parked = parked.is_some();
        if is_parked {
            // Relaxed: the ring that follows publishes it to a thread that waits for the peer's answer.
            self.adopted[side].store(false, Ordering::Relaxed);
            self.ask_for_recall(side);
        }
        drop(parked);
        if !is_parked && self.is_adopted(side) {
            return;
        }
        // Relaxed: a hint for `stock_end`.
        self.abandoned[side].store(true, Ordering::Relaxed);
        self.drop_cargo(1 - side);
    }

    /// The owner of `side`, which parked it for nobody and listens on its bell: what became of it?
    pub fn offer(&self, side: Side) -> Offer {
        let mut parked = lock(&self.parked[side]);
        match (parked.take(), self.gate(1 - side)) {
            (Some(half), Gate::Recall)
                if half.consumer.is_closed() || !self.is_adopted(1 - side) =>
            {
                self.set_gate(1 - side, Gate::Closed);
                // Relaxed: see `claim`.
                self.adopted[side].store(true, Ordering::Relaxed);
                Offer::Refused(half)
            }
            (half @ Some(_), gate) => {
                *parked = half;
                if gate == Gate::Recall {
                    Offer::Pending
                } else {
                    Offer::Recalled
                }
            }
            (None, _) => Offer::Pending,
        }
    }

    /// Producer, gate in state Recall: take the reader's half to read back what it left (R2).
    pub fn reclaim(&self, side: Side) -> Option<Half> {
        let mut parked = lock(&self.parked[side]);
        (self.gate(1 - side) == Gate::Recall).then(|| parked.take())?
    }

    /// Undo `reclaim`; from now on the producer uses the stock port, and who claims the half expects nothing in the lane.
    pub fn end_recall(&self, side: Side, mut half: Half) {
        half.baggage.modes &= !LANE_MODES;
        let mut parked = lock(&self.parked[side]);
        *parked = Some(half);
        // Relaxed: the gate publishes it. The lane was emptied.
        self.directions[1 - side].voids.store(0, Ordering::Relaxed);
        self.set_gate(1 - side, Gate::Closed);
        drop(parked);
        self.bells[side].ring();
    }
}
