//! Long random schedules of the protocols between threads, where loom has every schedule of short ones.
//!
//! `RUSTFLAGS="--cfg loom --cfg shuttle" cargo test --release --no-default-features --test shuttle_models`
//!
//! `SHUTTLE_ITERATIONS` schedules of each kind: uniformly random, and with few switches at random places (PCT), which finds
//! what needs one thread to stand still for long. Unlike loom, shuttle knows no reordering: atomics are sequentially
//! consistent here. A failure prints its schedule, which `shuttle::replay` plays again.
#![cfg(shuttle)]

#[path = "support/models.rs"]
mod models;

use std::collections::BTreeMap;

use models::frames::{push, read};
use models::records::{Futex, pop_waiting, push_waiting};
use shuttle::sync::atomic::{AtomicUsize, Ordering};
use shuttle::sync::{Arc, Condvar, Mutex};
use shuttle::thread;
use threadport::channel::{Channel, Gate, Offer, Reader};
use threadport::lane::lane;
use threadport::ring::Ring;
use threadport::wake::{Reactor, Waker};

/// Switches that PCT places in a schedule.
const DEPTH: usize = 4;

fn explore(model: impl Fn() + Send + Sync + 'static) {
    let iterations = std::env::var("SHUTTLE_ITERATIONS").map_or(2000, |n| n.parse().unwrap());
    let model = std::sync::Arc::new(model);
    let again = std::sync::Arc::clone(&model);
    shuttle::check_random(move || model(), iterations);
    shuttle::check_pct(move || again(), iterations, DEPTH);
}

/// Wakes a thread that sleeps, and counts.
#[derive(Default)]
struct Sleeper {
    wakes: Mutex<usize>,
    woken: Condvar,
}

struct Wake(Arc<Sleeper>);

impl Waker for Wake {
    fn wake(&self) {
        *self.0.wakes.lock().unwrap() += 1;
        self.0.woken.notify_one();
    }
}

impl Sleeper {
    /// Sleeps until there were `wakes` wakes. A lost one is a deadlock, which shuttle reports.
    fn sleep(&self, wakes: usize) {
        let mut count = self.wakes.lock().unwrap();
        while *count < wakes {
            count = self.woken.wait(count).unwrap();
        }
        assert_eq!(*count, wakes, "woken more often than it slept");
    }
}

/// A thread that reads many lanes, sleeping in between: every frame comes once, in order, and each sleep ends with one wake.
#[test]
fn a_reactor_with_several_senders() {
    const SENDERS: u32 = 3;
    const FRAMES: u32 = 12;
    explore(|| {
        let sleeper = Arc::new(Sleeper::default());
        let reactor = Reactor::new(Box::new(Wake(sleeper.clone())));
        let mut ports = Vec::new();
        let mut senders = Vec::new();
        for slot in 0..SENDERS {
            let channel = Channel::new();
            let ours = channel.claim(0).unwrap();
            let theirs = channel.claim(1).unwrap();
            channel.bell(0).attach(reactor.clone(), slot);
            let bell = channel.clone();
            senders.push(thread::spawn(move || {
                let mut producer = theirs.producer;
                for kind in 0..FRAMES {
                    push(&mut producer, kind);
                    bell.bell(0).ring();
                }
                (producer, theirs.consumer)
            }));
            ports.push((channel, ours, 0));
        }
        let mut sleeps = 0;
        while ports.iter().any(|&(_, _, next)| next < FRAMES) {
            while let Some(slot) = reactor.next() {
                let (channel, half, next) = &mut ports[slot as usize];
                channel.bell(0).answer();
                *next = read(&mut half.consumer, *next);
            }
            if ports.iter().any(|&(_, _, next)| next < FRAMES) && reactor.park() {
                sleeps += 1;
                sleeper.sleep(sleeps);
                reactor.unpark();
            }
        }
        for sender in senders {
            sender.join().unwrap();
        }
    });
}

