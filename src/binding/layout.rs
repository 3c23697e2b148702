//! Words of the buffers that JS and Rust share on one thread. `lib/native.ts` holds the same
//! numbers; `LAYOUT_VERSION` is compared when the addon is loaded.

/// Raised with each change of this file, and of what the calls and their codes mean (`op.rs`, `queue.rs`).
#[allow(dead_code, reason = "read by lib/native.ts")]
#[napi_derive::napi]
pub const LAYOUT_VERSION: u32 = 16;

/// Header of the transmit buffer; the message's words begin at [`TX_BASE`].
pub mod tx {
    /// In: slot of the port.
    pub const SLOT: usize = 0;
    /// In: one past the last word of the message.
    pub const END: usize = 1;
    /// In: kind of frame.
    pub const KIND: usize = 2;
    /// Out, in the place of KIND: the words to change, see `wake::Told`. Also what orders of `op` leave.
    pub const TOLD: usize = KIND;
    /// In: length of the text argument in UTF-16 units.
    pub const TEXT: usize = 3;
    /// In: 1 if the text has a unit above 0xff, 0 if it has none; UNKNOWN if it is short and nobody has looked.
    pub const WIDE: usize = 4;
    /// In: length of the attachments argument.
    pub const ATTACHMENTS: usize = 5;
    /// In: not 0 for control frames, which are sent even if the gate is closed; QUIET if another frame follows at
    /// once, which will ring.
    pub const FORCE: usize = 6;
    /// In: the last unit of the text, for a long one. Node-API always writes a terminator, and room for that
    /// would put a text of 2^n bytes into a block of twice its size.
    pub const LAST: usize = 7;
    /// First word of the message.
    pub const BASE: usize = 8;
    /// A value of FORCE.
    pub const QUIET: i32 = 2;
    /// A value of WIDE.
    pub const UNKNOWN: i32 = 2;
    /// Longest text of unknown width, in units.
    pub const SHORT_TEXT: usize = 512;
}

/// What `send` returns.
#[derive(Clone, Copy)]
#[repr(i32)]
pub enum SendStatus {
    /// In the lane.
    Sent = 0,
    /// The gate is closed: use the stock port.
    Closed = 1,
    /// In the lane, and the high-water mark has been reached.
    Full = 2,
    /// Not in the lane: what is there must be taken back first.
    Recall = 3,
    /// Nothing was sent: memory, or a size above the limits.
    TooLarge = 4,
    /// Nothing was sent: the arguments make no sense.
    Invalid = 5,
}

/// Header of a receive buffer; frames begin at [`rx::BASE`].
pub mod rx {
    /// In: slot to read, or -1 for the next one with news. Out: slot read, or -1.
    pub const SLOT: usize = 0;
    /// In: frames of slot SETTLE that were delivered and are to be removed first.
    pub const ADVANCE: usize = 1;
    /// Out: number of frames in the buffer.
    pub const FRAMES: usize = 2;
    /// Out: bytes that the next frame needs, if it does not fit; else 0.
    pub const NEEDED: usize = 3;
    /// Out: attachments of the frames in the buffer.
    pub const ATTACHMENTS: usize = 4;
    /// Out: bit set of events.
    pub const EVENTS: usize = 5;
    /// In: see ADVANCE.
    pub const SETTLE: usize = 6;
    /// Out: 1 if the lane had frames beyond those in the buffer.
    pub const MORE: usize = 7;
    /// First word of the first frame.
    pub const BASE: usize = 8;
    /// The buffered amount fell below the mark.
    pub const EVENT_DRAIN: i32 = 1;
    /// The other side asks this one to take its frames back.
    pub const EVENT_RECALL: i32 = 2;
    /// The other side is gone: what is in the lane is all there will be.
    pub const EVENT_CLOSED: i32 = 4;
    /// An offered port was moved.
    pub const EVENT_MOVED: i32 = 8;
    /// An offered port was not moved, its peer is gone.
    pub const EVENT_REFUSED: i32 = 16;
}

/// Words before a frame's own: one past its last word, kind, text length in units, and one that is not used: frames begin at even words.
pub const FRAME_HEADER_WORDS: usize = 4;

/// Kinds of frames that native code knows (`lib/messaging/state.ts` has all): a message, the next stock message belongs
/// here, from here on messages come by the stock port, and the stock message will not come after all.
pub const KIND_VALUE: u32 = 1;
pub const KIND_CARRIER: u32 = 2;
pub const KIND_STOCK: u32 = 5;
pub const KIND_VOID: u32 = 6;

/// The text of a frame holds UTF-16 units, not Latin-1 bytes.
pub const KIND_WIDE: u32 = 1 << 31;
/// The text of a frame is its last attachment.
pub const KIND_TEXT_ATTACHED: u32 = 1 << 30;
/// What of the word is not the kind.
pub const KIND_FLAGS: u32 = KIND_WIDE | KIND_TEXT_ATTACHED;

/// Words of a queue's buffer: what a call of a queue's function is given, and what it answers. A message begins at
/// [`queue::BASE`].
pub mod queue {
    /// Out: a `Status`, or the number that was asked for.
    pub const STATUS: usize = 0;
    /// In: one past the last word of the message, or the bytes behind BASE. Out: the same; or what is needed.
    pub const END: usize = 1;
    /// In: as in `tx`. Out: 1 if the bytes that are needed are words, 2 if buffers are.
    pub const TEXT: usize = 2;
    /// In: as in `tx`.
    pub const WIDE: usize = 3;
    /// In: as ATTACHMENTS in `tx`. Out: how many buffers are needed; their sizes are behind BASE.
    pub const BLOBS: usize = 4;
    /// Out: the value to wait on, where there is nothing.
    pub const SEEN: usize = 5;
    /// Out: 1 if those who wait on the other side's word are to be woken; 2 if those who wait for many things are, too.
    pub const WAKE: usize = 6;
    /// In: see `ARM`, `SPIN`.
    pub const MODE: usize = 7;
    /// First word of a message.
    pub const BASE: usize = super::tx::BASE;

    /// A value of MODE: the caller will wait if there is nothing. (Any other: it will not.)
    pub const ARM: i32 = 1;
    /// The same, and other threads are given a moment first.
    pub const SPIN: i32 = 2;

    /// Longest record that is copied into the words.
    pub const SMALL_BYTES: usize = 1024;
}
