//! Only under `--cfg faults` (`npm run faults`).

use napi_derive::napi;

/// See `slab::fail`.
#[napi]
pub fn fail_allocations(before: u32, failures: u32) -> u32 {
    crate::slab::fail(before, failures)
}
