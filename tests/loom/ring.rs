//! The ring between several producers and consumers, and the waiting on its words.

use loom::sync::Arc;
use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;
use threadport::ring::{PopError, PushError, Ring, Word};

use super::bounded;
use super::models::records::{Futex, pop, pop_waiting, push, push_waiting};

/// A queue for two records of one granule.
const SMALL: usize = 32;

/// A queue that holds 1 and 2, and where those wait who want to push more.
fn full() -> (Ring, Arc<Futex>) {
    let ring = Ring::model(SMALL);
    push(&ring, 1).unwrap();
    push(&ring, 2).unwrap();
    (ring, Arc::default())
}

/// What is left, in order.
fn drain(ring: &Ring) -> Vec<u64> {
    std::iter::from_fn(|| pop(ring).ok())
        .map(|(value, _)| value)
        .collect()
}

fn spawn<T: 'static>(ring: &Ring, run: impl FnOnce(&Ring) -> T + 'static) -> thread::JoinHandle<T> {
    let ring = ring.again();
    thread::spawn(move || run(&ring))
}

#[test]
fn two_producers_against_a_consumer() {
    bounded(3, || {
        let ring = Ring::model(64);
        let producers = [1, 2].map(|value| spawn(&ring, move |ring| push(ring, value).unwrap()));
        let mut seen: Vec<u64> = pop(&ring)
            .ok()
            .map(|(value, _)| value)
            .into_iter()
            .collect();
        for producer in producers {
            producer.join().unwrap();
        }
        seen.extend(drain(&ring));
        seen.sort_unstable();
        assert_eq!(seen, [1, 2]);
        assert_eq!((ring.len(), ring.bytes_used()), (0, 0));
    });
}

#[test]
fn two_consumers_against_a_producer() {
    bounded(3, || {
        let ring = Ring::model(SMALL);
        push(&ring, 1).unwrap();
        let consumers = [0, 1].map(|_| spawn(&ring, |ring| pop(ring).ok()));
        let pushed = push(&ring, 2).is_ok();
        // There is room again, unless a consumer has still to leave: the first record is written over.
        let third = push(&ring, 3).is_ok();
        let mut seen: Vec<u64> = consumers
            .into_iter()
            .filter_map(|consumer| consumer.join().unwrap())
            .map(|(value, _)| value)
            .collect();
        seen.extend(drain(&ring));
        seen.sort_unstable();
        let expected: Vec<u64> = [(1, true), (2, pushed), (3, third)]
            .into_iter()
            .filter_map(|(value, there)| there.then_some(value))
            .collect();
        assert_eq!(seen, expected);
        assert_eq!((ring.len(), ring.bytes_used()), (0, 0));
    });
}

/// The ring is full with one record more, and who comes last to either side publishes, or makes room, for both.
#[test]
fn two_producers_against_two_consumers() {
    bounded(2, || {
        let ring = Ring::model(SMALL);
        push(&ring, 1).unwrap();
        let producers = [2, 3].map(|value| spawn(&ring, move |ring| push(ring, value).is_ok()));
        let consumer = spawn(&ring, |ring| pop(ring).ok());
        let ours = pop(&ring).ok();
        let mut expected = vec![1];
        for (producer, value) in producers.into_iter().zip([2, 3]) {
            expected.extend(producer.join().unwrap().then_some(value));
        }
        let popped = [ours, consumer.join().unwrap()];
        let mut seen: Vec<u64> = popped.iter().flatten().map(|(value, _)| *value).collect();
        seen.extend(drain(&ring));
        seen.sort_unstable();
        assert_eq!(seen, expected);
        assert_eq!((ring.len(), ring.bytes_used()), (0, 0));
    });
}

/// Both sides go round the ring: memory is written again that another thread has read.
#[test]
fn round_the_ring() {
    bounded(3, || {
        let ring = Ring::model(SMALL);
        let producer = spawn(&ring, |ring| {
            (1..=4)
                .filter(|&value| push(ring, value).is_ok())
                .collect::<Vec<u64>>()
        });
        let mut seen: Vec<u64> = (0..2)
            .filter_map(|_| pop(&ring).ok())
            .map(|(value, _)| value)
            .collect();
        let pushed = producer.join().unwrap();
        seen.extend(drain(&ring));
        assert_eq!(seen, pushed);
    });
}

#[test]
fn a_consumer_that_waits_is_woken() {
    bounded(3, || {
        let ring = Ring::model(64);
        let items = Arc::new(Futex::default());
        let theirs = items.clone();
        let consumer = spawn(&ring, move |ring| pop_waiting(ring, &theirs).unwrap().0);
        items.notify(push(&ring, 7).unwrap());
        assert_eq!(consumer.join().unwrap(), 7);
    });
}

