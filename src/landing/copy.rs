//! A copy that leaves the caches alone.

use std::ptr::NonNull;

/// Copies `source` to memory that no cache holds and that the caller will not read soon. An ordinary copy would
/// first load each line that it overwrites.
///
/// # Safety
///
/// `target` is valid for writes of as many bytes, which nobody else accesses.
#[cfg(all(target_arch = "x86_64", not(miri)))]
pub unsafe fn to_cold_memory(target: NonNull<u8>, source: &[u8]) {
    use std::arch::x86_64::{__m128i, _mm_loadu_si128, _mm_sfence, _mm_stream_si128};

    /// Bytes of a line of the cache; lines must be written whole.
    const LINE: usize = 64;
    const PARTS: usize = LINE / size_of::<__m128i>();

    let head = target.as_ptr().align_offset(LINE).min(source.len());
    let (before, rest) = source.split_at(head);
    let (lines, after) = rest.as_chunks::<LINE>();
    // SAFETY: the three parts lie one behind the other in the caller's area, the lines at a multiple of their size.
    // SSE2 is part of x86-64. The fence orders the streamed lines before whatever the caller publishes.
    unsafe {
        let mut to = target.as_ptr();
        to.copy_from_nonoverlapping(before.as_ptr(), before.len());
        to = to.add(before.len());
        for line in lines {
            let from = line.as_ptr().cast::<__m128i>();
            let parts: [__m128i; PARTS] =
                std::array::from_fn(|part| _mm_loadu_si128(from.add(part)));
            for (part, value) in parts.into_iter().enumerate() {
                _mm_stream_si128(to.cast::<__m128i>().add(part), value);
            }
            to = to.add(LINE);
        }
        to.copy_from_nonoverlapping(after.as_ptr(), after.len());
        _mm_sfence();
    }
}

/// Copies `source` to `target`.
///
/// # Safety
///
/// `target` is valid for writes of as many bytes, which nobody else accesses.
#[cfg(any(not(target_arch = "x86_64"), miri))]
pub unsafe fn to_cold_memory(target: NonNull<u8>, source: &[u8]) {
    // SAFETY: the caller's clause.
    unsafe { target.copy_from_nonoverlapping(NonNull::from(source).cast(), source.len()) };
}
