//! Core of threadport: lanes between JavaScript threads, queues in memory that they share, and the addon around them.
#[cfg(feature = "node")]
mod binding;
pub mod channel;
pub mod group;
pub mod landing;
pub mod lane;
pub mod layout;
pub mod ring;
#[cfg(not(loom))]
pub mod shapes;
pub mod slab;
mod sync;
pub mod wake;