/// Who ends first publishes nothing; who publishes for both wakes.
#[test]
fn a_consumer_is_woken_by_one_of_two_producers() {
    bounded(2, || {
        let ring = Ring::model(64);
        let items = Arc::new(Futex::default());
        let producers = [1, 2].map(|value| {
            let items = items.clone();
            spawn(&ring, move |ring| items.notify(push(ring, value).unwrap()))
        });
        let mut seen = [0, 1].map(|_| pop_waiting(&ring, &items).unwrap().0);
        seen.sort_unstable();
        assert_eq!(seen, [1, 2]);
        for producer in producers {
            producer.join().unwrap();
        }
    });
}

#[test]
fn two_consumers_that_wait_are_woken() {
    bounded(2, || {
        let ring = Ring::model(64);
        let items = Arc::new(Futex::default());
        let consumers = [0, 1].map(|_| {
            let items = items.clone();
            spawn(&ring, move |ring| pop_waiting(ring, &items).unwrap().0)
        });
        items.notify(push(&ring, 1).unwrap());
        items.notify(push(&ring, 2).unwrap());
        let mut seen = consumers.map(|consumer| consumer.join().unwrap());
        seen.sort_unstable();
        assert_eq!(seen, [1, 2]);
    });
}

#[test]
fn a_producer_that_waits_is_woken() {
    bounded(3, || {
        let (ring, space) = full();
        let theirs = space.clone();
        let producer = spawn(&ring, move |ring| push_waiting(ring, &theirs, 3).unwrap());
        space.notify(pop(&ring).unwrap().1);
        producer.join().unwrap();
        assert_eq!(drain(&ring), [2, 3]);
    });
}

/// Somebody who has the word, and does not arm.
#[test]
fn a_stranger_that_waits_on_the_word_is_woken() {
    bounded(3, || {
        let ring = Ring::model(64);
        let items = Arc::new(Futex::default());
        let theirs = items.clone();
        let stranger = spawn(&ring, move |ring| {
            ring.watch(Word::Items);
            let seen = ring.value(Word::Items);
            if ring.is_empty() {
                theirs.wait(ring, Word::Items, seen);
            }
            assert_eq!(ring.len(), 1);
        });
        items.notify(push(&ring, 7).unwrap());
        stranger.join().unwrap();
    });
}

/// What was claimed before the close is delivered, and nobody sleeps on.
#[test]
fn close_against_a_producer_and_a_consumer() {
    bounded(3, || {
        let ring = Ring::model(64);
        let items = Arc::new(Futex::default());
        let count = Arc::new(AtomicUsize::new(0));
        let (theirs, ours) = (items.clone(), items.clone());
        let counted = count.clone();
        let consumer = spawn(&ring, move |ring| {
            while pop_waiting(ring, &theirs).is_ok() {
                counted.fetch_add(1, Ordering::Relaxed);
            }
        });
        let producer = spawn(&ring, move |ring| match push(ring, 1) {
            Ok(wake) => {
                ours.notify(wake);
                1
            }
            Err(error) => {
                assert_eq!(error, PushError::Closed);
                0
            }
        });
        ring.close();
        items.notify(true);
        let pushed = producer.join().unwrap();
        consumer.join().unwrap();
        assert_eq!(count.load(Ordering::Relaxed), pushed);
    });
}

/// No room comes any more: only the close can wake the producer.
#[test]
fn close_against_a_producer_that_waits() {
    bounded(3, || {
        let (ring, space) = full();
        let theirs = space.clone();
        let producer = spawn(&ring, move |ring| push_waiting(ring, &theirs, 3));
        ring.close();
        space.notify(true);
        assert_eq!(producer.join().unwrap(), Err(PushError::Closed));
        assert_eq!(drain(&ring), [1, 2]);
        assert_eq!(pop(&ring), Err(PopError::Ended));
    });
}

/// Room comes as well: the message is delivered, or refused, and not both.
#[test]
fn close_and_a_consumer_against_a_producer_that_waits() {
    bounded(3, || {
        let (ring, space) = full();
        let (theirs, ours) = (space.clone(), space.clone());
        let producer = spawn(&ring, move |ring| push_waiting(ring, &theirs, 3).is_ok());
        let consumer = spawn(&ring, move |ring| {
            let (value, wake) = pop(ring).unwrap();
            ours.notify(wake);
            value
        });
        ring.close();
        space.notify(true);
        assert_eq!(consumer.join().unwrap(), 1);
        let rest: &[u64] = if producer.join().unwrap() {
            &[2, 3]
        } else {
            &[2]
        };
        assert_eq!(drain(&ring), rest);
        assert_eq!(pop(&ring), Err(PopError::Ended));
    });
}
