//! The two entry points that run for each message or batch: `send` and `take`.
//!
//! They are written by hand over `napi::sys` (a generated wrapper costs more than the work). Their
//! data pointer is the [`EnvState`]; numbers travel in the shared buffers, so `send()` of a message
//! without text has no arguments and neither returns a number.

use std::ffi::c_void;
use std::ptr;
use std::rc::Rc;

use bytes::Bytes;
use napi::sys;

use super::env::{EnvState, Port, Words};
use super::layout::{FRAME_HEADER_WORDS, KIND_TEXT_ATTACHED, KIND_WIDE, SendStatus, rx, tx};
use crate::channel::Gate;
use crate::lane::{Frame, PushError};
use crate::slab::SlabPool;

const OK: sys::napi_status = sys::Status::napi_ok;

/// Make a JS function over one of the entry points. The state must outlive the environment's JS,
/// which the cleanup hook's share of it guarantees.
pub fn entry(state: &Rc<EnvState>, name: &str, callback: sys::napi_callback) -> Option<sys::napi_value> {
    let mut function = ptr::null_mut();
    let data = Rc::as_ptr(state).cast_mut().cast::<c_void>();
    // SAFETY: thread of the environment; `name` is valid for its length.
    let status = unsafe {
        sys::napi_create_function(
            state.env,
            name.as_ptr().cast(),
            name.len() as isize,
            callback,
            data,
            &raw mut function,
        )
    };
    (status == OK).then_some(function)
}

/// Arguments (up to 2, missing ones null) and state of a call.
///
/// # Safety
/// Called from an entry point made by [`entry`], with that call's `env` and `info`.
unsafe fn call<'a>(env: sys::napi_env, info: sys::napi_callback_info) -> Option<(&'a EnvState, usize, [sys::napi_value; 2])> {
    let mut argc = 2;
    let mut argv = [ptr::null_mut(); 2];
    let mut data = ptr::null_mut();
    // SAFETY: the caller's clause.
    let status = unsafe {
        sys::napi_get_cb_info(env, info, &raw mut argc, argv.as_mut_ptr(), ptr::null_mut(), &raw mut data)
    };
    // SAFETY: the data pointer given in `entry`.
    (status == OK && !data.is_null()).then(|| (unsafe { &*data.cast::<EnvState>() }, argc, argv))
}

/// `send(text?, attachments?)`: the message in the transmit buffer goes into its port's lane.
/// The status is left in `tx[SLOT]`.
pub unsafe extern "C" fn send(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    let _ = std::panic::catch_unwind(|| {
        // SAFETY: this is an entry point.
        let Some((state, argc, argv)) = (unsafe { call(env, info) }) else { return };
        let buffer = state.transmit.get();
        if buffer.start.is_null() {
            return;
        }
        let text = (argc > 0).then_some(argv[0]);
        let attachments = (argc > 1).then_some(argv[1]);
        // SAFETY: values of this call.
        let status = unsafe { push(state, buffer, text, attachments) };
        buffer.write(tx::SLOT, status as i32);
    });
    ptr::null_mut()
}

/// # Safety
/// `text` and `attachments` are values of the running call.
unsafe fn push(
    state: &EnvState,
    buffer: Words,
    text: Option<sys::napi_value>,
    attachments: Option<sys::napi_value>,
) -> SendStatus {
    // Attachments first: reading them may run foreign code (only if called with a hostile array).
    let mut attachments = match attachments {
        None => Vec::new(),
        // SAFETY: the caller's clause.
        Some(array) => match unsafe { copy_attachments(state.env, array, buffer.read(tx::ATTACHMENTS)) } {
            Ok(list) => list,
            Err(status) => return status,
        },
    };
    let Ok(slot) = u32::try_from(buffer.read(tx::SLOT)) else { return SendStatus::Invalid };
    let mut ports = state.ports.borrow_mut();
    let Some(Some(port)) = ports.get_mut(slot as usize) else { return SendStatus::Invalid };
    match port.channel.gate(port.side) {
        Gate::Open => {}
        Gate::Recall => return SendStatus::Recall,
        Gate::Closed if buffer.read(tx::FORCE) == 0 => return SendStatus::Closed,
        Gate::Closed => {}
    }
    // SAFETY: the caller's clause.
    match unsafe { write_frame(state.env, port, buffer, text, &mut attachments) } {
        Ok(()) => after_push(port),
        Err(status) => status,
    }
}

