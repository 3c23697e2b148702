//! The words on which threads wait for their ports, as far as all threads have to agree on them. The words themselves are in
//! memory of JavaScript (`lib/messaging/listen.ts`): only JavaScript can wake who waits there.

use std::cell::{Cell, RefCell};

use crate::sync::{AtomicU32, Mutex, Ordering, lock};

/// Word 0 is none, and on word 1 wait those who wait for queues as well (`lib/messaging/listen.ts`).
const FIRST: u16 = 2;
/// How many there are.
const WORDS: u16 = 4096;

struct Table {
    /// Given back.
    free: Vec<u16>,
    /// Never given out yet.
    next: u16,
}

static TABLE: Mutex<Table> = Mutex::new(Table {
    free: Vec::new(),
    next: FIRST,
});

/// Threads that wait for queues and ports at once, on one word that is told of all pushes.
static ANYWHERE: AtomicU32 = AtomicU32::new(0);

/// Does anybody? Asked after the bell of a queue has said that somebody waits.
pub fn is_waited_anywhere() -> bool {
    // SeqCst: ordered with the bells of queues, which have it too.
    ANYWHERE.load(Ordering::SeqCst) != 0
}

/// A word as JavaScript names it. There is no memory behind others: who rings would fail.
pub fn word_of(value: f64) -> u16 {
    let word = value as u16;
    if word < WORDS { word } else { 0 }
}

/// What one thread has of both.
#[derive(Default)]
pub struct Listening {
    words: RefCell<Vec<u16>>,
    anywhere: Cell<u32>,
}

impl Listening {
    /// A word that nobody else has; once all are given out, one that others have too: who waits on it wakes more often.
    pub fn take_word(&self) -> u16 {
        let mut table = lock(&TABLE);
        let word = table.free.pop().unwrap_or_else(|| {
            let next = table.next.min(WORDS - 1);
            table.next = next + 1;
            next
        });
        self.words.borrow_mut().push(word);
        word
    }

    /// This thread does not wait on it any more.
    pub fn give_word(&self, word: u16) {
        let mut words = self.words.borrow_mut();
        if let Some(index) = words.iter().position(|one| *one == word) {
            give_back(words.swap_remove(index));
        }
    }

    /// One more, or one less. Comes before the bells of the queues are armed.
    pub fn wait_anywhere(&self, waits: bool) {
        let count = self.anywhere.get();
        // SeqCst: ordered with the bells of queues, which have it too.
        if waits {
            self.anywhere.set(count + 1);
            ANYWHERE.fetch_add(1, Ordering::SeqCst);
        } else if count > 0 {
            self.anywhere.set(count - 1);
            ANYWHERE.fetch_sub(1, Ordering::SeqCst);
        }
    }

    /// The thread ends.
    pub fn end(&self) {
        self.words.take().into_iter().for_each(give_back);
        while self.anywhere.get() > 0 {
            self.wait_anywhere(false);
        }
    }
}

/// The last one may have been given out more than once, and stays.
fn give_back(word: u16) {
    if word != WORDS - 1 {
        lock(&TABLE).free.push(word);
    }
}
