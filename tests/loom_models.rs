//! Every interleaving, and every reordering that the memory model allows, of the protocols between threads.
//!
//! `RUSTFLAGS="--cfg loom" cargo test --release --no-default-features --test loom_models`
//!
//! Under loom a segment holds two small frames, so that three frames cross a boundary and five recycle a
//! segment. Frame bytes are watched by `sync::Shadow`, allocations by `loom::alloc`: a frame read too early, a
//! segment freed twice or never is a failure without any assertion here.
#![cfg(all(loom, not(shuttle)))]

#[path = "loom/channel.rs"]
mod channel;
#[path = "loom/group.rs"]
mod group;
#[path = "loom/landing.rs"]
mod landing;
#[path = "support/models.rs"]
mod models;
#[path = "loom/ring.rs"]
mod ring;
#[path = "loom/told.rs"]
mod told;

use bytes::Bytes;
use loom::model::Builder;
use loom::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use loom::sync::{Arc, Notify};
use loom::thread;
use models::frames::{push, read};
use threadport::lane::{Consumer, Producer, lane};
use threadport::wake::{Doorbell, Reactor, Waker};

/// Runs `model` with at most `preemptions` involuntary switches per execution.
fn bounded(preemptions: usize, model: impl Fn() + Sync + Send + 'static) {
    let mut builder = Builder::new();
    builder.preemption_bound = Some(preemptions);
    builder.check(model);
}

/// Reads twice while `sender` runs, then the rest; `next` is the first frame, `end` the one after the last.
fn read_against(
    consumer: &mut Consumer,
    sender: thread::JoinHandle<Producer>,
    next: u32,
    end: u32,
) -> Producer {
    let next = read(consumer, next);
    let next = read(consumer, next);
    let producer = sender.join().unwrap();
    assert_eq!(read(consumer, next), end);
    assert!(consumer.is_empty());
    assert_eq!(producer.buffered(), 0);
    producer
}

/// Pushes frames from another thread.
fn pushing(mut producer: Producer, kinds: std::ops::Range<u32>) -> thread::JoinHandle<Producer> {
    thread::spawn(move || {
        kinds.for_each(|kind| push(&mut producer, kind));
        producer
    })
}

/// An attachment whose release is counted.
struct Counted(std::sync::Arc<std::sync::atomic::AtomicUsize>);

impl Counted {
    fn bytes(live: &std::sync::Arc<std::sync::atomic::AtomicUsize>) -> Bytes {
        live.fetch_add(1, Ordering::SeqCst);
        Bytes::from_owner(Self(live.clone()))
    }
}

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        b"attachment"
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

// The lane.

#[test]
fn publish_against_consume() {
    bounded(4, || {
        let (producer, mut consumer) = lane();
        let sender = pushing(producer, 0..2);
        read_against(&mut consumer, sender, 0, 2);
    });
}

#[test]
fn segments_are_handed_over() {
    bounded(2, || {
        let (mut producer, mut consumer) = lane();
        push(&mut producer, 0);
        let sender = pushing(producer, 1..5);
        read_against(&mut consumer, sender, 0, 5);
    });
}

#[test]
fn segments_are_recycled() {
    bounded(2, || {
        let (mut producer, mut consumer) = lane();
        (0..3).for_each(|kind| push(&mut producer, kind));
        let next = read(&mut consumer, 0);
        let sender = pushing(producer, 3..7);
        let mut producer = read_against(&mut consumer, sender, next, 7);
        push(&mut producer, 7);
        assert_eq!(read(&mut consumer, 7), 8);
    });
}

#[test]
fn peek_crosses_segments_while_the_producer_goes_on() {
    bounded(3, || {
        let (mut producer, mut consumer) = lane();
        push(&mut producer, 0);
        let sender = thread::spawn(move || (1..4).for_each(|kind| push(&mut producer, kind)));
        let first = consumer.peek(|_| true);
        let second = consumer.peek(|_| true);
        assert!(1 <= first && first <= second && second <= 4);
        consumer.advance(first);
        sender.join().unwrap();
        assert_eq!(read(&mut consumer, first as u32), 4);
    });
}

#[test]
fn producer_close_against_consumer() {
    bounded(2, || {
        let (mut producer, mut consumer) = lane();
        let sender = thread::spawn(move || {
            push(&mut producer, 0);
            push(&mut producer, 1);
            producer.close();
        });
        let mut next = 0;
        for _ in 0..2 {
            let closed = consumer.is_closed();
            next = read(&mut consumer, next);
            assert!(!closed || next == 2, "closed before the last frame");
        }
        sender.join().unwrap();
        assert!(consumer.is_closed());
        assert_eq!(read(&mut consumer, next), 2);
    });
}

