//! Members of the same broadcast name in all threads of the process.
//!
//! ```text
//!   member 0: post --- lock ---> inbox 1, inbox 2        inbox = a lane and its doorbell;
//!   member 1: post --- lock ---> inbox 0, inbox 2        written under the group's lock,
//!   member 2: post --- lock ---> inbox 0, inbox 1        read by the member's thread without it
//! ```
//!
//! # Contract
//! - All members see all native posts of others in one order: that in which the lock was taken. (Node has none between
//!   posts of different threads.)
//! - A post reaches every member that joined before it, or none (no memory).
//! - Nothing blocks for longer than it takes to copy a message into the inboxes. No foreign code runs under the lock.
//!
//! # Modes
//! Every member also has a stock port in Node's own group of that name. In mode *native* posts go into the inboxes and
//! nobody posts on these ports; in mode *stock* it is the other way round.
//!
//! ```text
//!   native --- begin_stock, or the process is not covered (see `registry`): STOCK into all inboxes ---> stock
//!   stock ---- post, when `may_return`: SWITCH(stock messages to expect) into all inboxes -----------> native
//! ```
//!
//! # Invariants
//! - G1: a stock post begins and ends in mode stock: `posting` counts those under way, and the group returns to native
//!   only while it is 0. So every stock message is behind the STOCK and ahead of the SWITCH around it.
//! - G2: `sent` counts the stock posts that were delivered to the whole group; for an `exact` member `sent - base - own` is
//!   the number of stock messages that its stock queue has ever been given. A group with a member that is not exact, or
//!   `pinned`, stays in mode stock.
//! - G3: a member whose stock port may be there and which has not joined yet (`joining` counts them) is given stock messages
//!   and no native ones. The group does not return to native meanwhile, or native ones would be missing behind stock ones.

mod registry;

#[cfg(not(loom))]
pub use registry::groups;
pub use registry::{Groups, Ticket};

use bytes::Bytes;

use crate::channel::Channel;
use crate::lane::{Producer, PushError};
use crate::sync::{Arc, Mutex, lock};

/// Kinds of frames that a group writes itself (`lib/messaging/state.ts` has all).
pub mod kind {
    /// From here on messages are in the inbox; words 0 and 1: how many stock messages come before.
    pub const SWITCH: u32 = 4;
    /// From here on messages come by the stock port.
    pub const STOCK: u32 = 5;
}

/// What a post puts into each inbox.
pub struct Message<'a> {
    /// Kind of the frame.
    pub kind: u32,
    /// Word area, a multiple of 8 bytes.
    pub words: &'a [u8],
    /// Text area.
    pub text: &'a [u8],
    /// Travel beside the frame, shared by all members.
    pub attachments: &'a [Bytes],
}

/// What became of a post.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Posted {
    /// It is in the inbox of every other member.
    Sent,
    /// Nothing happened: post it on the stock port.
    Stock,
    /// Nothing happened: no memory, or too large.
    NoMemory,
}

struct Entry {
    id: u64,
    producer: Producer,
    channel: Arc<Channel>,
    /// `sent` of the group when it joined.
    base: u64,
    /// Stock posts of its own since then.
    own: u64,
    /// Stock posts of its own that are under way.
    posting: u64,
    exact: bool,
}

impl Entry {
    fn has_room(&mut self, words: usize, text: usize) -> Result<(), PushError> {
        self.producer.reserve(words, text).map(drop)
    }

    fn push(&mut self, message: &Message<'_>) -> Result<(), PushError> {
        let mut frame = self
            .producer
            .reserve(message.words.len(), message.text.len())?;
        let (words, text) = frame.areas_mut();
        words.copy_from_slice(message.words);
        text[..message.text.len()].copy_from_slice(message.text);
        let attachments = message.attachments.iter().cloned().map(Into::into);
        frame.commit(message.kind, attachments.collect());
        self.channel.bell(0).ring();
        Ok(())
    }
}

#[derive(Default)]
struct Members {
    /// In the order in which they joined.
    entries: Vec<Entry>,
    next_id: u64,
    native: bool,
    /// The process is covered, see `registry`.
    covered: bool,
    /// In mode stock for good.
    pinned: bool,
    /// See G1.
    posting: u64,
    /// See G3.
    joining: u64,
    /// Stock posts begun so far.
    begun: u64,
    /// See G2.
    sent: u64,
}

