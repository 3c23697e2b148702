//! Channels between a `Worker` and its parent, found by a key that the parent makes for each and gives to that worker only.
//!
//! Either side may come first. An entry lives until the parent's side or the worker's thread is
//! gone ([`forget_worker`]); nobody else can name a channel.

use std::collections::HashMap;
use std::sync::OnceLock;

use super::Channel;
use crate::sync::{Arc, AtomicBool, Mutex, Ordering, lock};

/// The key, and the thread: what a worker is given passes on to workers that it starts without the package.
pub type WorkerName = (String, u64);

type Workers = Mutex<HashMap<WorkerName, Arc<Channel>>>;

fn workers() -> &'static Workers {
    static WORKERS: OnceLock<Workers> = OnceLock::new();
    WORKERS.get_or_init(|| Mutex::new(HashMap::new()))
}

/// The channel of this worker: made by whichever side asks first.
pub fn worker_channel(name: &WorkerName) -> Arc<Channel> {
    lock(workers())
        .entry(name.clone())
        .or_insert_with(Channel::new)
        .clone()
}

/// One of the pair is gone.
pub fn forget_worker(name: &WorkerName) {
    lock(workers()).remove(name);
}

/// Have queues been sent otherwise than by a channel: in what a worker is given when it is made?
static QUEUES_IN_DATA: AtomicBool = AtomicBool::new(false);

/// To be called before the worker's thread starts.
pub fn note_queues_in_data() {
    // Relaxed: the start of the thread publishes it.
    QUEUES_IN_DATA.store(true, Ordering::Relaxed);
}

/// May the data of this worker bring queues?
pub fn may_data_bring_queues() -> bool {
    // Relaxed: as above.
    QUEUES_IN_DATA.load(Ordering::Relaxed)
}

/// A text that nobody can guess.
pub fn secret() -> String {
    // RandomState is seeded from the system's randomness.
    let random = || std::hash::BuildHasher::hash_one(&std::hash::RandomState::new(), 0);
    format!("threadport:{:016x}{:016x}", random(), random())
}

/// A text that is the same in all threads of this process and that nobody outside can know.
pub fn barrier() -> String {
    static BARRIER: OnceLock<String> = OnceLock::new();
    BARRIER.get_or_init(secret).clone()
}