fn after_push(port: &mut Port) -> SendStatus {
    let channel = &port.channel;
    channel.bell(1 - port.side).ring();
    if channel.arm_drain(port.side, &port.half.producer) {
        SendStatus::Full
    } else {
        SendStatus::Sent
    }
}

/// Longest text, in bytes, that is written into the lane itself. A longer one travels in a recycled
/// block: a lane's segment of that size would be fresh memory each time, and touching it costs more
/// than the copy.
const TEXT_IN_LANE: usize = 32 << 10;

/// # Safety
/// `text` is a value of the running call.
unsafe fn write_frame(
    env: sys::napi_env,
    port: &mut Port,
    buffer: Words,
    text: Option<sys::napi_value>,
    attachments: &mut Vec<Bytes>,
) -> Result<(), SendStatus> {
    let end = usize::try_from(buffer.read(tx::END)).map_err(|_| SendStatus::Invalid)?;
    if end < tx::BASE || end > buffer.len || end % 2 != 0 {
        return Err(SendStatus::Invalid);
    }
    let wide = buffer.read(tx::WIDE) != 0;
    let units = usize::try_from(buffer.read(tx::TEXT)).map_err(|_| SendStatus::Invalid)?;
    let units = if text.is_some() { units } else { 0 };
    let text_bytes = units << u32::from(wide);
    let is_long = text_bytes > TEXT_IN_LANE;
    let mut kind = buffer.read(tx::KIND).cast_unsigned() & !(KIND_WIDE | KIND_TEXT_ATTACHED);
    kind |= if wide { KIND_WIDE } else { 0 } | if is_long { KIND_TEXT_ATTACHED } else { 0 };
    if let (Some(text), true) = (text, is_long) {
        let mut block = SlabPool::global().take(text_bytes + 4).map_err(|_| SendStatus::TooLarge)?;
        // SAFETY: the caller's clause.
        unsafe { read_text(env, text, wide, units, &mut block)? };
        attachments.push(block.freeze().slice(..text_bytes));
    }
    let word_bytes = (end - tx::BASE) * 4;
    let in_lane = if is_long { 0 } else { text_bytes };
    let mut frame = port.half.producer.reserve(word_bytes, in_lane).map_err(|error| match error {
        PushError::OutOfMemory | PushError::TooLarge => SendStatus::TooLarge,
    })?;
    // SAFETY: BASE <= end <= len (checked), and R2 of `env`: the buffer is valid for `len` words.
    let words = unsafe { std::slice::from_raw_parts(buffer.start.add(tx::BASE).cast::<u8>(), word_bytes) };
    frame.words_mut().copy_from_slice(words);
    if let (Some(text), false) = (text, is_long) {
        // SAFETY: the caller's clause.
        unsafe { read_text(env, text, wide, units, frame.text_mut())? };
    }
    frame.commit(kind, std::mem::take(attachments));
    Ok(())
}

/// Copy exactly `units` units of `text` into `target`, which has room for them and a terminator.
///
/// # Safety
/// `text` is a value of the running call.
unsafe fn read_text(
    env: sys::napi_env,
    text: sys::napi_value,
    wide: bool,
    units: usize,
    target: &mut [u8],
) -> Result<(), SendStatus> {
    debug_assert!(target.len() >= (units + 1) * if wide { 2 } else { 1 });
    let mut copied = 0;
    // SAFETY: `target` has room for `units` units and a terminator, which the size argument counts;
    // the lane aligns the text area for 16-bit units.
    let status = unsafe {
        let start = target.as_mut_ptr();
        if wide {
            sys::napi_get_value_string_utf16(env, text, start.cast(), units + 1, &raw mut copied)
        } else {
            sys::napi_get_value_string_latin1(env, text, start.cast(), units + 1, &raw mut copied)
        }
    };
    if status == OK && copied == units { Ok(()) } else { Err(SendStatus::Invalid) }
}

