//! Who waits on the words, and when they have to be woken.
//!
//! A waiter reads the word, arms the bell, looks once more, and waits on the value that it has read. Who has moved a mark
//! looks at the bell, clears it, changes the word, and wakes all if the bell was armed.
//!
//! # Sync points
//! - BELL: both sides write, then fence (SeqCst), then read what the other has written. So either the waiter's look
//!   finds what is new, or the bell is found armed. A weaker fence would let both read the past.
//! - WORD: the word is changed with release and read with acquire: who reads the new value finds what has come, and does
//!   not wait on that value. The bit is set after the word was read and cleared before it is changed: who sets it in between
//!   two wake-ups is not forgotten, since it waits on a value that is about to go.
//!
//! The bit is cleared by the one who will wake all; whoever goes on waiting arms again. A waiter that is gone
//! costs one wake-up of nobody. A thread that is ended between its native call and its `Atomics.notify` leaves the others
//! asleep until something else happens: the library waits in slices for that reason.

#![forbid(unsafe_code)]

use super::Ring;
use crate::layout::{BELL_ARMED, BELL_WATCHED};
use crate::sync::{AtomicI32, AtomicU32, Ordering, fence};

/// One of the two words for waiting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// Changes when records have come.
    Items,
    /// Changes when room has come.
    Space,
}

impl Ring {
    fn word(&self, word: Word) -> (&AtomicI32, &AtomicU32) {
        let header = self.header();
        match word {
            Word::Items => (&header.items, &header.items_bell),
            Word::Space => (&header.space, &header.space_bell),
        }
    }

    /// The word's value.
    pub fn value(&self, word: Word) -> i32 {
        // Acquire: WORD.
        self.word(word).0.load(Ordering::Acquire)
    }

    /// The caller is about to wait on `word`: it looks once more, and then waits on the answer.
    pub fn arm(&self, word: Word) -> i32 {
        // Before the bit is set: who clears it changes the word afterwards, so this is an old value then.
        let seen = self.value(word);
        // AcqRel: keeps its place behind the load (WORD); the fence orders the rest.
        self.word(word).1.fetch_or(BELL_ARMED, Ordering::AcqRel);
        fence(Ordering::SeqCst); // BELL
        seen
    }

    /// From now on each change of `word` wakes, for waiters that do not arm.
    pub fn watch(&self, word: Word) {
        // Relaxed: the fence orders it, before whatever the caller does with the word.
        self.word(word).1.fetch_or(BELL_WATCHED, Ordering::Relaxed);
        fence(Ordering::SeqCst); // BELL
    }

    /// A mark has moved: changes the word. Must those who wait on it be woken?
    pub(super) fn ring(&self, word: Word) -> bool {
        let (value, bell) = self.word(word);
        fence(Ordering::SeqCst); // BELL
        // Relaxed: the fence orders it.
        let bits = bell.load(Ordering::Relaxed);
        if bits & BELL_ARMED != 0 {
            // AcqRel: keeps its place before the change. An arming that is cleared here has seen an older value.
            bell.fetch_and(!BELL_ARMED, Ordering::AcqRel);
        }
        // Release: WORD.
        value.fetch_add(1, Ordering::Release);
        bits != 0
    }

    pub(super) fn ring_items(&self) -> bool {
        self.ring(Word::Items)
    }

    pub(super) fn ring_space(&self) -> bool {
        self.ring(Word::Space)
    }
}
