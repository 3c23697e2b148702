//! Who waits for a port elsewhere than in its event loop: the wish to be told against rings.

use loom::sync::Arc;
use loom::sync::atomic::{AtomicU32, Ordering};
use loom::thread;
use threadport::lane::lane;
use threadport::wake::Doorbell;

use super::{bounded, push, read};

/// Who waits elsewhere either sees the frame or is told (W7), once or each time.
#[test]
fn publish_and_ring_against_wait_and_look() {
    for listens in [false, true] {
        loom::model(move || {
            let (mut producer, mut consumer) = lane();
            let bell = Arc::new(Doorbell::new());
            let theirs = bell.clone();
            let sender = thread::spawn(move || {
                push(&mut producer, 0);
                let told = theirs.ring();
                (told & 0xffff, told >> 16)
            });
            if listens {
                bell.listen(5);
            } else {
                bell.wait(7);
            }
            let seen = read(&mut consumer, 0);
            let (always, once) = sender.join().unwrap();
            let told = if listens { always == 5 } else { once == 7 };
            assert!(seen == 1 || told, "neither seen nor told");
            assert_eq!(bell.ring() >> 16, if once == 0 && !listens { 7 } else { 0 });
        });
    }
}

/// A wait that is renewed while somebody rings is told, or its word changes after it was read.
#[test]
fn two_rings_against_a_wait_that_is_renewed() {
    bounded(3, || {
        let (mut producer, mut consumer) = lane();
        let bell = Arc::new(Doorbell::new());
        let word = Arc::new(AtomicU32::new(0));
        let (theirs, their_word) = (bell.clone(), word.clone());
        let sender = thread::spawn(move || {
            for kind in 0..2 {
                push(&mut producer, kind);
                if theirs.ring() != 0 {
                    their_word.fetch_add(1, Ordering::SeqCst);
                }
            }
        });
        let mut next = 0;
        let mut asleep = None;
        for _ in 0..2 {
            let seen = word.load(Ordering::SeqCst);
            bell.wait(1);
            next = read(&mut consumer, next);
            asleep = Some(seen);
        }
        sender.join().unwrap();
        let slept = asleep.unwrap();
        assert!(
            next == 2 || word.load(Ordering::SeqCst) != slept,
            "asleep with a frame to read"
        );
    });
}