/// Copy the contents of an array of ArrayBuffers into recycled memory.
///
/// # Safety
/// `array` is a value of the running call.
unsafe fn copy_attachments(env: sys::napi_env, array: sys::napi_value, count: i32) -> Result<Vec<Bytes>, SendStatus> {
    let count = u32::try_from(count).map_err(|_| SendStatus::Invalid)?;
    let mut list = Vec::new();
    for index in 0..count {
        let (mut element, mut data, mut len) = (ptr::null_mut(), ptr::null_mut(), 0);
        // SAFETY: the caller's clause; the status of each call is checked.
        let ok = unsafe {
            sys::napi_get_element(env, array, index, &raw mut element) == OK
                && sys::napi_get_arraybuffer_info(env, element, &raw mut data, &raw mut len) == OK
        };
        if !ok {
            return Err(SendStatus::Invalid);
        }
        let mut block = SlabPool::global().take(len).map_err(|_| SendStatus::TooLarge)?;
        if len > 0 {
            // SAFETY: V8 gave `data` and `len` for a live buffer, and no JS runs before the copy ends.
            block.copy_from_slice(unsafe { std::slice::from_raw_parts(data.cast::<u8>(), len) });
        }
        list.push(block.freeze());
    }
    Ok(list)
}

/// `take(buffer)`: the next batch of frames goes into the receive buffer with that number. Returns
/// the joined text of the batch, an array of it and the sizes of the attachments (see
/// `copy_attachment`), or undefined.
pub unsafe extern "C" fn take(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    std::panic::catch_unwind(|| {
        // SAFETY: this is an entry point.
        let Some((state, argc, argv)) = (unsafe { call(env, info) }) else { return ptr::null_mut() };
        let mut number = 0;
        // SAFETY: a value of this call.
        if argc == 0 || unsafe { sys::napi_get_value_uint32(env, argv[0], &raw mut number) } != OK {
            return ptr::null_mut();
        }
        let Some(buffer) = state.receive.borrow().get(number as usize).copied() else { return ptr::null_mut() };
        settle(state, buffer);
        for word in [rx::FRAMES, rx::NEEDED, rx::ATTACHMENTS, rx::EVENTS, rx::MORE] {
            buffer.write(word, 0);
        }
        match u32::try_from(buffer.read(rx::SLOT)) {
            Ok(slot) => visit(state, buffer, slot).unwrap_or(ptr::null_mut()),
            Err(_) => next(state, buffer),
        }
    })
    .unwrap_or(ptr::null_mut())
}

/// Remove what JS has delivered.
fn settle(state: &EnvState, buffer: Words) {
    let delivered = usize::try_from(buffer.read(rx::ADVANCE)).unwrap_or(0);
    if let (Ok(slot), 1..) = (u32::try_from(buffer.read(rx::SETTLE)), delivered) {
        state.with_port(slot, |port| advance(port, delivered));
    }
    buffer.write(rx::ADVANCE, 0);
}

/// Read from one port. `None` if there is no such port or nothing to tell.
fn visit(state: &EnvState, buffer: Words, slot: u32) -> Option<sys::napi_value> {
    let events = state.with_port(slot, |port| {
        port.channel.bell(port.side).answer();
        events(port)
    })?;
    buffer.write(rx::EVENTS, events);
    let mut values = Values { state, text: ptr::null_mut(), attachments: Vec::new() };
    let found = fill(&mut values, buffer, slot);
    (found || events != 0).then(|| values.finish())
}

/// Remove delivered frames, and tell the producer if that brought it below its mark.
pub fn advance(port: &mut Port, delivered: usize) {
    if delivered == 0 {
        return;
    }
    let consumer = &mut port.half.consumer;
    consumer.advance(delivered);
    port.channel.disarm_drain(1 - port.side, consumer.consumed());
}

