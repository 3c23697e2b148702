//! Ports that leave and arrive.

use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use napi::bindgen_prelude::Int32ArraySlice;
use napi::{Env, Result};
use napi_derive::napi;

use super::env::EnvState;
use super::layout::{KIND_CARRIER, KIND_FLAGS, KIND_STOCK, KIND_VALUE};
use super::port::{Port, Run};
use super::ports::{Binding, invalid};
use crate::channel::{Baggage, Channel, Gate, Half, PortRef, Reader, Side, UnderWay, WorkerName};

/// What JS knows by a number, until it is taken.
pub struct Numbered<T> {
    items: Vec<Option<T>>,
    free: Vec<u32>,
}

impl<T> Default for Numbered<T> {
    fn default() -> Self {
        Self {
            items: Vec::new(),
            free: Vec::new(),
        }
    }
}

impl<T> Numbered<T> {
    fn insert(&mut self, item: T) -> u32 {
        let number = self.free.pop().unwrap_or_else(|| {
            self.items.push(None);
            self.items.len() as u32 - 1
        });
        self.items[number as usize] = Some(item);
        number
    }

    fn take(&mut self, number: usize) -> Option<T> {
        let item = self.items.get_mut(number)?.take()?;
        self.free.push(number as u32);
        Some(item)
    }
}

/// Only who uses the binding without the package's JavaScript leaves one unfinished.
const LONGEST_RECALL: Duration = Duration::from_secs(10);

impl EnvState {
    /// Take a port off this thread. Bits 0 and 1 of `modes`: who reads its lane next (0 nobody, 1 hoped, 2 known), which decides
    /// whether the peer is asked to take back what is there. The other bits travel along. Returns a ticket.
    pub fn detach(&self, slot: u32, modes: u32) -> Option<u32> {
        let Port {
            channel,
            side,
            mut half,
            posted,
            ..
        } = self.remove(slot)?;
        // The next reader cannot use the memory of this thread.
        drop(posted);
        drop(channel.take_under_way(side));
        half.baggage.modes = modes >> 2;
        let reader = match modes & 3 {
            2 => Reader::Known,
            1 if is_mixed(&mut half) => Reader::Hoped,
            _ => Reader::None,
        };
        channel.park(side, half, reader);
        if reader == Reader::Hoped {
            self.hopes.borrow_mut().push(Hope {
                channel: Arc::downgrade(&channel),
                side,
                is_old: false,
            });
        }
        Some(self.ticket(PortRef { channel, side }))
    }

    /// Those who have hoped since the last call hope no longer. Returns how many still do.
    pub fn give_up_old(&self) -> usize {
        let mut hopes = self.hopes.borrow_mut();
        hopes.retain_mut(|hope| {
            if hope.is_old {
                hope.give_up();
            }
            hope.is_old = true;
            let channel = hope.channel.upgrade();
            channel.is_some_and(|channel| channel.hopes(hope.side))
        });
        hopes.len()
    }

    fn ticket(&self, port: PortRef) -> u32 {
        self.transit.borrow_mut().insert(port)
    }

    fn under_way(&self, number: u32) -> Option<UnderWay> {
        self.under_way.borrow_mut().take(number as usize)
    }

    /// The port of a ticket; none for -1.
    pub fn redeem(&self, ticket: f64) -> Option<PortRef> {
        // Nor one that is no number.
        if ticket.is_nan() || ticket < 0.0 {
            return None;
        }
        self.transit.borrow_mut().take(ticket as usize)
    }

    /// The ports that stock message `index` brought to the port in `slot` are attached to this thread. Returns how many
    /// came; three numbers of each are left in `unloaded`: its slot (-1: not ours) and its baggage.
    pub fn unload(&self, slot: u32, index: f64) -> f64 {
        let ports = self
            .with_port(slot, |port| port.channel.unload(1 - port.side, index))
            .flatten()
            .unwrap_or_default();
        let arrive = |port: Option<PortRef>| {
            let port = port?;
            let (slot, baggage) = self.attach_parked(&port)?;
            Some(baggage.numbers(slot))
        };
        let count = ports.len();
        let arrivals = ports
            .into_iter()
            .flat_map(|port| arrive(port).unwrap_or([-1.0, 0.0, 0.0]))
            .collect();
        self.unloaded.replace(arrivals);
        count as f64
    }

    /// The port of a ticket travels with the one in `slot`.
    pub fn keep_held(&self, slot: u32, ticket: f64) {
        let held = self.redeem(ticket);
        let before = self.with_port(slot, |port| std::mem::replace(&mut port.half.held, held));
        // Outside the loan of the table.
        drop(before);
    }

    /// What travelled with the port in `slot` gets a slot of its own.
    pub fn take_held(&self, slot: u32) -> Option<u32> {
        let held = self
            .with_port(slot, |port| port.half.held.take())
            .flatten()?;
        self.attach_parked(&held).map(|(slot, _)| slot)
    }

    /// Is the half of `port` in this thread for a recall?
    fn recalls(&self, port: &PortRef) -> bool {
        let ports = self.ports.borrow();
        ports.iter().flatten().any(|other| {
            other.recalled && other.side == port.side && Arc::ptr_eq(&other.channel, &port.channel)
        })
    }