/// Segments are handed over and recycled for as long as both sides are at work.
#[test]
fn a_lane_of_many_segments() {
    const FRAMES: u32 = 40;
    explore(|| {
        let (mut producer, mut consumer) = lane();
        let sender = thread::spawn(move || {
            for kind in 0..FRAMES {
                push(&mut producer, kind);
            }
            producer.close();
        });
        let mut next = 0;
        loop {
            let closed = consumer.is_closed();
            next = read(&mut consumer, next);
            if closed {
                break;
            }
            thread::yield_now();
        }
        assert_eq!(next, FRAMES);
        sender.join().unwrap();
    });
}

/// A port that moves again and again while its peer posts: each frame is read once, in order, by whoever has the port, or
/// read back by its sender.
#[test]
fn a_port_that_moves_under_traffic() {
    const FRAMES: u32 = 15;
    const MOVES: usize = 4;
    explore(|| {
        let channel = Channel::new();
        let mut theirs = channel.claim(0).unwrap();
        let mut half = channel.claim(1).unwrap();
        let shared = channel.clone();
        let sender = thread::spawn(move || {
            for kind in 0..FRAMES {
                push(&mut theirs.producer, kind);
                shared.bell(1).ring();
            }
            theirs
        });
        let mut next = 0;
        for _ in 0..MOVES {
            next = read(&mut half.consumer, next);
            channel.park(1, half, Reader::Known);
            // Another thread takes it.
            let shared = channel.clone();
            let reader = thread::spawn(move || {
                let mut half = shared.claim(1).unwrap();
                let next = read(&mut half.consumer, next);
                (half, next)
            });
            (half, next) = reader.join().unwrap();
        }
        let _alive = sender.join().unwrap();
        assert_eq!(read(&mut half.consumer, next), FRAMES);
        assert_eq!(channel.gate(0), Gate::Closed);
        channel.park(1, half, Reader::None);
        assert!(!matches!(channel.offer(1), Offer::Recalled));
    });
}

/// Producers and consumers who all sleep at times, in a ring with room for two records, until it is closed: each record
/// comes once, those of one producer in order.
#[test]
fn a_queue_with_three_on_each_side() {
    const SIDE: u64 = 3;
    const RECORDS: u64 = 6;
    explore(|| {
        let ring = Ring::model(32);
        let (items, space) = (Arc::new(Futex::default()), Arc::new(Futex::default()));
        let seen = Arc::new(Mutex::new(Vec::new()));
        let count = Arc::new(AtomicUsize::new(0));
        let producers: Vec<_> = (0..SIDE)
            .map(|who| {
                let (ring, items, space) = (ring.again(), items.clone(), space.clone());
                thread::spawn(move || {
                    for n in 0..RECORDS {
                        let value = (who << 32) | n;
                        items.notify(push_waiting(&ring, &space, value).unwrap());
                    }
                })
            })
            .collect();
        let consumers: Vec<_> = (0..SIDE)
            .map(|_| {
                let (ring, items, space) = (ring.again(), items.clone(), space.clone());
                let (seen, count) = (seen.clone(), count.clone());
                thread::spawn(move || {
                    let mut own = Vec::new();
                    while let Ok((value, wakes)) = pop_waiting(&ring, &items) {
                        space.notify(wakes);
                        own.push(value);
                        count.fetch_add(1, Ordering::Relaxed);
                    }
                    seen.lock().unwrap().push(own);
                })
            })
            .collect();
        for producer in producers {
            producer.join().unwrap();
        }
        ring.close();
        items.notify(true);
        space.notify(true);
        for consumer in consumers {
            consumer.join().unwrap();
        }
        assert_eq!(count.load(Ordering::Relaxed) as u64, SIDE * RECORDS);
        let mut all = BTreeMap::new();
        for own in seen.lock().unwrap().iter() {
            let mut last = BTreeMap::new();
            for value in own {
                assert!(
                    last.insert(value >> 32, *value)
                        .is_none_or(|before| before < *value)
                );
                assert_eq!(all.insert(*value, ()), None, "twice");
            }
        }
        assert_eq!(all.len() as u64, SIDE * RECORDS);
    });
}
