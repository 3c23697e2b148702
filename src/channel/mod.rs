//! A pair of lanes, its two ends, and what travels with them when a port moves to another thread.
//!
//! ```text
//!   side 0                                   side 1
//!   Half { producer, consumer }              Half { producer, consumer }
//!        |  lane 0 -> 1  ------------------------->  |
//!        |  <-------------------------  lane 1 -> 0  |
//! ```
//!
//! # Contract
//! - A [`Half`] has one owner at a time: the thread where the port is attached, or the channel
//!   itself while the port travels ([`Channel::park`], [`Channel::claim`]).
//! - The *gate* of a direction is opened by its consumer when the port is started in its thread.
//!   A producer may write to the lane only after it has seen the gate open. A closed gate sends
//!   it to the stock port.
//! - Nothing here blocks for longer than a short critical section, and no lock is held while
//!   foreign code runs.
//!
//! # Invariants
//! - R1: `parked[side]` is `Some` only between `park` and `claim` of that side.
//! - R2: in state [`Gate::Recall`] the consumer of the direction is parked and only the producer's
//!   thread touches it (under the lock of `parked`).
//!
//! # Sync points
//! - S1 (`gate`): release store by the consumer, acquire load by the producer. What becomes
//!   visible: the consumer half was parked (Recall) or listens on its doorbell (Open).
//! - S2 (`sent_begin`, `sent_end`): the producer brackets each stock post with them; a reader that
//!   sees both equal before and after it emptied the stock queue knows how many messages that
//!   queue has ever held.

mod cargo;
mod drain;
#[cfg(not(loom))]
mod registry;
mod transit;

#[cfg(not(loom))]
pub use registry::{
    WorkerName, barrier, forget_worker, may_data_bring_queues, note_queues_in_data, secret,
    worker_channel,
};

pub use cargo::UnderWay;
pub use transit::{Offer, Reader};

use std::collections::VecDeque;

use self::cargo::Cargo;
use self::drain::StockSizes;
use crate::landing::Landings;
use crate::lane::{Consumer, Producer, lane};
use crate::sync::{Arc, AtomicBool, AtomicU8, AtomicU32, AtomicU64, Mutex, Ordering, fence, lock};
use crate::wake::Doorbell;

/// Which end of a channel: 0 or 1.
pub type Side = usize;

/// May the producer of a direction write to its lane?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Gate {
    /// No: use the stock port.
    Closed = 0,
    /// Yes.
    Open = 1,
    /// No, and take back what is still in the lane: the reader went where nobody reads lanes.
    Recall = 2,
    /// No: the reader closes, and takes what is there. Nothing that is in the lane can come back.
    Over = 3,
}

/// What one end owns: it writes to one lane and reads the other.
pub struct Half {
    /// Writes towards the other side.
    pub producer: Producer,
    /// Reads what the other side wrote.
    pub consumer: Consumer,
    /// State of the JS layer that travels with the port.
    pub baggage: Baggage,
    /// Messages that came by the stock port ahead of what is in the lane, and travel with the port: in a lane of their own.
    pub held: Option<PortRef>,
}

/// Counters and modes of the JS layer; else opaque to Rust, kept while the port travels.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Baggage {
    /// Stock messages received so far on this end.
    pub received: f64,
    /// Bit set of modes, see `lib/messaging/state.ts`.
    pub modes: u32,
}

/// A port in transit: which channel and which of its ends. One that is dropped before somebody claimed the
/// port asks its peer to recall: the port went where nobody reads lanes, or nowhere. So did all that is under way to it.
pub struct PortRef {
    /// The channel of the port.
    pub channel: Arc<Channel>,
    /// Its end.
    pub side: Side,
}

impl Drop for PortRef {
    fn drop(&mut self) {
        self.channel.abandon(self.side);
    }
}

/// One direction: everything the two threads share about it beside the lane itself.
struct Direction {
    /// Written by the consumer (Closed, Open, Recall, Over) and by the producer (Recall -> Closed).
    gate: AtomicU8,
    /// Stock messages whose posting began / ended. Written by the producer only.
    sent_begin: AtomicU64,
    sent_end: AtomicU64,
    /// The consumer wants a barrier: it does not know how many messages it has received, and the producer does not pause.
    barrier_wanted: AtomicBool,
    /// Frames that take a carrier's frame back and were not read yet. Raised by the producer, lowered by the consumer.
    voids: AtomicU32,
    /// Stock messages with a number below this may bring queues. Written by the producer only.
    queues_until: AtomicU64,
    /// Buffers of the consumer for the producer to fill.
    landings: Landings,
    /// Pushed by the producer, popped by the consumer.
    stock: Mutex<StockSizes>,
    /// `stock.bytes`, readable without the lock.
    stock_bytes: AtomicU64,
    /// Pushed by the producer before the stock message is posted, taken by the consumer.
    cargo: Mutex<VecDeque<Cargo>>,
    /// Above this many buffered bytes the producer wants to hear of the fall below it.
    high_water_mark: AtomicU64,
    /// The producer waits for that; the consumer clears it.
    drain_armed: AtomicBool,
    /// Once more than this many bytes are consumed, the producer is told. Written by the producer.
    drain_target: AtomicU64,
    /// The consumer tells the producer that `drain_armed` was cleared by a fall.
    drained: AtomicBool,
}

