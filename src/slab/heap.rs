//! How much freed memory the C library keeps.

use std::alloc::{GlobalAlloc, Layout, System};

use crate::sync::process::OnceLock;

/// glibc keeps twice this at the top of each heap from then on. V8 frees received buffers 32 MiB at a time.
const FREED: usize = 16 << 20;

static DONE: OnceLock<()> = OnceLock::new();

/// To be called where large buffers are received. glibc gives free memory at the top of a heap back to the system,
/// from 128 KiB on, so after each garbage collection messages would land on fresh pages, at several times the price
/// of the copy. It keeps twice the largest block that the program has ever freed (`M_MMAP_THRESHOLD` in mallopt(3)),
/// unless the user has set a limit: so one is freed. Its pages are never touched, and other allocators do not mind.
pub fn expect_large_buffers() {
    DONE.get_or_init(|| {
        let Ok(layout) = Layout::from_size_align(FREED, 16) else {
            return;
        };
        // SAFETY: the layout has a size; what was allocated with it is freed with it.
        unsafe {
            // Hidden from the compiler, which may leave out what is freed at once.
            let block = std::hint::black_box(System.alloc(layout));
            if !block.is_null() {
                System.dealloc(block, layout);
            }
        }
    });
}

/// glibc keeps free memory that has something else behind it, which after a flood is nearly all of it.
pub fn give_freed_memory_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: may be called at any time by any thread.
    unsafe {
        libc::malloc_trim(0)
    };
}