#[test]
fn consumer_drop_against_push() {
    bounded(2, || {
        let live = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let (mut producer, mut consumer) = lane();
        let theirs = live.clone();
        let sender = thread::spawn(move || {
            for kind in 0..3 {
                let frame = producer.reserve(0, 0).unwrap();
                frame.commit(kind, vec![Counted::bytes(&theirs).into()]);
            }
            if producer.is_consumer_gone() {
                assert_eq!(producer.buffered(), 0);
            }
        });
        let visited = consumer.peek(|_| true).min(1);
        consumer.advance(visited);
        drop(consumer);
        sender.join().unwrap();
        assert_eq!(live.load(Ordering::SeqCst), 0);
    });
}

#[test]
fn pushes_after_the_consumer_is_gone_are_released() {
    bounded(3, || {
        let live = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
        let (mut producer, consumer) = lane();
        let reader = thread::spawn(move || drop(consumer));
        for kind in 0..3 {
            let gone = producer.is_consumer_gone();
            let frame = producer.reserve(8, 0).unwrap();
            frame.commit(kind, vec![Counted::bytes(&live).into()]);
            assert!(!gone || live.load(Ordering::SeqCst) == 0, "kept for nobody");
        }
        reader.join().unwrap();
        let frame = producer.reserve(8, 0).unwrap();
        frame.commit(3, vec![Counted::bytes(&live).into()]);
        assert_eq!(live.load(Ordering::SeqCst), 0, "kept for nobody");
    });
}

// The reactor.

/// Wakes a thread that waits for `notify`, and counts.
struct Sleeper {
    notify: Notify,
    wakes: AtomicUsize,
}

impl Sleeper {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            notify: Notify::new(),
            wakes: AtomicUsize::new(0),
        })
    }
}

struct Wake(Arc<Sleeper>);

impl Waker for Wake {
    fn wake(&self) {
        self.0.wakes.fetch_add(1, Ordering::Relaxed);
        self.0.notify.notify();
    }
}

impl Sleeper {
    /// Sleeps until there were `wakes` wakes, and checks that there were not more. A lost wake is a deadlock,
    /// which loom reports. (Loom's `Notify` wakes spuriously, hence the loop.)
    fn sleep(&self, wakes: usize) {
        while self.wakes.load(Ordering::Relaxed) < wakes {
            self.notify.wait();
        }
        assert_eq!(self.wakes.load(Ordering::Relaxed), wakes);
    }
}

fn reactor() -> (Arc<Reactor>, Arc<Sleeper>) {
    let sleeper = Sleeper::new();
    (Reactor::new(Box::new(Wake(sleeper.clone()))), sleeper)
}

/// The owner of a reactor that has parked sleeps until it is woken.
fn sleep_parked(reactor: &Reactor, sleeper: &Sleeper, sleeps: &mut usize) {
    *sleeps += 1;
    sleeper.sleep(*sleeps);
    reactor.unpark();
}

/// Takes `slots` slots, sleeping in between; answers how often. Every sleep ends with exactly one wake.
fn take_slots(
    reactor: &Reactor,
    sleeper: &Sleeper,
    slots: usize,
    mut take: impl FnMut(u32),
) -> usize {
    let (mut taken, mut sleeps) = (0, 0);
    while taken < slots {
        while let Some(slot) = reactor.next() {
            take(slot);
            taken += 1;
        }
        if taken < slots && reactor.park() {
            sleep_parked(reactor, sleeper, &mut sleeps);
        }
    }
    sleeps
}

#[test]
fn park_against_post() {
    bounded(4, || {
        let (reactor, sleeper) = reactor();
        let theirs = reactor.clone();
        let sender = thread::spawn(move || {
            theirs.post(0);
            theirs.post(1);
        });
        let mut expected = 0;
        let sleeps = take_slots(&reactor, &sleeper, 2, |slot| {
            assert_eq!(slot, expected);
            expected += 1;
        });
        sender.join().unwrap();
        assert_eq!(sleeper.wakes.load(Ordering::Relaxed), sleeps);
    });
}

#[test]
fn park_against_two_senders() {
    bounded(2, || {
        let (reactor, sleeper) = reactor();
        let senders = [0, 1].map(|slot| {
            let theirs = reactor.clone();
            thread::spawn(move || theirs.post(slot))
        });
        let sleeps = take_slots(&reactor, &sleeper, 2, |_| ());
        senders.into_iter().for_each(|s| s.join().unwrap());
        assert_eq!(sleeper.wakes.load(Ordering::Relaxed), sleeps);
    });
}

