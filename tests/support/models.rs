//! What the models under loom and those under shuttle are made of.
// Each of them uses its part of this.
#![allow(dead_code)]

#[cfg(not(shuttle))]
use loom as library;
#[cfg(shuttle)]
use shuttle as library;

/// Frames of a lane, numbered by their kind.
pub mod frames {
    use threadport::lane::{Consumer, Producer};

    pub fn push(producer: &mut Producer, kind: u32) {
        let mut frame = producer.reserve(8, 0).unwrap();
        frame
            .words_mut()
            .copy_from_slice(&u64::from(kind).to_ne_bytes());
        frame.commit(kind, Vec::new());
    }

    /// Reads what there is, from frame number `next` on; answers the next number.
    pub fn read(consumer: &mut Consumer, next: u32) -> u32 {
        let mut seen = next;
        let visited = consumer.peek(|frame| {
            assert_eq!(frame.header.kind, seen);
            assert_eq!(frame.words, u64::from(seen).to_ne_bytes());
            seen += 1;
            true
        });
        assert_eq!(visited, (seen - next) as usize);
        consumer.advance(visited);
        seen
    }
}

/// Records of a ring, of one number each, and those who wait for them.
pub mod records {
    use super::library::sync::{Condvar, Mutex};
    use threadport::ring::{PopError, PushError, Ring, Word};

    /// Answers whether somebody is to be woken.
    pub fn push(ring: &Ring, value: u64) -> Result<bool, PushError> {
        let mut claim = ring.claim(8)?;
        claim.write(0, &value.to_ne_bytes());
        Ok(claim.commit(1))
    }

    /// The number, and whether somebody is to be woken.
    pub fn pop(ring: &Ring) -> Result<(u64, bool), PopError> {
        let taken = ring.take(|_| true)?;
        let mut value = [0; 8];
        taken.read(0, &mut value);
        Ok((u64::from_ne_bytes(value), taken.release()))
    }

    /// A futex as V8 has it: compares and sleeps under a lock, and wakes under it.
    #[derive(Default)]
    pub struct Futex {
        /// How often somebody has woken all.
        wakes: Mutex<usize>,
        woken: Condvar,
    }

    impl Futex {
        pub fn wait(&self, ring: &Ring, word: Word, seen: i32) {
            let mut wakes = self.wakes.lock().unwrap();
            let before = *wakes;
            if ring.value(word) != seen {
                return;
            }
            while *wakes == before {
                wakes = self.woken.wait(wakes).unwrap();
            }
        }

        pub fn notify(&self, is_needed: bool) {
            if is_needed {
                *self.wakes.lock().unwrap() += 1;
                self.woken.notify_all();
            }
        }
    }

    /// As `popSync` does it. A sleep that nobody ends is reported as a deadlock.
    pub fn pop_waiting(ring: &Ring, items: &Futex) -> Result<(u64, bool), PopError> {
        loop {
            match pop(ring) {
                Err(PopError::Empty) => {}
                other => return other,
            }
            let seen = ring.arm(Word::Items);
            match pop(ring) {
                Err(PopError::Empty) => items.wait(ring, Word::Items, seen),
                other => return other,
            }
        }
    }

    /// As `pushSync` does it.
    pub fn push_waiting(ring: &Ring, space: &Futex, value: u64) -> Result<bool, PushError> {
        loop {
            match push(ring, value) {
                Err(PushError::Full) => {}
                other => return other,
            }
            let seen = ring.arm(Word::Space);
            match push(ring, value) {
                Err(PushError::Full) => space.wait(ring, Word::Space, seen),
                other => return other,
            }
        }
    }
}
