//! Stands for `memory.rs` under loom, whose atomics cannot lie over raw memory: a header and granules of its own. Each
//! granule is an atomic, since the first one of a record may be read while another record is written there, and has a
//! shadow, so that two accesses to a payload that are not ordered are a failure.

#![forbid(unsafe_code)]

use crate::layout::{GRANULE, Header};
use crate::sync::{Arc, AtomicU64, Ordering, Shadow};

/// Shared by the attachments of a model.
#[derive(Clone)]
pub(super) struct Memory(Arc<Content>);

struct Content {
    header: Header,
    granules: Vec<AtomicU64>,
    shadow: Shadow,
}

impl Memory {
    pub(super) fn model(capacity: usize) -> Memory {
        Memory(Arc::new(Content {
            header: Header::model(capacity as u32),
            granules: (0..capacity / GRANULE).map(|_| AtomicU64::new(0)).collect(),
            shadow: Shadow::new(capacity),
        }))
    }

    pub(super) fn header(&self) -> &Header {
        &self.0.header
    }

    pub(super) fn capacity(&self) -> usize {
        self.0.granules.len() * GRANULE
    }

    pub(super) fn granule(&self, position: u32) -> &AtomicU64 {
        &self.0.granules[self.index(position, 0)]
    }

    /// Models write whole granules.
    pub(super) fn write(&self, position: u32, offset: usize, bytes: &[u8]) {
        for (n, granule) in bytes.as_chunks::<GRANULE>().0.iter().enumerate() {
            let index = self.index(position, offset + n * GRANULE);
            self.0.shadow.write(index * GRANULE..(index + 1) * GRANULE);
            self.0.granules[index].store(u64::from_ne_bytes(*granule), Ordering::Relaxed);
        }
    }

    pub(super) fn read(&self, position: u32, offset: usize, bytes: &mut [u8]) {
        for (n, granule) in bytes.as_chunks_mut::<GRANULE>().0.iter_mut().enumerate() {
            let index = self.index(position, offset + n * GRANULE);
            self.0.shadow.read(index * GRANULE..(index + 1) * GRANULE);
            *granule = self.0.granules[index].load(Ordering::Relaxed).to_ne_bytes();
        }
    }

    fn index(&self, position: u32, offset: usize) -> usize {
        (position as usize + offset / GRANULE) & (self.0.granules.len() - 1)
    }
}