impl Direction {
    fn new() -> Direction {
        Direction {
            gate: AtomicU8::new(Gate::Closed as u8),
            sent_begin: AtomicU64::new(0),
            sent_end: AtomicU64::new(0),
            barrier_wanted: AtomicBool::new(false),
            voids: AtomicU32::new(0),
            queues_until: AtomicU64::new(0),
            landings: Landings::default(),
            stock: Mutex::new(StockSizes::default()),
            stock_bytes: AtomicU64::new(0),
            cargo: Mutex::new(VecDeque::new()),
            high_water_mark: AtomicU64::new(DEFAULT_HIGH_WATER_MARK),
            drain_armed: AtomicBool::new(false),
            drain_target: AtomicU64::new(0),
            drained: AtomicBool::new(false),
        }
    }
}

/// Default of `port.highWaterMark`, in bytes.
pub const DEFAULT_HIGH_WATER_MARK: u64 = 1 << 20;

/// Two directions and the places where their ends wait while they travel.
pub struct Channel {
    directions: [Direction; 2],
    /// `bells[s]` reaches the thread that owns side `s`.
    bells: [Doorbell; 2],
    /// See R1.
    parked: [Mutex<Option<Half>>; 2],
    /// Side `s` is known to be read by this library (attached, or on its way to a thread that is).
    adopted: [AtomicBool; 2],
    /// Side `s` went where nobody reads lanes: what is loaded for it will not be asked for.
    abandoned: [AtomicBool; 2],
}

impl Channel {
    /// A new channel with both halves parked.
    pub fn new() -> Arc<Channel> {
        let (producer0, consumer1) = lane();
        let (producer1, consumer0) = lane();
        let half = |producer, consumer| {
            Mutex::new(Some(Half {
                producer,
                consumer,
                baggage: Baggage::default(),
                held: None,
            }))
        };
        Arc::new(Channel {
            directions: [Direction::new(), Direction::new()],
            bells: [Doorbell::new(), Doorbell::new()],
            parked: [half(producer0, consumer0), half(producer1, consumer1)],
            adopted: [AtomicBool::new(false), AtomicBool::new(false)],
            abandoned: [AtomicBool::new(false), AtomicBool::new(false)],
        })
    }

    /// One direction only: side 0 is parked, and what the returned producer writes arrives there.
    pub fn inbox() -> (Arc<Channel>, Producer) {
        let channel = Channel::new();
        let writer = lock(&channel.parked[1]).take();
        let writer = writer.expect("a new channel has both halves parked");
        (channel, writer.producer)
    }

    /// The doorbell of `side`.
    pub fn bell(&self, side: Side) -> &Doorbell {
        &self.bells[side]
    }

    /// Is `side` read by this library, as far as is known? May be stale.
    pub fn is_adopted(&self, side: Side) -> bool {
        // Relaxed: see `claim`.
        self.adopted[side].load(Ordering::Relaxed)
    }

    /// The landings of the direction that starts at `side`.
    pub fn landings(&self, side: Side) -> &Landings {
        &self.directions[side].landings
    }

    /// The gate of the direction that starts at `side`.
    pub fn gate(&self, side: Side) -> Gate {
        // Acquire: S1, pairs with `set_gate`.
        match self.directions[side].gate.load(Ordering::Acquire) {
            1 => Gate::Open,
            2 => Gate::Recall,
            3 => Gate::Over,
            _ => Gate::Closed,
        }
    }

    /// Set the gate of the direction that starts at `side`.
    pub fn set_gate(&self, side: Side, gate: Gate) {
        // Release: S1.
        self.directions[side]
            .gate
            .store(gate as u8, Ordering::Release);
    }

    /// The consumer of the direction from `side` is gone for good: only the stock port can tell the producer.
    pub fn shut_gate(&self, side: Side) {
        // Relaxed: nothing is published. A post that still finds it open goes into a lane that discards it.
        let _ = self.directions[side].gate.compare_exchange(
            Gate::Open as u8,
            Gate::Closed as u8,
            Ordering::Relaxed,
            Ordering::Relaxed,
        );
        // Relaxed: see `claim`. What is posted to it after a move that nobody told us of arrives as stock ports.
        self.adopted[1 - side].store(false, Ordering::Relaxed);
    }

    /// The post from `side` that has a frame ahead of it failed; a frame that says so follows.
    pub fn add_void(&self, side: Side) {
        // Release: pairs with `voids`; stock messages posted from here on find it raised.
        self.directions[side].voids.fetch_add(1, Ordering::Release);
    }

    /// How many such frames from `side` have not been read.
    pub fn voids(&self, side: Side) -> u32 {
        // Acquire: pairs with `add_void`.
        self.directions[side].voids.load(Ordering::Acquire)
    }

