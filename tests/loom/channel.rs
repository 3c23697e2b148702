//! Channels: offers, 'drain', the numbers of stock messages and their cargo.

use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;
use threadport::channel::{Channel, Gate, Half, Offer, Reader};

use super::{bounded, push, reactor, read};

/// A port closed unasked is offered while its peer recalls, or goes: its frame is read by exactly one of them, and
/// the owner hears of the outcome without asking again and again.
#[test]
fn offer_against_recall_and_close() {
    for recalls in [true, false] {
        bounded(3, move || {
            let channel = Channel::new();
            let (reactor, _) = reactor();
            let mut theirs = channel.claim(0).unwrap();
            let ours = channel.claim(1).unwrap();
            push(&mut theirs.producer, 0);
            channel.bell(1).attach(reactor.clone(), 5);
            let shared = channel.clone();
            let peer = thread::spawn(move || {
                if recalls && shared.gate(0) == Gate::Recall {
                    if let Some(mut half) = shared.reclaim(1) {
                        let read_back = read(&mut half.consumer, 0);
                        shared.end_recall(1, half);
                        return (read_back, Some(theirs));
                    }
                }
                drop(theirs);
                shared.bell(1).ring();
                (0, None)
            });
            channel.park(1, ours, Reader::None);
            let mut settled = None;
            let mut look = || {
                channel.bell(1).answer();
                if settled.is_none() {
                    settled = match channel.offer(1) {
                        Offer::Pending => None,
                        Offer::Recalled => Some(0),
                        Offer::Refused(mut half) => Some(read(&mut half.consumer, 0)),
                    };
                }
            };
            look();
            let (read_back, _alive) = peer.join().unwrap();
            while reactor.next().is_some() {
                look();
            }
            assert_eq!(settled.map(|ours| ours + read_back), Some(1));
        });
    }
}

/// A port that hopes for a reader is claimed while its thread gives up and the peer recalls: the frame is read by exactly one of them.
#[test]
fn claim_against_give_up_and_recall() {
    bounded(3, || {
        let channel = Channel::new();
        let (reactor, _) = reactor();
        let mut theirs = channel.claim(0).unwrap();
        let ours = channel.claim(1).unwrap();
        channel.bell(0).attach(reactor.clone(), 5);
        push(&mut theirs.producer, 0);
        channel.park(1, ours, Reader::Hoped);
        let reader = {
            let channel = channel.clone();
            thread::spawn(move || {
                let mut half = channel.claim(1)?;
                Some(read(&mut half.consumer, 0))
            })
        };
        let owner = {
            let channel = channel.clone();
            thread::spawn(move || channel.give_up(1))
        };
        let mut recalled = 0;
        let mut look = || {
            if let Some(mut half) = channel.reclaim(1) {
                recalled += read(&mut half.consumer, 0);
                channel.end_recall(1, half);
            }
        };
        look();
        let came = reader.join().unwrap();
        owner.join().unwrap();
        if reactor.next().is_some() {
            look();
        }
        let left = channel
            .claim(1)
            .map_or(0, |mut half| read(&mut half.consumer, 0));
        assert_eq!(came.unwrap_or(0) + recalled + left, 1);
        assert!(
            came.is_some() || recalled == 1,
            "nobody reads what was given up"
        );
    });
}

/// A channel, and its side 0 with a message under way that has reached the mark.
fn at_its_mark() -> (Arc<Channel>, Half) {
    let channel = Channel::new();
    let ours = channel.claim(0).unwrap();
    channel.set_high_water_mark(0, &ours.producer, 2);
    channel.stock_begin(0);
    channel.stock_end(0, true, 2);
    (channel, ours)
}

/// The producer reaches its mark while the consumer takes what is there: 'drain' is told, and once.
#[test]
fn arm_drain_against_stock_received() {
    bounded(3, || {
        let (channel, ours) = at_its_mark();
        let shared = channel.clone();
        let consumer = thread::spawn(move || shared.stock_received(0));
        let armed = channel.arm_drain(0, &ours.producer);
        consumer.join().unwrap();
        assert_eq!(
            channel.take_drained(0, &ours.producer),
            armed,
            "armed and not told, or told and not armed"
        );
        assert!(!channel.take_drained(0, &ours.producer));
    });
}

/// The mark is raised above what is buffered while the consumer takes it: 'drain' is told, and once.
#[test]
fn a_raised_mark_against_stock_received() {
    bounded(3, || {
        let (channel, ours) = at_its_mark();
        assert!(channel.arm_drain(0, &ours.producer));
        let shared = channel.clone();
        let consumer = thread::spawn(move || shared.stock_received(0));
        channel.set_high_water_mark(0, &ours.producer, 3);
        let early = channel.take_drained(0, &ours.producer);
        consumer.join().unwrap();
        let late = channel.take_drained(0, &ours.producer);
        assert!(early != late, "told once");
    });
}

/// The owner looks for 'drain' while it posts on: it is told of the last fall, and only of that.
#[test]
fn a_second_mark_against_the_first_fall() {
    bounded(3, || {
        let channel = Channel::new();
        let ours = channel.claim(0).unwrap();
        channel.set_high_water_mark(0, &ours.producer, 2);
        let shared = channel.clone();
        let mut owed = false;
        let mut post = || {
            channel.stock_begin(0);
            channel.stock_end(0, true, 2);
            owed |= channel.arm_drain(0, &ours.producer);
        };
        post();
        let consumer = thread::spawn(move || shared.stock_received(0));
        post();
        let early = channel.take_drained(0, &ours.producer);
        consumer.join().unwrap();
        channel.stock_received(0);
        let late = channel.take_drained(0, &ours.producer);
        assert!(owed);
        assert!(!early, "told while the mark is still reached");
        assert!(late, "nobody tells of the last fall");
    });
}

/// A reader that empties the queue while the counts stand still knows how many messages it has ever held.
#[test]
fn stock_counts_against_posts() {
    bounded(3, || {
        let channel = Channel::new();
        let queue = Arc::new(AtomicUsize::new(0));
        let (shared, theirs) = (channel.clone(), queue.clone());
        let sender = thread::spawn(move || {
            for _ in 0..2 {
                shared.stock_begin(0);
                theirs.fetch_add(1, Ordering::AcqRel);
                shared.stock_end(0, true, 1);
            }
        });
        let before = channel.stock_counts(0);
        let taken = queue.load(Ordering::Acquire);
        let after = channel.stock_counts(0);
        if before == after && before.0 == before.1 {
            assert_eq!(taken as u64, before.1);
        }
        sender.join().unwrap();
    });
}

/// Cargo is there when its message is.
#[test]
fn load_cargo_against_unload() {
    loom::model(|| {
        let channel = Channel::new();
        let queue = Arc::new(AtomicUsize::new(0));
        let (shared, theirs) = (channel.clone(), queue.clone());
        let sender = thread::spawn(move || {
            shared.load_cargo(0, 0.0, vec![None]);
            shared.stock_begin(0);
            theirs.fetch_add(1, Ordering::Release);
            shared.stock_end(0, true, 1);
        });
        if queue.load(Ordering::Acquire) == 1 {
            assert!(channel.unload(0, 0.0).is_some());
        }
        sender.join().unwrap();
    });
}
