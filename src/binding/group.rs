//! Broadcast groups as seen from `lib/messaging/broadcast.ts`.

use napi_derive::napi;

use super::ports::Binding;
use crate::group::{Groups, groups};

/// Node's group is that of the C string of the name.
fn group_name(name: &str) -> &str {
    name.split_once('\0').map_or(name, |(start, _)| start)
}

#[napi]
impl Binding {
    /// Before the stock port of a member is made. A ticket that no member follows keeps its group from native inboxes until
    /// the next one, or the end of the thread.
    #[napi]
    pub fn group_ticket(&self, name: String) {
        let ticket = Groups::ticket(groups(), group_name(&name));
        self.state.ticket.replace(Some(ticket));
    }

    /// The member that the ticket is for, now that its stock port is there.
    #[napi]
    pub fn join_group(&self) -> Option<u32> {
        let (member, inbox) = self.state.ticket.take()?.join();
        let (slot, _) = self.state.attach_port(&inbox, 0, None)?;
        self.state
            .with_port(slot, |port| port.member = Some(member));
        Some(slot)
    }

    /// No code of the program has run in this, the first thread, and all broadcast channels made here join.
    #[napi]
    pub fn cover(&self) {
        groups().cover();
    }

    /// From now on there may be broadcast channels that do not join.
    #[napi]
    pub fn uncover(&self) {
        groups().uncover();
    }

    /// A worker is about to be started, or was.
    #[napi]
    pub fn thread_seen(&self, id: f64) {
        groups().thread_seen(id as u64);
    }

    /// It was not started after all.
    #[napi]
    pub fn thread_failed(&self, id: f64) {
        groups().thread_failed(id as u64);
    }

    /// `cover` for the thread of a worker.
    #[napi]
    pub fn thread_clean(&self, id: f64) {
        groups().thread_clean(id as u64);
    }

    /// A worker has ended.
    #[napi]
    pub fn thread_gone(&self, id: f64) {
        groups().thread_gone(id as u64);
    }
}