/// The next port with something to tell.
fn next(state: &EnvState, buffer: Words) -> sys::napi_value {
    while let Some(slot) = state.reactor.next() {
        // JS asked to come back to this port (`schedule`), or it has news.
        let values = visit(state, buffer, slot);
        if values.is_some() || state.with_port(slot, |_| ()).is_some() {
            buffer.write(rx::SLOT, slot.cast_signed());
            return values.unwrap_or(ptr::null_mut());
        }
    }
    buffer.write(rx::SLOT, -1);
    ptr::null_mut()
}

fn events(port: &Port) -> i32 {
    let drained = if port.channel.take_drained(port.side) { rx::EVENT_DRAIN } else { 0 };
    let recall = if port.channel.gate(port.side) == Gate::Recall { rx::EVENT_RECALL } else { 0 };
    drained | recall
}

/// JS values of a batch.
struct Values<'a> {
    state: &'a EnvState,
    text: sys::napi_value,
    attachments: Vec<sys::napi_value>,
}

impl Values<'_> {
    /// What `take` returns.
    fn finish(self) -> sys::napi_value {
        if self.attachments.is_empty() {
            return self.text;
        }
        let env = self.state.env;
        let mut array = ptr::null_mut();
        // SAFETY: thread of the environment; values of the running call.
        unsafe {
            sys::napi_create_array_with_length(env, self.attachments.len() + 1, &raw mut array);
            if !self.text.is_null() {
                sys::napi_set_element(env, array, 0, self.text);
            }
            for (index, value) in (1..).zip(self.attachments) {
                sys::napi_set_element(env, array, index, value);
            }
        }
        array
    }
}

/// Copy the frames of `slot` that fit into the buffer. False if there is none.
fn fill(values: &mut Values<'_>, buffer: Words, slot: u32) -> bool {
    let state = values.state;
    let mut ports = state.ports.borrow_mut();
    let Some(Some(port)) = ports.get_mut(slot as usize) else { return false };
    let mut arena = state.arena.borrow_mut();
    let mut batch = Batch::new(state.env, buffer, &mut arena);
    let attachments = batch.read(port);
    buffer.write(rx::FRAMES, batch.frames);
    buffer.write(rx::NEEDED, batch.needed);
    buffer.write(rx::MORE, i32::from(batch.more));
    let found = batch.frames > 0 || batch.needed > 0;
    if batch.frames > 0 {
        values.text = batch.text();
        for len in attachments {
            values.attachments.push(new_number(state.env, len));
        }
        buffer.write(rx::ATTACHMENTS, i32::try_from(values.attachments.len()).unwrap_or(i32::MAX));
    }
    found
}

/// Longest joined text of a batch, in bytes. A substring keeps its whole text alive in V8.
const TEXT_PAGE: usize = 16 << 10;

/// Frames on their way into a receive buffer.
struct Batch<'a> {
    buffer: Words,
    position: usize,
    arena: &'a mut Vec<u8>,
    wide: bool,
    /// A text above TEXT_PAGE, made straight from the lane's memory; the batch has no other.
    long: sys::napi_value,
    frames: i32,
    more: bool,
    needed: i32,
    env: sys::napi_env,
}

impl<'a> Batch<'a> {
    fn new(env: sys::napi_env, buffer: Words, arena: &'a mut Vec<u8>) -> Self {
        arena.clear();
        Batch { buffer, position: rx::BASE, arena, wide: false, long: ptr::null_mut(), frames: 0, more: false, needed: 0, env }
    }

    /// Read as many frames as fit. A frame with attachments travels alone; returns their sizes.
    fn read(&mut self, port: &mut Port) -> Vec<usize> {
        let mut sizes = Vec::new();
        let mut alone = false;
        port.half.consumer.peek(|frame| {
            // The visit after one that took attachments only tells that there is more.
            let fits = !alone && (frame.attachments.is_empty() || self.frames == 0);
            self.more = !(fits && self.push(&frame));
            if !self.more && !frame.attachments.is_empty() {
                alone = true;
                sizes.extend(binary(&frame).iter().map(Bytes::len));
            }
            !self.more
        });
        sizes
    }

