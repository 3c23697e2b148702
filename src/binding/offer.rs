//! Ports whose stock port is closed without anybody having closed it here: the peer is gone, or the port was
//! moved by what does not ask us. Only the peer can tell. If it is there it takes back what is in the lane and
//! posts it by the stock port, which went along; if it is not, the port is ours again.

use napi_derive::napi;

use super::env::EnvState;
use super::port::{Port, Run};
use super::ports::Binding;
use crate::channel::{Offer, PortRef, Reader};

impl EnvState {
    /// Stop waiting for what becomes of the port in `slot`.
    pub fn take_offer(&self, slot: u32) -> Option<PortRef> {
        let mut offered = self.offered.borrow_mut();
        let index = offered.iter().position(|&(of, _)| of == slot)?;
        Some(offered.swap_remove(index).1)
    }

    /// What has become of the port in `slot`. `None` if it was not offered or nothing is known yet; its slot is
    /// free if it was moved (true), and holds the port again if not (false).
    pub fn settle_offer(&self, slot: u32) -> Option<bool> {
        let outcome = {
            let offered = self.offered.borrow();
            let (_, port) = offered.iter().find(|&&(of, _)| of == slot)?;
            port.channel.bell(port.side).answer();
            port.channel.offer(port.side)
        };
        match outcome {
            Offer::Pending => None,
            Offer::Recalled => {
                let port = self.take_offer(slot)?;
                port.channel.bell(port.side).detach();
                // What is under way with its messages arrives as stock ports.
                port.channel.drop_cargo(1 - port.side);
                self.free.borrow_mut().push(slot);
                Some(true)
            }
            Offer::Refused(half) => {
                let port = self.take_offer(slot)?;
                let back = Port {
                    channel: port.channel.clone(),
                    side: port.side,
                    half,
                    worker: None,
                    member: None,
                    recalled: false,
                    posted: None,
                    carriers: Run::default(),
                };
                *self.ports.borrow_mut().get_mut(slot as usize)? = Some(back);
                Some(false)
            }
        }
    }
}

#[napi]
impl Binding {
    /// The port in `slot` is closed and nobody here has closed it: leave what is in its lane to the peer. `take`
    /// tells what comes of it (EVENT_MOVED, EVENT_REFUSED).
    #[napi]
    pub fn offer(&self, slot: u32) {
        // The answer comes by the bell.
        if self.state.is_watched(slot) {
            self.state.unwatch();
        }
        let port = self
            .state
            .ports
            .borrow_mut()
            .get_mut(slot as usize)
            .and_then(Option::take);
        let Some(port) = port else { return };
        let Port {
            channel,
            side,
            half,
            posted,
            ..
        } = port;
        drop(posted);
        channel.drop_doomed(side);
        channel.park(side, half, Reader::None);
        let port = PortRef { channel, side };
        // The peer may have gone before it could be asked.
        port.channel.bell(side).ring();
        self.state.offered.borrow_mut().push((slot, port));
    }
}
