//! Buffers that a reader posts ahead.
#![cfg(not(loom))]

use std::ptr::NonNull;
use std::sync::Arc;

use threadport::landing::{Attachment, Landing, Landings};

/// Posts a buffer of each length; the memory must outlive the landings.
fn post(landings: &Landings, memory: &mut [Vec<u8>]) -> Vec<Arc<Landing>> {
    let post = |buffer: &mut Vec<u8>| {
        let start = NonNull::new(buffer.as_mut_ptr()).unwrap();
        // SAFETY: the caller keeps the memory, and looks at it after the fill only.
        unsafe { landings.post(start, buffer.len()) }
    };
    memory.iter_mut().map(post).collect()
}

#[test]
fn a_claim_has_exactly_the_length_asked_for_and_the_oldest_comes_first() {
    let landings = Landings::default();
    let mut memory = [vec![0; 100], vec![0; 200], vec![0; 100]];
    let posted = post(&landings, &mut memory);
    assert!(landings.claim(150).is_none());
    let Attachment::Landed(first) = landings.claim(100).unwrap().fill(&[1; 100]) else {
        panic!("not landed");
    };
    assert!(Arc::ptr_eq(&first, &posted[0]));
    assert!(landings.claim(100).is_some());
    assert!(landings.claim(100).is_none());
    assert!(landings.claim(200).is_some());
    assert_eq!(memory[0], [1; 100]);
}

#[test]
fn a_fill_copies_every_byte_and_no_other_wherever_the_buffer_begins() {
    let source: Vec<u8> = (0..=255).cycle().take(1000).collect();
    for offset in 0..70 {
        for len in [1, 2, 15, 63, 64, 65, 127, 128, 129, 500, 900] {
            let landings = Landings::default();
            let mut memory = vec![0xEE; 1100];
            let start = NonNull::new(memory[offset..].as_mut_ptr()).unwrap();
            // SAFETY: inside the memory, which is looked at after the fill only.
            let landing = unsafe { landings.post(start, len) };
            let attachment = landings.claim(len).unwrap().fill(&source[..len]);
            assert_eq!(attachment.len(), len);
            assert!(Landing::settle(&landing));
            assert_eq!(memory[offset..offset + len], source[..len]);
            let untouched = |bytes: &[u8]| bytes.iter().all(|&byte| byte == 0xEE);
            assert!(untouched(&memory[..offset]) && untouched(&memory[offset + len..]));
        }
    }
}

#[test]
fn what_was_filled_can_be_kept_for_another_reader() {
    let landings = Landings::default();
    let mut memory = [vec![0; 50], vec![0; 50]];
    let posted = post(&landings, &mut memory);
    let attachment = landings.claim(50).unwrap().fill(&[9; 50]);
    assert!(attachment.bytes().is_none());
    landings.withdraw();
    assert!(landings.claim(50).is_none());
    assert!(Landing::settle(&posted[0]));
    assert!(!Landing::settle(&posted[1]));
    posted[0].keep(memory[0].clone().into());
    assert_eq!(attachment.bytes().unwrap(), &[9; 50][..]);
    drop(attachment);
    assert!(posted.iter().all(Landing::is_spent));
}
