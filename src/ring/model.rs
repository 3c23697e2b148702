//! Stands for `memory.rs` under loom, whose atomics cannot lie over raw memory: a header and granules of its own. Each
//! granule is an atomic, since the first one of a record may be read while another record is written there, and has a
//! shadow, so that two accesses to a payload that are not ordered are a failure.

#![forbid(unsafe_code)]

use crate::layout::{GRANULE, Header};
use crate::sync::{AtomicU64, Ordering, Shadow};

pub(super) struct Memory {
    header: Header,
    granules: Vec<AtomicU64>,
    shadow: Shadow,
}

impl Memory {
    pub(super) fn model(capacity: usize) -> Memory {
        Memory {
            header: Header::model(capacity as u32),
            granules: (0..capacity / GRANULE).map(|_| AtomicU64::new(0)).collect(),
            shadow: Shadow::new(capacity),
        }
    }

    pub(super) fn header(&self) -> &Header {
        &self.header
    }

    pub(super) fn capacity(&self) -> usize {
        self.granules.len() * GRANULE
    }

    pub(super) fn granule(&self, position: u32) -> &AtomicU64 {
        &self.granules[self.index(position, 0)]
    }

    /// Models write whole granules.
    pub(super) fn write(&self, position: u32, offset: usize, bytes: &[u8]) {
        for (n, granule) in bytes.as_chunks::<GRANULE>().0.iter().enumerate() {
            let index = self.index(position, offset + n * GRANULE);
            self.shadow.write(index * GRANULE..(index + 1) * GRANULE);
            self.granules[index].store(u64::from_ne_bytes(*granule), Ordering::Relaxed);
        }
    }

    pub(super) fn read(&self, position: u32, offset: usize, bytes: &mut [u8]) {
        for (n, granule) in bytes.as_chunks_mut::<GRANULE>().0.iter_mut().enumerate() {
            let index = self.index(position, offset + n * GRANULE);
            self.shadow.read(index * GRANULE..(index + 1) * GRANULE);
            *granule = self.granules[index].load(Ordering::Relaxed).to_ne_bytes();
        }
    }

    fn index(&self, position: u32, offset: usize) -> usize {
        (position as usize + offset / GRANULE) & (self.granules.len() - 1)
    }
}
