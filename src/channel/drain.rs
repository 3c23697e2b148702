//! What has been sent and not received, and the word that it has fallen below the mark.

use std::collections::VecDeque;

use super::{Channel, Side};
use crate::lane::Producer;
use crate::sync::{Ordering, fence};

/// Sizes of the stock messages under way, for `bufferedAmount`. A peer that never reports what it
/// received (a plain `worker_threads` script) must not make it grow: beyond a bound, sizes are merged.
#[derive(Default)]
pub(super) struct StockSizes {
    sizes: VecDeque<u64>,
    bytes: u64,
    /// Messages that were received before their post was over.
    early: usize,
}

impl StockSizes {
    const MOST: usize = 1 << 16;
    /// In the place of a barrier: what is ahead of it has been received when it is, by whomever.
    const BARRIER: u64 = u64::MAX;

    pub(super) fn push(&mut self, size: u64) -> u64 {
        if self.early > 0 {
            self.early -= 1;
            return self.bytes;
        }
        self.bytes += size;
        let full = self.sizes.len() >= Self::MOST;
        match self.sizes.back_mut() {
            Some(last) if full && *last != Self::BARRIER => *last += size,
            _ => self.sizes.push_back(size),
        }
        self.bytes
    }

    pub(super) fn push_barrier(&mut self) {
        self.sizes.push_back(Self::BARRIER);
    }

    /// `posting`: a post is under way.
    pub(super) fn pop(&mut self, posting: bool) -> u64 {
        match self.sizes.pop_front() {
            // Of a barrier that was received by somebody who does not report.
            Some(Self::BARRIER) => return self.pop(posting),
            Some(size) => self.bytes -= size,
            None if posting => self.early += 1,
            None => {}
        }
        self.bytes
    }

    pub(super) fn pop_barrier(&mut self) -> u64 {
        let place = self.sizes.iter().position(|size| *size == Self::BARRIER);
        let ahead = self.sizes.drain(..place.map_or(0, |place| place + 1));
        self.bytes -= ahead.filter(|size| *size != Self::BARRIER).sum::<u64>();
        self.bytes
    }
}

impl Channel {
    /// Producer: high-water mark of the direction that starts at `side`, in bytes. True if it was reached, and a word is owed.
    pub fn set_high_water_mark(&self, side: Side, producer: &Producer, bytes: u64) -> bool {
        // Relaxed: a threshold; a stale value shifts one 'drain' by one batch.
        self.directions[side]
            .high_water_mark
            .store(bytes, Ordering::Relaxed);
        let owed = self.arm_drain(side, producer);
        if owed && self.buffered(side, producer) < bytes {
            self.tell_drained(side);
        }
        owed
    }

    /// Producer, after a push: remember that the mark has been reached. True if a word of the fall is owed.
    pub fn arm_drain(&self, side: Side, producer: &Producer) -> bool {
        let direction = &self.directions[side];
        // Relaxed: own threshold, own state (only this thread sets `drain_armed`).
        let mark = direction.high_water_mark.load(Ordering::Relaxed);
        let armed = direction.drain_armed.load(Ordering::Relaxed);
        if !armed && self.buffered(side, producer) < mark {
            return false;
        }
        // Relaxed: published by the swap below; later a stale target only delays 'drain'.
        direction
            .drain_target
            .store(producer.accepted().saturating_sub(mark), Ordering::Relaxed);
        if armed || direction.drain_armed.swap(true, Ordering::SeqCst) {
            return true;
        }
        // The consumer may have emptied the lane before it could see the flag: look again.
        fence(Ordering::SeqCst);
        if self.buffered(side, producer) < mark {
            self.tell_drained(side);
        }
        true
    }

    /// Consumer of the direction from `side`, after an advance: did it fall below the mark?
    pub fn disarm_drain(&self, side: Side, consumed: u64) {
        let direction = &self.directions[side];
        // SeqCst: pairs with the fence in `arm_drain`: either it sees our advance or we its flag.
        fence(Ordering::SeqCst);
        // Relaxed: see `arm_drain`.
        if direction.drain_armed.load(Ordering::SeqCst)
            && consumed > direction.drain_target.load(Ordering::Relaxed)
        {
            self.tell_drained(side);
        }
    }

    pub(super) fn tell_drained(&self, side: Side) {
        let direction = &self.directions[side];
        // SeqCst: only one of the two sides tells.
        if direction.drain_armed.swap(false, Ordering::SeqCst) {
            // Release: pairs with `take_drained`.
            direction.drained.store(true, Ordering::Release);
            self.bells[side].ring();
        }
    }

    /// Producer: may `take_drained` have something to tell?
    pub fn is_drained(&self, side: Side) -> bool {
        // Relaxed: who asks has answered the bell, which orders it.
        self.directions[side].drained.load(Ordering::Relaxed)
    }

    /// Producer: was there a fall below the mark since the last call?
    pub fn take_drained(&self, side: Side, producer: &Producer) -> bool {
        let direction = &self.directions[side];
        // Acquire: pairs with `disarm_drain`. The plain load keeps the common case free of a swap.
        let told = direction.drained.load(Ordering::Acquire)
            && direction.drained.swap(false, Ordering::AcqRel);
        // SeqCst: as everywhere for this flag. Once it is armed again, by a push since or right here, this fall is
        // not the last one: telling of it now would leave the next one without anybody who waits for it.
        told && !direction.drain_armed.load(Ordering::SeqCst) && !self.arm_drain(side, producer)
    }
}