#[test]
fn poll_then_park_against_post() {
    loom::model(|| {
        let (reactor, sleeper) = reactor();
        let theirs = reactor.clone();
        let sender = thread::spawn(move || theirs.post(7));
        reactor.poll_begin();
        let seen = reactor.has_news();
        let parked = reactor.park();
        assert!(!(seen && parked), "parked with news");
        if parked {
            sleeper.sleep(1);
            reactor.unpark();
        }
        assert_eq!(reactor.next(), Some(7));
        sender.join().unwrap();
        assert_eq!(sleeper.wakes.load(Ordering::Relaxed), usize::from(parked));
    });
}

/// A handle that must not be touched once it is closed.
struct Handle(Arc<AtomicBool>);

impl Waker for Handle {
    fn wake(&self) {
        assert!(!self.0.load(Ordering::Relaxed), "woken after the kill");
    }
}

#[test]
fn kill_against_post_and_wake() {
    bounded(3, || {
        let closed = Arc::new(AtomicBool::new(false));
        let reactor = Reactor::new(Box::new(Handle(closed.clone())));
        assert!(reactor.park());
        let senders = [0, 1].map(|slot| {
            let theirs = reactor.clone();
            thread::spawn(move || theirs.post(slot))
        });
        reactor.kill();
        closed.store(true, Ordering::Relaxed);
        senders.into_iter().for_each(|s| s.join().unwrap());
        assert!(!reactor.has_news(), "a dead reactor keeps slots");
    });
}

// Lane, bell and reactor together.

/// The end of a lane whose sender pushes two frames and rings after each; its bell rings slot 0.
fn two_rung(reactor: &Arc<Reactor>) -> (Consumer, Arc<Doorbell>, thread::JoinHandle<()>) {
    let (mut producer, consumer) = lane();
    let bell = Arc::new(Doorbell::new());
    bell.attach(reactor.clone(), 0);
    let theirs = bell.clone();
    let sender = thread::spawn(move || {
        for kind in 0..2 {
            push(&mut producer, kind);
            theirs.ring();
        }
    });
    (consumer, bell, sender)
}

/// The slots seen lead to all frames, though rings coalesce.
#[test]
fn publish_and_ring_against_answer_and_park() {
    bounded(2, || {
        let (reactor, sleeper) = reactor();
        let (mut consumer, bell, sender) = two_rung(&reactor);
        let (mut next, mut sleeps) = (0, 0);
        while next < 2 {
            while reactor.next().is_some() {
                bell.answer();
                next = read(&mut consumer, next);
            }
            if next < 2 && reactor.park() {
                sleep_parked(&reactor, &sleeper, &mut sleeps);
            }
        }
        sender.join().unwrap();
    });
}

/// A reader that polls looks at the lane itself and leaves the bell unanswered; before it sleeps it answers, and looks once more.
#[test]
fn publish_and_ring_against_watch_and_park() {
    bounded(2, || {
        let (reactor, sleeper) = reactor();
        let (mut consumer, bell, sender) = two_rung(&reactor);
        let (mut next, mut sleeps) = (0, 0);
        while next < 2 {
            while reactor.next().is_some() {
                next = read(&mut consumer, next);
            }
            if next == 2 {
                break;
            }
            bell.answer();
            if !consumer.is_empty() {
                reactor.list(0);
            }
            if reactor.park() {
                sleep_parked(&reactor, &sleeper, &mut sleeps);
            }
        }
        sender.join().unwrap();
    });
}

#[test]
fn ring_against_attach() {
    loom::model(|| {
        let (reactor, _) = reactor();
        let bell = Arc::new(Doorbell::new());
        let theirs = bell.clone();
        let sender = thread::spawn(move || theirs.ring());
        bell.attach(reactor.clone(), 3);
        sender.join().unwrap();
        assert_eq!(reactor.next(), Some(3), "a ring was lost");
    });
}

/// The port moves while it is rung: the new reactor hears of everything that the old one did not answer.
#[test]
fn ring_against_detach_and_attach() {
    bounded(3, || {
        let (old, _) = reactor();
        let (new, _) = reactor();
        let (mut producer, mut consumer) = lane();
        let bell = Arc::new(Doorbell::new());
        bell.attach(old.clone(), 1);
        let theirs = bell.clone();
        let sender = thread::spawn(move || {
            push(&mut producer, 0);
            theirs.ring();
        });
        let mut next = 0;
        if old.next().is_some() {
            bell.answer();
            next = read(&mut consumer, next);
        }
        bell.detach();
        let posted = old.next().is_some();
        bell.attach(new.clone(), 2);
        sender.join().unwrap();
        assert!(!old.has_news() || posted, "posted after the detach");
        if new.next().is_some() {
            bell.answer();
            next = read(&mut consumer, next);
        }
        assert_eq!(next, 1, "the frame was left behind");
        old.kill();
    });
}
