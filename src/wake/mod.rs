//! Waking a thread that has news, at most once, and only if it sleeps.
//!
//! # Guarantees
//!
//! * No lost wake: after [`Doorbell::ring`] returns, the consumer's thread will see the slot, by
//!   [`Reactor::next`] if it is awake, else after exactly one [`Waker::wake`].
//! * One wake per park, however many senders post.
//! * A bell that is scheduled already costs one atomic swap.
//! * After [`Reactor::kill`] returned, `wake` does not run and never will: its handle may be closed.
//!
//! # What blocks
//!
//! A post to a parked reactor holds the waker's lock while `wake` runs; `kill` waits for that. Attaching, detaching
//! and the first ring after an answer hold the bell's lock for a few instructions, and for a wake at most.
//!
//! # Shape
//!
//! ```text
//!   producer                                             consumer's thread
//!   publish frame                                        callback: unpark
//!   ring ---- scheduled was set: done                      |
//!     |                                                    v
//!     '---- was clear: post(slot) --> ready queue --> next() -> answer -> look at the lane, again until None
//!                        |                                 |
//!                        v                                 v
//!               parked? wake, once                  poll_begin, look; at last park (false: there is news)
//! ```
//!
//! # States of a reactor
//!
//! ```text
//!   word = { NEWS, POLLING, PARKED, DEAD }
//!
//!   awake --poll_begin--> polling --park--> parked --post: NEWS, wake--> parked, notified
//!     ^                      |                 |                              |
//!     '------- unpark -------+-----------------+------------------------------'
//!   any --kill--> dead, for ever
//! ```
//!
//! # Invariants
//!
//! * W1: PARKED and POLLING are set and cleared by the owner only. NEWS is set by senders, cleared by the owner.
//! * W2: the owner parks only from a word without NEWS; a sender sets NEWS after its slot is in the queue.
//!   All of that are read-modify-writes of one word, hence in one order: a post comes before the park, which
//!   then finds NEWS, or after it, and then finds PARKED.
//! * W3: the sender that turns `PARKED` into `PARKED | NEWS` wakes, no other.
//! * W4: `wake` runs under the waker's lock; `kill` takes the waker away under the same lock.
//! * W5: a slot that is pushed after the dead queue was emptied is removed by the sender that pushed it.
//! * W6: `scheduled` is set by the producer after it published, and cleared by the consumer before it looks;
//!   both read-modify-write. An answer that overwrites a ring sees its frame, a ring after the answer posts. A consumer may
//!   look without it as often as it likes, as long as it answers and looks before it sleeps.
//! * W7: who wants to wait elsewhere than in its event loop says so (`wait`, `listen`), answers the bell, and then looks at
//!   the lane. A ring that the answer overwrites has shown its frame; one that overwrites the answer sees the wish.
//!
//! # Sync points
//!
//! * `STATE`: the reactor's word. Makes the ready queue's slots visible with NEWS.
//! * `BELL`: `scheduled`. Makes the published frame visible to who answers, and the wish to be told to who rings.
//! * `TOLD`: whom to tell; ordered by `BELL`.
//! * Locks: `waker`, `target`.
//!
//! None needs `SeqCst`: the store-then-load pairs that usually do (publish, then look whether somebody sleeps)
//! are read-modify-writes of the same word on both sides here.

#![forbid(unsafe_code)]

mod doorbell;
mod offer;
mod policy;
mod reactor;
mod rest;

pub use doorbell::{Doorbell, Told};
pub use offer::{offer_core, owe_core};
pub use policy::{Poll, PollPolicy, SpinTokens};
pub use reactor::{Reactor, Waker};
pub use rest::{LOST, Rest};
