//! Where other programs compute, a thread that spins pays for it: it offers its core to who may owe it the news, and gets it back
//! milliseconds later. One that sleeps is given a core as soon as it is woken. So after such a loss the next spins are left out,
//! and more of them after each loss that follows soon.

use std::time::Duration;

/// Nobody whose news is worth a spin takes so much longer than the spin was to be: somebody else had the core.
pub const LOST: Duration = Duration::from_millis(1);

/// Spins that are left out after a first loss.
const FIRST: u32 = 32;
/// How often that is doubled.
const MOST_DOUBLINGS: u32 = 6;
/// Spins without a loss after which all is forgotten.
const CALM: u32 = 256;

/// What one thread has learnt of it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rest {
    /// Spins to leave out.
    left: u32,
    doublings: u32,
    /// Spins without a loss until all is forgotten.
    calm: u32,
}

impl Rest {
    /// Is the next spin to be left out?
    pub fn is_due(&self) -> bool {
        self.left > 0
    }

    /// One was.
    pub fn pass(&mut self) {
        self.left = self.left.saturating_sub(1);
    }

    /// One lost the core.
    pub fn on_lost(&mut self) {
        self.left = FIRST << self.doublings;
        self.doublings = (self.doublings + 1).min(MOST_DOUBLINGS);
        self.calm = CALM;
    }

    /// One did not.
    pub fn on_kept(&mut self) {
        self.calm = self.calm.saturating_sub(1);
        if self.calm == 0 {
            self.doublings = 0;
        }
    }
}
