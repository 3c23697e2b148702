//! One direction of a port: an unbounded queue of frames in Rust-owned memory, one producer, one consumer.
//!
//! # Guarantees
//!
//! * Frames arrive in order, each once, whole, as they were committed. A [`Reserved`] that is dropped publishes
//!   nothing.
//! * [`Producer::reserve`] fails with [`PushError`] instead of aborting when memory is short; the lane stays as
//!   it was.
//! * Steady traffic allocates nothing: emptied segments come back to the producer.
//! * Everything is freed exactly once, in whatever order and on whatever threads the halves are dropped.
//!   Attachments of unread frames are released when the consumer is dropped, at the latest with the producer.
//! * Words are 8-byte aligned.
//!
//! # What blocks
//!
//! Nothing. No operation waits for the other half; the only lock (`Shared::abandoned`) is taken after the
//! consumer is gone.
//!
//! # Shape
//!
//! ```text
//!            Consumer                                        Producer
//!            ReadEnd { segment, position }                   WriteEnd { segment, length }
//!                 |                                               |
//!                 v                                               v
//!   +--------------------------+      +---------------+      +---------------------------+
//!   | ..read.. | frame | frame | next | frame | frame | next | frame | frame | ..free..  |
//!   | word { length, sealed }  |----->| sealed        |----->| word { length, 0 }        |
//!   +--------------------------+      +---------------+      +---------------------------+
//!          emptied: back through Shared::spare (small) or the slab pool (16 KiB and more)
//!
//!   frame = | header 16 | words, multiple of 8 | text, padded to 8 | 8: attachment list, if there is one |
//! ```
//!
//! The first segment is a bare header without room; the first push replaces it with 1 KiB. A new segment is
//! twice the backlog at that moment, between 4 KiB and 128 KiB, and at most twice its predecessor, so that a lane whose consumer
//! keeps up stays small. A frame too large for 128 KiB gets a segment of its own, sealed at once so
//! that the memory is free again as soon as the frame is read.
//!
//! # States
//!
//! ```text
//! open --close / drop of Producer--> closed   (frames may remain; reserve still answers, commit discards)
//! open --drop of Consumer----------> gone     (frames are accepted and discarded, memory stays bounded)
//! ```
//!
//! # Invariants (cited in `segment/`)
//!
//! * R1: a segment's memory is live while a `Blank`, `WriteEnd` or `ReadEnd` for it exists. There is either one
//!   `Blank`, or one `ReadEnd` and at most one `WriteEnd`.
//! * R2: the word is written by the `WriteEnd` only; its length never shrinks and never exceeds the capacity.
//!   Sealing consumes the `WriteEnd` and is its last access, so whoever sees the seal holds the only handle.
//! * R3: bytes below the published length are frames, written by `WriteEnd::publish`, and do not change until
//!   the segment is blank again. Bytes from the length on belong to the `WriteEnd`.
//! * R4: `next` is written before the seal and belongs to the `ReadEnd` from the seal on.
//! * R5: a position is a frame boundary, at most the published length.
//! * R6: the attachment list of a frame is owned by the frame, and taken when the position moves past it.
//! * R7: all bytes of the data area are initialised; the header area is cleared before the block is returned.
//!
//! # Sync points
//!
//! * `PUBLISH`: `word`, release by the producer, acquire by the consumer. Makes visible the frame bytes
//!   below the length and, with the seal, `next`, and gives the segment away.
//! * `SPARE`: `slot`, swap on both sides. Hands over an emptied segment with all the consumer did to it.
//! * `CLOSED`: `Shared::closed`. After it the consumer sees every frame there will be.
//! * `GONE`: `Shared::gone`. After it the producer finds the consumer's end in `Shared::abandoned`.
//! * `CONSUMED`: `Shared::consumed`. A statistic that orders nothing.
//!
//! Sources: chained segments with recycling as in `folly::UnboundedQueue` and crossbeam's list flavor; the one
//! word that says both "how far" and "done" is ours.

mod consumer;
mod frame;
mod producer;
mod segment;
mod shared;

pub use consumer::Consumer;
pub use frame::{Frame, FrameHeader};
pub use producer::{Producer, PushError, Reserved};

use crate::sync::Arc;

/// A new lane: its two halves. Allocates no room for frames until the first push.
pub fn lane() -> (Producer, Consumer) {
    let (write, read) = segment::Blank::root().split();
    let shared = Arc::new(shared::Shared::new());
    (
        Producer::new(write, Arc::clone(&shared)),
        Consumer::new(read, shared),
    )
}