    /// A port gets a slot; its baggage is that of its last `detach`.
    pub fn attach_port(
        &self,
        channel: &Arc<Channel>,
        side: usize,
        worker: Option<WorkerName>,
    ) -> Option<(u32, Baggage)> {
        let half = channel.claim(side)?;
        let baggage = half.baggage;
        let slot = self.insert(Port {
            channel: Arc::clone(channel),
            side,
            half,
            worker,
            member: None,
            recalled: false,
            posted: None,
            carriers: Run::default(),
        });
        Some((slot, baggage))
    }

    /// The same for a port that was parked. Its peer may be in the middle of a recall, in its own thread, where it runs nothing of
    /// the user's: that is waited for.
    fn attach_parked(&self, port: &PortRef) -> Option<(u32, Baggage)> {
        let end = Instant::now() + LONGEST_RECALL;
        loop {
            let attached = self.attach_port(&port.channel, port.side, None);
            let is_recalled =
                attached.is_none() && !port.channel.is_adopted(port.side) && !self.recalls(port);
            if !is_recalled || Instant::now() > end {
                return attached;
            }
            std::thread::yield_now();
        }
    }

    /// The slot of the peer of the port in `slot`, if it is in this very thread; else -1. If it is, the
    /// gates of both are closed.
    pub fn meet_peer(&self, slot: u32) -> i32 {
        let met = self.with_port(slot, |port| {
            let peer = port.channel.bell(1 - port.side).slot_in(&self.reactor)?;
            port.channel.set_gate(0, Gate::Closed);
            port.channel.set_gate(1, Gate::Closed);
            Some(peer)
        });
        met.flatten().map_or(-1, u32::cast_signed)
    }
}

/// A port that has left this thread for one which may load the package yet, with messages that would lose their order in a recall.
pub struct Hope {
    channel: Weak<Channel>,
    side: Side,
    is_old: bool,
}

impl Hope {
    pub fn give_up(&self) {
        if let Some(channel) = self.channel.upgrade() {
            channel.give_up(self.side);
        }
    }
}

/// Would a recall change the order of what `half` has not read? A message whose frame only keeps its place is in the queue of the stock port
/// already: one that is ahead of it in the lane, or was held here, would come behind it.
fn is_mixed(half: &mut Half) -> bool {
    if half.held.is_some() {
        return true;
    }
    let (mut has_value, mut is_mixed) = (false, false);
    half.consumer.peek(|frame| {
        match frame.header.kind & !KIND_FLAGS {
            KIND_VALUE => has_value = true,
            KIND_CARRIER | KIND_STOCK => is_mixed = has_value,
            _ => {}
        }
        !is_mixed
    });
    is_mixed
}

impl Port {
    /// The gate for a port that uses its lane. What was there before the gate was closed is still under way, and could only
    /// be taken back behind what goes by the stock port.
    pub fn lane_gate(&self) -> Gate {
        match self.channel.gate(self.side) {
            Gate::Closed if self.half.producer.buffered() > 0 => Gate::Open,
            gate => gate,
        }
    }
}

impl Baggage {
    /// As `unloaded` keeps them.
    fn numbers(self, slot: u32) -> [f64; 3] {
        [f64::from(slot), self.received, f64::from(self.modes)]
    }
}

#[napi]
impl Binding {
    /// Undo a detach. Returns 16 times a slot, plus the modes: whoever is cut short after this call has one number, or none.
    #[napi]
    pub fn reattach(&self, ticket: u32) -> Result<u32> {
        let port = self.state.redeem(f64::from(ticket));
        let port = port.ok_or_else(|| invalid("ticket"))?;
        let attached = self.state.attach_parked(&port);
        let (slot, baggage) = attached.ok_or_else(|| invalid("port"))?;
        Ok(slot * 16 + baggage.modes)
    }

    /// What the posts carry that the port in `slot` has begun; to be called ahead of its detach. Returns a number for one of the next two
    /// calls, or -1.
    #[napi]
    pub fn take_under_way(&self, slot: u32) -> i32 {
        let taken = self
            .state
            .with_port(slot, |port| port.channel.take_under_way(port.side));
        let Some(taken) = taken.filter(|taken| !taken.is_empty()) else {
            return -1;
        };
        self.state
            .under_way
            .borrow_mut()
            .insert(taken)
            .cast_signed()
    }

    /// The port is in `slot`: its transfer has failed.
    #[napi]
    pub fn put_back_under_way(&self, slot: u32, number: u32) {
        let Some(taken) = self.state.under_way(number) else {
            return;
        };
        self.state
            .with_port(slot, |port| port.channel.put_back(port.side, taken));
    }

    /// The port is gone.
    #[napi]
    pub fn drop_under_way(&self, number: u32) {
        drop(self.state.under_way(number));
    }

    /// Take the cargo of message `index` back: its post threw. Returns fresh tickets.
    #[napi]
    pub fn unload_last<'a>(
        &self,
        env: &'a Env,
        slot: u32,
        index: f64,
    ) -> Result<Int32ArraySlice<'a>> {
        let ports = self
            .state
            .with_port(slot, |port| port.channel.unload_last(port.side, index))
            .flatten();
        let ports = ports.unwrap_or_default().into_iter();
        let tickets: Vec<i32> = ports
            .map(|port| port.map_or(-1, |port| self.state.ticket(port).cast_signed()))
            .collect();
        // A copy: some hosts allow no memory of ours in their buffers.
        Int32ArraySlice::copy_from(env, tickets)
    }

    /// A text that nobody outside this process can know.
    #[napi(getter)]
    pub fn barrier(&self) -> String {
        crate::channel::barrier()
    }
}
