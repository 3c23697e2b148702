//! A port of this thread.

use std::sync::Arc;

use super::posted::Posted;
use crate::channel::{Channel, Gate, Half, Side, WorkerName, forget_worker};
use crate::group::Member;
use crate::lane::{FrameHeader, Producer};
use crate::wake::Told;

/// A port attached to this thread.
pub struct Port {
    pub channel: Arc<Channel>,
    pub side: Side,
    pub half: Half,
    /// Set for the channel between a worker and its parent.
    pub worker: Option<WorkerName>,
    /// Set for a member of a broadcast group: the channel is its inbox.
    pub member: Option<Member>,
    /// The peer's half, here for a recall only: the channel does not ring here.
    pub recalled: bool,
    /// Buffers posted ahead for the peer to fill.
    pub posted: Option<Box<Posted>>,
    /// The last frames that were sent, if they only keep places.
    pub carriers: Run,
}

/// Frames in a row that only keep the places of stock messages.
#[derive(Default)]
pub struct Run {
    frames: u64,
    /// What the lane had accepted up to the last of them.
    end: u64,
}

impl Run {
    /// After so many the lane is left: 16 would cost a port that sends one message in twenty by it more than it gains.
    const LONGEST: u64 = 64;

    /// Is it long enough, and is there nothing else in the lane? Then what is read of it cannot lose its order in a recall.
    pub fn is_over(&self, producer: &Producer) -> bool {
        self.frames >= Self::LONGEST
            && self.end == producer.accepted()
            && producer.buffered() <= self.frames * FrameHeader::BYTES as u64
    }

    /// One more, sent behind `before` accepted bytes.
    pub fn add(&mut self, before: u64, producer: &Producer) {
        self.frames = if self.end == before {
            self.frames + 1
        } else {
            1
        };
        self.end = producer.accepted();
    }
}

impl Port {
    /// The direction whose reader may have posted buffers for what is sent here: not with a closed gate, when nobody reads
    /// the lane or not for long, and not where there are many readers.
    pub fn lands_in(&mut self) -> Option<(Arc<Channel>, Side)> {
        let has_reader = self.member.is_none() && self.channel.gate(self.side) == Gate::Open;
        has_reader.then(|| (Arc::clone(&self.channel), self.side))
    }

    /// The port is gone for good: its peer learns that nothing more will come. Returns whom to tell.
    pub fn close(self) -> Told {
        let Port {
            channel,
            side,
            half,
            worker,
            member,
            recalled,
            posted,
            ..
        } = self;
        if recalled {
            // The thread was killed in the middle of it.
            channel.end_recall(side, half);
            return 0;
        }
        channel.bell(side).detach();
        channel.shut_gate(1 - side);
        channel.drop_cargo(1 - side);
        channel.drop_doomed(side);
        // The frames first: what is in them need not be kept.
        drop((member, half));
        drop(posted);
        let told = channel.bell(1 - side).ring();
        if let Some(name) = worker {
            forget_worker(&name);
        }
        told
    }
}
