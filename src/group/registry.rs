//! The groups of the process by name, and whether they may be native at all.
//!
//! A stock member of the same name that is not ours sees what is posted on stock ports only, and nobody can see that it is
//! there. So groups are native only while the process is *covered*: every thread was told to be clean
//! ([`Groups::cover`], [`Groups::thread_clean`]), which its owner does when no code of the program has run in it yet and each
//! broadcast channel that is made there from then on joins here. A thread that was started and has not said so makes the
//! process uncovered until it does; if it ends without, it may have posted what nobody has counted.

use std::collections::{HashMap, HashSet};

use super::{Entry, Group, Member, Members};
use crate::channel::Channel;
use crate::sync::{Arc, Mutex, lock};

/// Threads by their ids in Node.
#[derive(Default)]
struct Threads {
    /// The first one is clean.
    wanted: bool,
    /// Never again.
    ruined: bool,
    /// Not known to be clean.
    pending: HashSet<u64>,
    clean: HashSet<u64>,
}

impl Threads {
    fn covered(&self) -> bool {
        self.wanted && !self.ruined && self.pending.is_empty()
    }
}

#[derive(Default)]
struct Table {
    groups: HashMap<String, Arc<Group>>,
    threads: Threads,
}

impl Table {
    /// After a change to `threads`.
    fn tell(&self) {
        let covered = self.threads.covered();
        for group in self.groups.values() {
            let mut members = lock(&group.members);
            members.covered = covered;
            if !covered {
                members.leave_native();
            }
        }
    }
}

/// All groups of the process. Lock order: table, then group.
pub struct Groups {
    table: Mutex<Table>,
}

impl Groups {
    /// No groups, nothing covered.
    pub fn new() -> Arc<Groups> {
        Arc::new(Groups {
            table: Mutex::new(Table::default()),
        })
    }

    fn threads(&self, change: impl FnOnce(&mut Threads)) {
        let mut table = lock(&self.table);
        let before = table.threads.covered();
        change(&mut table.threads);
        if before != table.threads.covered() {
            table.tell();
        }
    }

    /// The first thread is clean.
    pub fn cover(&self) {
        self.threads(|threads| threads.wanted = true);
    }

    /// Members that do not join may come into being from now on.
    pub fn uncover(&self) {
        self.threads(|threads| threads.ruined = true);
    }

    /// A thread is about to be started, or was.
    pub fn thread_seen(&self, id: u64) {
        self.threads(|threads| {
            if !threads.clean.contains(&id) {
                threads.pending.insert(id);
            }
        });
    }

    /// It was not started after all.
    pub fn thread_failed(&self, id: u64) {
        self.threads(|threads| {
            threads.pending.remove(&id);
        });
    }

    /// This thread is clean.
    pub fn thread_clean(&self, id: u64) {
        self.threads(|threads| {
            threads.pending.remove(&id);
            threads.clean.insert(id);
        });
    }

    /// This thread has ended.
    pub fn thread_gone(&self, id: u64) {
        let mut table = lock(&self.table);
        table.threads.clean.remove(&id);
        if !table.threads.pending.remove(&id) {
            return;
        }
        for group in table.groups.values() {
            lock(&group.members).pinned = true;
        }
        table.tell();
    }

    /// A member is about to be: to be called before its stock port is made.
    pub fn ticket(groups: &Arc<Groups>, name: &str) -> Ticket {
        let mut table = lock(&groups.table);
        let covered = table.threads.covered();
        let group = table.groups.entry(name.to_owned()).or_insert_with(|| {
            Arc::new(Group {
                name: name.to_owned(),
                members: Mutex::new(Members {
                    covered,
                    native: covered,
                    ..Members::default()
                }),
            })
        });
        let group = Arc::clone(group);
        let mut members = lock(&group.members);
        members.joining += 1;
        let begun = (members.posting == 0).then_some(members.begun);
        drop(members);
        Ticket {
            groups: Arc::clone(groups),
            group,
            begun,
        }
    }

    /// `group` has lost somebody: it goes with the last one.
    pub(super) fn forget(&self, group: &Group) {
        let mut table = lock(&self.table);
        // A group that is over is gone from the table; there may be a new one of its name.
        let known = table.groups.get(&group.name);
        if known.is_some_and(|known| lock(&known.members).is_over()) {
            table.groups.remove(&group.name);
        }
    }
}

/// For a member that has not joined yet, see G3; dropped when it has, or never will.
pub struct Ticket {
    groups: Arc<Groups>,
    group: Arc<Group>,
    /// Stock posts begun before its stock port was made; none if one was under way.
    begun: Option<u64>,
}

impl Ticket {
    /// The member, now that its stock port is there. Its inbox is side 0 of the channel.
    pub fn join(self) -> (Member, Arc<Channel>) {
        let (channel, producer) = Channel::inbox();
        let mut members = lock(&self.group.members);
        let id = members.next_id;
        members.next_id += 1;
        let entry = Entry {
            id,
            producer,
            channel: Arc::clone(&channel),
            base: members.sent,
            own: 0,
            posting: 0,
            exact: self.begun == Some(members.begun),
        };
        members.entries.push(entry);
        let began_native = members.native;
        drop(members);
        let member = Member {
            groups: Arc::clone(&self.groups),
            group: Arc::clone(&self.group),
            id,
            began_native,
        };
        (member, channel)
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        lock(&self.group.members).joining -= 1;
        self.groups.forget(&self.group);
    }
}

/// The one of this process.
#[cfg(not(loom))]
pub fn groups() -> &'static Arc<Groups> {
    static GROUPS: crate::sync::process::OnceLock<Arc<Groups>> =
        crate::sync::process::OnceLock::new();
    GROUPS.get_or_init(Groups::new)
}