    fn push(&mut self, frame: &Frame<'_>) -> bool {
        let words = FRAME_HEADER_WORDS + frame.words.len() / 4;
        if self.position + words > self.buffer.len {
            if self.frames == 0 {
                self.needed = i32::try_from((rx::BASE + words) * 4).unwrap_or(i32::MAX);
            }
            return false;
        }
        let wide = frame.header.kind & KIND_WIDE != 0;
        let text = text_of(frame);
        if !text.is_empty() && !self.push_text(text, wide) {
            return false;
        }
        let units = text.len() >> u32::from(wide);
        let kind = frame.header.kind & !(KIND_WIDE | KIND_TEXT_ATTACHED);
        let header = [self.position + words, kind as usize, units, 0];
        for (offset, value) in header.into_iter().enumerate() {
            self.put(self.position + offset, value);
        }
        // SAFETY: position + words <= len (checked above), R2 of `env`.
        unsafe {
            let target = self.buffer.start.add(self.position + FRAME_HEADER_WORDS).cast::<u8>();
            ptr::copy_nonoverlapping(frame.words.as_ptr(), target, frame.words.len());
        }
        self.position += words;
        self.frames += 1;
        true
    }

    fn push_text(&mut self, text: &[u8], wide: bool) -> bool {
        if !self.long.is_null() {
            return false;
        }
        if self.arena.is_empty() && text.len() > TEXT_PAGE {
            self.long = new_string(self.env, text, wide);
            return !self.long.is_null();
        }
        let fits = self.arena.is_empty() || (wide == self.wide && self.arena.len() + text.len() <= TEXT_PAGE);
        if fits {
            self.wide = wide;
            self.arena.extend_from_slice(text);
        }
        fits
    }

    fn put(&self, index: usize, value: usize) {
        debug_assert!(index < self.buffer.len);
        // SAFETY: callers have checked the index against the length.
        unsafe { self.buffer.start.add(index).write(value as i32) };
    }

    fn text(&self) -> sys::napi_value {
        if self.arena.is_empty() { self.long } else { new_string(self.env, self.arena, self.wide) }
    }
}

/// Null if V8 has no room for it.
fn new_string(env: sys::napi_env, text: &[u8], wide: bool) -> sys::napi_value {
    let mut value = ptr::null_mut();
    let start = text.as_ptr();
    debug_assert!(!wide || start.addr().is_multiple_of(2));
    // SAFETY: `text` is valid for its length. Lanes align texts and the allocator aligns vectors for
    // 16-bit units.
    unsafe {
        if wide {
            sys::napi_create_string_utf16(env, start.cast(), (text.len() / 2) as isize, &raw mut value);
        } else {
            sys::napi_create_string_latin1(env, start.cast(), text.len() as isize, &raw mut value);
        }
    }
    value
}

/// The text of a frame, wherever it is.
fn text_of<'a>(frame: &Frame<'a>) -> &'a [u8] {
    match frame.attachments.last() {
        Some(text) if frame.header.kind & KIND_TEXT_ATTACHED != 0 => text,
        _ => frame.text,
    }
}

/// The attachments of a frame that are not its text.
fn binary<'a>(frame: &Frame<'a>) -> &'a [Bytes] {
    match frame.attachments.split_last() {
        Some((_, binary)) if frame.header.kind & KIND_TEXT_ATTACHED != 0 => binary,
        _ => frame.attachments,
    }
}

fn new_number(env: sys::napi_env, number: usize) -> sys::napi_value {
    let mut value = ptr::null_mut();
    // SAFETY: thread of the environment.
    unsafe { sys::napi_create_double(env, number as f64, &raw mut value) };
    value
}

/// Copy attachment `index` of the first frame in the lane to `target`. False unless the sizes agree.
pub fn copy_attachment(port: &mut Port, index: usize, target: &mut [u8]) -> bool {
    let mut copied = false;
    port.half.consumer.peek(|frame| {
        if let Some(bytes) = binary(&frame).get(index).filter(|bytes| bytes.len() == target.len()) {
            target.copy_from_slice(bytes);
            copied = true;
        }
        false
    });
    copied
}
