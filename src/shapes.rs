//! Process-wide table of object shapes: lists of property keys, named by small numbers.
//!
//! The table only grows and is bounded, so a number stays valid in every thread for the life of the
//! process and nothing about a port has to be renegotiated when it moves. Keys are UTF-16, because a
//! JS key may hold lone surrogates. Each thread caches what it has seen; the lock is not on the path
//! of a message.

use std::collections::HashMap;
use std::sync::OnceLock;

use crate::sync::{Arc, Mutex, lock};

/// A property key in UTF-16 units.
pub type Key = Vec<u16>;

/// Most shapes the table takes.
pub const MAX_SHAPES: usize = 4096;
/// Most keys a shape may have.
pub const MAX_KEYS: usize = 64;
/// Longest total of a shape's keys, in UTF-16 units.
pub const MAX_UNITS: usize = 4096;

#[derive(Default)]
struct Table {
    ids: HashMap<Arc<[Key]>, u32>,
    shapes: Vec<Arc<[Key]>>,
}

fn table() -> &'static Mutex<Table> {
    static TABLE: OnceLock<Mutex<Table>> = OnceLock::new();
    TABLE.get_or_init(|| Mutex::new(Table::default()))
}

/// The number of this list of keys; `None` if it is new and there is no room for it.
pub fn register(keys: Vec<Key>) -> Option<u32> {
    if keys.len() > MAX_KEYS || keys.iter().map(Vec::len).sum::<usize>() > MAX_UNITS {
        return None;
    }
    let mut table = lock(table());
    if let Some(&id) = table.ids.get(keys.as_slice()) {
        return Some(id);
    }
    if table.shapes.len() >= MAX_SHAPES {
        return None;
    }
    let id = u32::try_from(table.shapes.len()).ok()?;
    let shape: Arc<[Key]> = keys.into();
    table.shapes.push(Arc::clone(&shape));
    table.ids.insert(shape, id);
    Some(id)
}

/// The keys of a shape.
pub fn lookup(id: u32) -> Option<Arc<[Key]>> {
    lock(table()).shapes.get(id as usize).cloned()
}
