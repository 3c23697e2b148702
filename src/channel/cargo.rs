//! Ports that travel with the stock messages of a channel.

use std::collections::VecDeque;

use super::{Channel, PortRef, Side};
use crate::sync::{Arc, Ordering, lock};

/// Ports that stock message number `index` of a direction carries, in the order of its transfer list.
pub(super) struct Cargo {
    index: f64,
    /// Posts from this side that were under way when it was loaded: a getter may post while a value is cloned.
    depth: u64,
    ports: Vec<Option<PortRef>>,
}

/// What the posts carry that a port has begun and not ended.
pub struct UnderWay(VecDeque<Cargo>);

impl UnderWay {
    /// Do they carry nothing?
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Channel {
    /// The post that begins inside of others takes their number (`by` = 1), or fails and gives it back (-1).
    pub(super) fn renumber_outer(&self, side: Side, begun: u64, by: f64) {
        // SeqCst: S2; only this thread writes it.
        let ended = self.directions[side].sent_end.load(Ordering::SeqCst);
        // An era may have begun inside of a post.
        let depth = begun.saturating_sub(ended);
        if depth == 0 {
            return;
        }
        let is_outer = |cargo: &&mut Cargo| cargo.depth < depth && cargo.index >= ended as f64;
        let mut cargo = lock(&self.directions[side].cargo);
        for outer in cargo.iter_mut().filter(is_outer) {
            outer.index += by;
        }
    }

    /// Stock message `index` from `side` carries these ports.
    pub fn load_cargo(&self, side: Side, index: f64, ports: Vec<Option<PortRef>>) {
        let (begun, ended) = self.stock_counts(side);
        let depth = begun.saturating_sub(ended);
        let mut cargo = lock(&self.directions[side].cargo);
        // The cargo of the posts around this one belongs to later messages.
        let place = cargo.partition_point(|earlier| earlier.index < index);
        let entry = Cargo {
            index,
            depth,
            ports,
        };
        cargo.insert(place, entry);
    }

    /// Take the cargo of message `index` back: its post threw.
    pub fn unload_last(&self, side: Side, index: f64) -> Option<Vec<Option<PortRef>>> {
        let mut cargo = lock(&self.directions[side].cargo);
        let place = cargo.partition_point(|earlier| earlier.index < index);
        if cargo.get(place)?.index != index {
            return None;
        }
        cargo.remove(place).map(|entry| entry.ports)
    }

    /// The ports of stock message `index` from `side`; older entries that nobody asked for are dropped.
    pub fn unload(&self, side: Side, index: f64) -> Option<Vec<Option<PortRef>>> {
        let mut cargo = lock(&self.directions[side].cargo);
        let older = cargo.partition_point(|entry| entry.index < index);
        let dropped: VecDeque<_> = cargo.drain(..older).collect();
        let is_next = cargo.front().is_some_and(|first| first.index == index);
        let found = if is_next { cargo.pop_front() } else { None };
        drop(cargo);
        // Outside the lock: the ports tell their peers.
        drop(dropped);
        found.map(|entry| entry.ports)
    }

    /// The ports that travel with what `side` has posted give up hope.
    pub(super) fn give_up_cargo(&self, side: Side) {
        let cargo = lock(&self.directions[side].cargo);
        let ports = cargo.iter().flat_map(|entry| entry.ports.iter().flatten());
        let ports: Vec<_> = ports
            .map(|port| (Arc::clone(&port.channel), port.side))
            .collect();
        // Outside the lock: these take another.
        drop(cargo);
        for (channel, side) in ports {
            channel.give_up(side);
        }
    }

    /// Nobody will unload what `side` has loaded. A message that is being posted keeps its own: the post may fail yet.
    pub fn drop_cargo(&self, side: Side) {
        let mut cargo = lock(&self.directions[side].cargo);
        let posted = self.posted(side, &cargo);
        let under_way = cargo.split_off(posted);
        let dropped = std::mem::replace(&mut *cargo, under_way);
        drop(cargo);
        // Outside the lock: the ports tell their peers.
        drop(dropped);
    }

    /// The port of `side` leaves in the middle of its posts: their messages are lost, unless it comes back. To be dropped outside of
    /// all locks: the ports tell their peers.
    pub fn take_under_way(&self, side: Side) -> UnderWay {
        let mut cargo = lock(&self.directions[side].cargo);
        let posted = self.posted(side, &cargo);
        UnderWay(cargo.split_off(posted))
    }

    /// The port of `side` has come back from where it was to go.
    pub fn put_back(&self, side: Side, under_way: UnderWay) {
        lock(&self.directions[side].cargo).extend(under_way.0);
    }

    /// How many entries belong to messages that have been posted.
    fn posted(&self, side: Side, cargo: &VecDeque<Cargo>) -> usize {
        let (_, ended) = self.stock_counts(side);
        cargo.partition_point(|entry| entry.index < ended as f64)
    }

    /// Drop the cargo of messages from `side` that carry the other end of this very channel: Node drops them.
    pub fn drop_doomed(&self, side: Side) {
        let is_own = |port: &PortRef| std::ptr::eq(Arc::as_ptr(&port.channel), self);
        let mut cargo = lock(&self.directions[side].cargo);
        let is_doomed = |entry: &Cargo| entry.ports.iter().flatten().any(is_own);
        let all = std::mem::take(&mut *cargo);
        let (doomed, kept): (VecDeque<_>, VecDeque<_>) = all.into_iter().partition(is_doomed);
        *cargo = kept;
        drop(cargo);
        drop(doomed);
    }

    /// Is there cargo from `side` that was not unloaded, of a message with a number below `until`?
    pub fn has_cargo(&self, side: Side, until: f64) -> bool {
        let cargo = lock(&self.directions[side].cargo);
        cargo.front().is_some_and(|first| first.index < until)
    }
}
