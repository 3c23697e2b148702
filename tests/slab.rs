//! Behaviour of the slab pool. One process-wide pool, hence tests that look at it hold a lock.
#![cfg(not(loom))]

use std::sync::{Mutex, MutexGuard, PoisonError};
use threadport::slab::{OutOfMemory, SlabBuf, SlabPool};

static ALONE: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// All blocks of the cache: while they are held there is room in it, whatever tests came before.
fn emptied(pool: &SlabPool) -> Vec<SlabBuf> {
    let mut held = Vec::new();
    for len in (14..=26).map(|bits| 1 << bits) {
        while pool.cached_bytes() > 0 {
            let before = pool.cached_bytes();
            held.push(pool.take(len).unwrap());
            if pool.cached_bytes() == before {
                break;
            }
        }
    }
    held
}

#[test]
fn a_buffer_has_exactly_the_length_asked_for() {
    let _alone = alone();
    for len in [0, 1, 100, 16 << 10, (16 << 10) + 1, 1 << 20, (64 << 20) + 1] {
        let mut buffer = SlabPool::global().take(len).unwrap();
        assert_eq!(buffer.len(), len);
        buffer.fill(0xA5);
        let bytes = buffer.freeze();
        assert_eq!(bytes.len(), len);
        assert!(bytes.iter().all(|&byte| byte == 0xA5));
    }
}

#[test]
fn a_block_comes_back_when_the_last_clone_is_dropped() {
    let _alone = alone();
    let pool = SlabPool::global();
    let others = emptied(pool);
    let len = 3 << 20;
    drop(pool.take(len).unwrap());
    let cached = pool.cached_bytes();
    let bytes = pool.take(len).unwrap().freeze();
    assert_eq!(pool.cached_bytes(), cached - (4 << 20));
    let part = bytes.slice(10..20);
    drop(bytes);
    assert_eq!(pool.cached_bytes(), cached - (4 << 20));
    std::thread::spawn(move || drop(part)).join().unwrap();
    assert_eq!(pool.cached_bytes(), cached);
    drop(others);
}

#[test]
fn the_same_memory_is_used_again() {
    let _alone = alone();
    let pool = SlabPool::global();
    let len = 100_000;
    let others = emptied(pool);
    let first = pool.take(len).unwrap();
    let address = first.as_ptr();
    drop(first);
    assert_eq!(pool.take(len).unwrap().as_ptr(), address);
    drop(others);
}

#[test]
fn the_cache_is_bounded() {
    let _alone = alone();
    let pool = SlabPool::global();
    for len in [1 << 20, 16 << 20, 64 << 20] {
        let many: Vec<_> = (0..6).map(|_| pool.take(len).unwrap()).collect();
        drop(many);
        assert!(pool.cached_bytes() <= SlabPool::MAX_CACHED);
    }
}

#[test]
fn what_is_used_now_takes_the_place_of_what_was_used_before() {
    let _alone = alone();
    let pool = SlabPool::global();
    let fill = |len: usize| {
        let many: Vec<_> = (0..SlabPool::MAX_CACHED / len)
            .map(|_| pool.take(len).unwrap())
            .collect();
        drop(many);
    };
    for len in [1 << 20, 2 << 20, 1 << 20, 64 << 10] {
        fill(len);
        let cached = pool.cached_bytes();
        let kept = pool.take(len).unwrap();
        assert_eq!(pool.cached_bytes(), cached - len);
        let many: Vec<_> = (1..SlabPool::MAX_CACHED / len)
            .map(|_| pool.take(len).unwrap())
            .collect();
        assert!(pool.cached_bytes() < len);
        drop((kept, many));
    }
}

#[test]
fn small_and_huge_blocks_are_not_kept() {
    let _alone = alone();
    let pool = SlabPool::global();
    let cached = pool.cached_bytes();
    drop(pool.take(100).unwrap());
    drop(pool.take((64 << 20) + 1).unwrap());
    assert_eq!(pool.cached_bytes(), cached);
}

#[test]
fn an_impossible_request_is_an_error() {
    let _alone = alone();
    for len in [usize::MAX, isize::MAX as usize, isize::MAX as usize - 4096] {
        assert_eq!(SlabPool::global().take(len).err(), Some(OutOfMemory));
    }
}

#[test]
fn threads_take_and_give_back_at_the_same_time() {
    let _alone = alone();
    std::thread::scope(|scope| {
        for thread in 0..4u8 {
            scope.spawn(move || {
                for round in 0..500 {
                    let mut buffer = SlabPool::global().take(20_000 + round * 100).unwrap();
                    buffer.fill(thread);
                    let bytes = buffer.freeze();
                    assert!(bytes.iter().all(|&byte| byte == thread));
                }
            });
        }
    });
    assert!(SlabPool::global().cached_bytes() <= SlabPool::MAX_CACHED);
}
