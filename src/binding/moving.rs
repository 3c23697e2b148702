//! Ports that leave and arrive, and the numbers of stock messages.

use napi::Result;
use napi::bindgen_prelude::{Float64Array, Int32Array};
use napi_derive::napi;

use super::env::Port;
use super::ports::{Binding, invalid};
use crate::channel::{Baggage, PortRef};

#[napi]
impl Binding {
    /// Take a port off this thread. `adopted`: its next thread is known to read lanes; if not, the
    /// peer is asked to take back what is still in the lane. Returns a ticket.
    #[napi]
    pub fn detach(&self, slot: u32, received: f64, modes: u32, adopted: bool) -> Result<u32> {
        let Port {
            channel,
            side,
            mut half,
            ..
        } = self.state.remove(slot).ok_or_else(|| invalid("slot"))?;
        half.baggage = Baggage { received, modes };
        channel.park(side, half, adopted);
        Ok(self.ticket(PortRef { channel, side }))
    }

    fn ticket(&self, port: PortRef) -> u32 {
        let mut transit = self.state.transit.borrow_mut();
        let free = transit.iter().position(Option::is_none);
        let index = free.unwrap_or(transit.len());
        if free.is_none() {
            transit.push(None);
        }
        transit[index] = Some(port);
        index as u32
    }

    fn redeem(&self, ticket: u32) -> Option<PortRef> {
        self.state
            .transit
            .borrow_mut()
            .get_mut(ticket as usize)?
            .take()
    }

    /// Undo `detach`. Returns a slot.
    #[napi]
    pub fn reattach(&self, ticket: u32) -> Result<u32> {
        let port = self.redeem(ticket).ok_or_else(|| invalid("ticket"))?;
        Ok(self.attach(&port.channel, port.side, None)?.0)
    }

    /// Stock message `index` of the port in `slot` carries these ports (tickets; -1: not ours).
    #[napi]
    pub fn load_cargo(&self, slot: u32, index: f64, tickets: Vec<i32>) -> Result<()> {
        let ports = tickets
            .iter()
            .map(|&ticket| self.redeem(u32::try_from(ticket).ok()?))
            .collect();
        self.state
            .with_port(slot, |port| {
                port.channel.load_cargo(port.side, index, ports)
            })
            .ok_or_else(|| invalid("slot"))
    }

    /// Undo `load_cargo`: the post threw. Returns fresh tickets.
    #[napi]
    pub fn unload_last(&self, slot: u32, index: f64) -> Int32Array {
        let ports = self
            .state
            .with_port(slot, |port| port.channel.unload_last(port.side, index))
            .flatten();
        let ports = ports.unwrap_or_default().into_iter();
        let tickets: Vec<i32> = ports
            .map(|port| port.map_or(-1, |port| self.ticket(port).cast_signed()))
            .collect();
        tickets.into()
    }

    /// The ports that stock message `index` brought to the port in `slot`, attached to this thread:
    /// three numbers each, the slot (-1: not ours) and what `detach` was given. Null if it brought none.
    #[napi]
    pub fn unload(&self, slot: u32, index: f64) -> Option<Float64Array> {
        let ports = self
            .state
            .with_port(slot, |port| port.channel.unload(1 - port.side, index))??;
        let arrive = |port: Option<PortRef>| {
            let port = port?;
            let (slot, Baggage { received, modes }) =
                self.attach(&port.channel, port.side, None).ok()?;
            Some([f64::from(slot), received, f64::from(modes)])
        };
        let arrivals: Vec<f64> = ports
            .into_iter()
            .flat_map(|port| arrive(port).unwrap_or([-1.0, 0.0, 0.0]))
            .collect();
        Some(arrivals.into())
    }

    /// A text that nobody outside this process can know.
    #[napi(getter)]
    pub fn barrier(&self) -> String {
        crate::channel::barrier()
    }

    /// How many stock messages the port in `slot` has sent.
    #[napi]
    pub fn stock_sent(&self, slot: u32) -> f64 {
        self.state
            .with_port(slot, |port| port.channel.stock_counts(port.side).1 as f64)
            .unwrap_or(0.0)
    }

    /// Go on counting from `sent`.
    #[napi]
    pub fn set_stock_sent(&self, slot: u32, sent: f64) {
        self.state.with_port(slot, |port| {
            port.channel.set_stock_count(port.side, sent as u64)
        });
    }

    /// The peer's posts: number ended, or -1 while one is under way.
    #[napi]
    pub fn peer_stock_sent(&self, slot: u32) -> f64 {
        let counts = self
            .state
            .with_port(slot, |port| port.channel.stock_counts(1 - port.side));
        counts.map_or(
            -1.0,
            |(begun, ended)| if begun == ended { ended as f64 } else { -1.0 },
        )
    }
}