impl Members {
    fn entry(&mut self, id: u64) -> Option<&mut Entry> {
        self.entries.iter_mut().find(|entry| entry.id == id)
    }

    fn leave_native(&mut self) {
        if !std::mem::take(&mut self.native) {
            return;
        }
        let stock = Message {
            kind: kind::STOCK,
            words: &[],
            text: &[],
            attachments: &[],
        };
        for entry in &mut self.entries {
            if entry.push(&stock).is_err() {
                // Its end says the same to the reader, and needs no memory.
                entry.producer.close();
                entry.channel.bell(0).ring();
                self.pinned = true;
            }
        }
    }

    /// G1, G2, G3.
    fn may_return(&self) -> bool {
        let is_exact = |entry: &Entry| entry.exact;
        let is_quiet = self.posting == 0 && self.joining == 0;
        self.covered && !self.pinned && is_quiet && self.entries.iter().all(is_exact)
    }

    fn is_over(&self) -> bool {
        self.entries.is_empty() && self.joining == 0
    }

    /// To mode native, if that is possible.
    fn return_native(&mut self) -> bool {
        let switch_room = |entry: &mut Entry| entry.has_room(8, 0).is_ok();
        if !self.may_return() || !self.entries.iter_mut().all(switch_room) {
            return false;
        }
        let sent = self.sent;
        for entry in &mut self.entries {
            let expected = sent - entry.base - entry.own;
            let halves = [(expected >> 30) as u32, expected as u32 & 0x3fff_ffff];
            let mut words = [0; 8];
            words[..4].copy_from_slice(&halves[0].to_ne_bytes());
            words[4..].copy_from_slice(&halves[1].to_ne_bytes());
            let switch = Message {
                kind: kind::SWITCH,
                words: &words,
                text: &[],
                attachments: &[],
            };
            // There is room.
            let _ = entry.push(&switch);
        }
        self.native = true;
        true
    }

    fn post(&mut self, from: u64, message: &Message<'_>) -> Posted {
        if !self.native && !self.return_native() {
            return Posted::Stock;
        }
        let others = |entry: &&mut Entry| entry.id != from;
        for entry in self.entries.iter_mut().filter(others) {
            let room = entry.has_room(message.words.len(), message.text.len());
            if room.is_err() {
                return Posted::NoMemory;
            }
        }
        for entry in self.entries.iter_mut().filter(others) {
            // There is room.
            let _ = entry.push(message);
        }
        Posted::Sent
    }
}

struct Group {
    name: String,
    members: Mutex<Members>,
}

/// Membership of one broadcast channel; it leaves when it is dropped.
pub struct Member {
    groups: Arc<Groups>,
    group: Arc<Group>,
    id: u64,
    /// Was the group in mode native when it joined?
    pub began_native: bool,
}

impl Member {
    /// To all other members, in mode native; returns to it if that is possible.
    pub fn post(&self, message: &Message<'_>) -> Posted {
        lock(&self.group.members).post(self.id, message)
    }

    /// A stock post of this member begins. What was posted natively is ahead of it everywhere.
    pub fn begin_stock(&self) {
        let mut members = lock(&self.group.members);
        members.leave_native();
        members.posting += 1;
        members.begun += 1;
        if let Some(entry) = members.entry(self.id) {
            entry.posting += 1;
        }
    }

    /// It is over. `sent`: the others have it in their stock queues.
    pub fn end_stock(&self, sent: bool) {
        let mut members = lock(&self.group.members);
        let Some(entry) = members.entry(self.id).filter(|entry| entry.posting > 0) else {
            return;
        };
        entry.posting -= 1;
        entry.own += u64::from(sent);
        members.posting -= 1;
        members.sent += u64::from(sent);
    }

    /// The group stays in mode stock from now on: messages may come or go that nobody counts.
    pub fn pin(&self) {
        let mut members = lock(&self.group.members);
        members.leave_native();
        members.pinned = true;
    }

    fn leave(&self) {
        let mut members = lock(&self.group.members);
        let Some(index) = members.entries.iter().position(|entry| entry.id == self.id) else {
            return;
        };
        let entry = members.entries.remove(index);
        if entry.posting > 0 {
            // The thread was ended in the middle of a post; nobody knows whether the others have it.
            members.posting -= entry.posting;
            members.pinned = true;
        }
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        self.leave();
        self.groups.forget(&self.group);
    }
}