    /// The consumer of the direction from `side` has read one.
    pub fn take_void(&self, side: Side) {
        let voids = &self.directions[side].voids;
        // Relaxed: only this thread lowers it, and it publishes nothing.
        let _ = voids.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |count| {
            count.checked_sub(1)
        });
    }

    /// Stock messages from `side` may bring queues, up to number `until`. To be called before the first of them is posted.
    pub fn set_queues_until(&self, side: Side, until: u64) {
        // Relaxed: the lock of the stock queue puts it ahead of the message.
        self.directions[side]
            .queues_until
            .store(until, Ordering::Relaxed);
    }

    /// May stock message `index` from `side`, which has been received, bring queues?
    pub fn may_bring_queues(&self, side: Side, index: u64) -> bool {
        // Relaxed: as above.
        index < self.directions[side].queues_until.load(Ordering::Relaxed)
    }

    /// A stock message is about to be posted from `side`.
    pub fn stock_begin(&self, side: Side) {
        // SeqCst: S2; must not sink below the post, and the reader compares two counters.
        let begun = self.directions[side]
            .sent_begin
            .fetch_add(1, Ordering::SeqCst);
        self.renumber_outer(side, begun, 1.0);
    }

    /// The post is over; `sent` is false if it threw. `size` is its estimated size in bytes.
    pub fn stock_end(&self, side: Side, sent: bool, size: u64) {
        let direction = &self.directions[side];
        if sent {
            let mut stock = lock(&direction.stock);
            // Relaxed: a statistic, see `buffered`. Under the lock, or an older sum could come last.
            direction
                .stock_bytes
                .store(stock.push(size), Ordering::Relaxed);
        }
        // SeqCst: S2.
        if sent {
            direction.sent_end.fetch_add(1, Ordering::SeqCst);
            // Relaxed: a hint. What misses it goes with the next one, or with the channel.
            if self.abandoned[1 - side].load(Ordering::Relaxed) {
                self.drop_cargo(side);
            }
        } else {
            let begun = direction
                .sent_begin
                .fetch_sub(1, Ordering::SeqCst)
                .saturating_sub(1);
            self.renumber_outer(side, begun, -1.0);
        }
    }

    /// A barrier is about to be posted from `side`.
    pub fn barrier_begin(&self, side: Side) {
        lock(&self.directions[side].stock).push_barrier();
    }

    /// Consumer of the direction from `side`: a barrier has been received, and with it all that was ahead of it.
    pub fn barrier_received(&self, side: Side) {
        self.lower(side, |stock, _| stock.pop_barrier());
    }

    /// Consumer of the direction from `side`: one more stock message has been received.
    pub fn stock_received(&self, side: Side) {
        self.lower(side, StockSizes::pop);
    }

    fn lower(&self, side: Side, pop: impl FnOnce(&mut StockSizes, bool) -> u64) {
        let direction = &self.directions[side];
        let left = {
            let mut stock = lock(&direction.stock);
            let (begun, ended) = self.stock_counts(side);
            let left = pop(&mut stock, begun > ended);
            // Relaxed: as in `stock_end`.
            direction.stock_bytes.store(left, Ordering::Relaxed);
            left
        };
        // SeqCst: pairs with the fence in `arm_drain`, as in `disarm_drain`.
        fence(Ordering::SeqCst);
        let armed = direction.drain_armed.load(Ordering::SeqCst);
        // Relaxed: see `arm_drain`.
        if armed && left < direction.high_water_mark.load(Ordering::Relaxed) {
            self.tell_drained(side);
        }
    }

    /// Bytes that `side` has sent, by the lane or (estimated) by the stock port, and its peer has not
    /// received. May be stale.
    pub fn buffered(&self, side: Side, producer: &Producer) -> u64 {
        // Relaxed: a statistic.
        producer.buffered() + self.directions[side].stock_bytes.load(Ordering::Relaxed)
    }

    /// Numbers of stock messages from `side`: posts begun, posts ended.
    pub fn stock_counts(&self, side: Side) -> (u64, u64) {
        let direction = &self.directions[side];
        // SeqCst: S2.
        (
            direction.sent_begin.load(Ordering::SeqCst),
            direction.sent_end.load(Ordering::SeqCst),
        )
    }

    /// Consumer of the direction from `side`: the producer is to begin its count again with a barrier, when it next enters the
    /// lane, or loads cargo.
    pub fn want_barrier(&self, side: Side) {
        // Relaxed: the gate, which is opened afterwards, publishes it.
        self.directions[side]
            .barrier_wanted
            .store(true, Ordering::Relaxed);
    }

    /// Producer: is a barrier wanted? Then it follows at once.
    pub fn take_barrier(&self, side: Side) -> bool {
        // Relaxed: see `want_barrier`.
        self.directions[side]
            .barrier_wanted
            .swap(false, Ordering::Relaxed)
    }

    /// Start the count of `side` again at `sent` messages.
    pub fn set_stock_count(&self, side: Side, sent: u64) {
        let direction = &self.directions[side];
        // SeqCst: S2.
        direction.sent_begin.store(sent, Ordering::SeqCst);
        direction.sent_end.store(sent, Ordering::SeqCst);
    }
}
